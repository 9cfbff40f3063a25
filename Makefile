# The chain from scenes to polygons. `make help` lists the targets.
#
#   make submission CONFIG=configs/dstl.yaml DATA=/path/to/files RUN=name SET="train.steps=500"
#
# Every stage leaves data/runs/<run>/<stage>/manifest.json. Make asks by time whether a stage is
# old; the stage then asks by content, and makes only the scenes or folds that really changed.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules

CONFIG ?= configs/demo.yaml
RUN ?= $(lastword $(basename $(notdir $(CONFIG))))
DATA ?=
SET ?=
SKIP_BAD ?=
PYTHON ?= python3

VENV := .venv
READY := $(VENV)/.ready
PIPELINE := $(VENV)/bin/python -m pipeline
OPTIONS = --config "$(CONFIG)" --run "$(RUN)" $(if $(DATA),--data "$(DATA)")
SEARCH ?=
TRIALS ?=
MINUTES ?=
WORKERS ?=
SCHEDULER ?=
# A limit of time alone is no limit of trials, and the other way round. Workers are for the trials
# of a search and for the scenes of the other stages.
SEARCHED = $(if $(TRIALS)$(MINUTES),search.trials=$(or $(TRIALS),null) search.minutes=$(or $(MINUTES),null)) \
  $(foreach part,search work,$(if $(WORKERS),$(part).workers=$(WORKERS)) \
  $(if $(SCHEDULER),$(part).backend=dask $(part).scheduler=$(SCHEDULER),$(if $(WORKERS),$(part).backend=pool)))
# As one text, which the commands split: a value may hold blanks and quotes.
export PIPELINE_SET = $(strip $(if $(SKIP_BAD),scenes.skip_bad=true) $(SEARCHED) $(SET))
R = data/runs/$(RUN)
STAGES := scenes search tiles augment train predict evaluate tune polygons submission score report

# What a search finds changes the inputs of other stages, which Make has compared before it begins.
ifneq ($(filter search tune,$(MAKECMDGOALS)),)
ifneq ($(words $(MAKECMDGOALS)),1)
$(error `make search` and `make tune` go alone: give the other targets to a second command)
endif
endif

ifneq ($(words $(RUN)),1)
$(error RUN='$(RUN)': the name of a run is one word)
endif

.PHONY: help demo setup test check clean sanity FORCE $(STAGES)

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  %-15s %s\n", $$1, $$2}'
	@echo
	@echo '  CONFIG=configs/x.yaml  DATA=folder  RUN=name  SET="section.key=value ..."'

demo: ## generated scenes to polygons, score and report, set-up included; SEARCH=1 searches first
	@$(if $(SEARCH),$(MAKE) --no-print-directory search CONFIG=configs/demo_search.yaml)
	@$(MAKE) --no-print-directory score report CONFIG=configs/demo$(if $(SEARCH),_search).yaml

setup: $(READY) ## make the virtual environment, or remake it when the pins have changed

# Tests start Python hundreds of times: compiled files are kept, whatever the machine's variable says.
test: $(READY) ## run all tests; installs Chromium for those of the report, where it can
	@$(VENV)/bin/python scripts/browser.py
	PYTHONDONTWRITEBYTECODE= OMP_NUM_THREADS=1 $(VENV)/bin/python -m pytest -n 2 --dist worksteal

check: $(READY) ## check format, lint and types
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/ruff check .
	$(VENV)/bin/mypy

.PHONY: download-dstl
download-dstl: $(READY) ## the contest's files, with your Kaggle token (DATA=folder)
	@$(VENV)/bin/python scripts/download_dstl.py $(if $(DATA),"$(DATA)")

.PHONY: init
init: $(READY) ## look at a folder and write configs/NAME.yaml for it (DATA=folder, NAME=, FORCE=1)
	@$(if $(DATA),,$(error init needs DATA=folder))$(PIPELINE) init "$(DATA)" $(if $(NAME),--name "$(NAME)") $(if $(FORCE),--force)

.PHONY: bench-polygons
bench-polygons: $(READY) ## polygons, scoring and checking beside what is commonly used (DATA=, QUICK=1)
	@$(VENV)/bin/python scripts/bench_polygons.py $(if $(DATA),--data "$(DATA)") $(if $(QUICK),--quick)

.PHONY: bench-large
bench-large: $(READY) ## 20,000 x 20,000 pixels from file to polygons: time, memory (SIDE=, QUICK=1; 15 GB of disk)
	@$(VENV)/bin/python scripts/bench_large.py $(if $(SIDE),--side $(SIDE)) $(if $(QUICK),--quick)

.PHONY: status
status: $(READY) ## every run and stage: done, old and why, missing (RUNS="a b" for some)
	@$(PIPELINE) status -- $(foreach run,$(RUNS),"$(run)")

.PHONY: compare
compare: $(READY) ## runs side by side, as a page (RUNS="a b c"): scores, settings, scenes that differ
	@$(if $(word 2,$(RUNS)),,$(error compare needs the names of two runs or more: make compare RUNS="a b"))$(PIPELINE) compare -- $(foreach run,$(RUNS),"$(run)")

.PHONY: figures
figures: $(READY) ## replaces docs/images, the pictures of README and pages, from runs that are there
	@$(VENV)/bin/python scripts/figures.py

clean: ## remove the results of all runs; raw data stay
	rm -rf data/runs

scenes: ## check and register the raw scenes
search: ## trials of architectures and recipes (TRIALS=, MINUTES=, WORKERS=, SCHEDULER=)
tiles: ## cache band groups and masks for random windows
augment: ## folds by place, sampling plan, contact sheet
sanity: $(R)/augment/manifest.json ## check data, loss, network and rate before a long training
	@$(PIPELINE) sanity $(OPTIONS)
train: ## networks per model and fold
predict: ## probabilities of every scene
evaluate: ## thresholds and scores from the held-out folds
tune: ## smoothing, shapes and smallest areas per class, and rules between classes
polygons: ## outlines of the objects
submission: ## the table that is handed in
score: ## the exact polygon score
report: ## one HTML file of the whole run, with a viewer of its scenes

# One summary, after the last of several targets.
ASKED := $(filter $(STAGES),$(MAKECMDGOALS))
ifneq ($(ASKED),)
$(lastword $(ASKED)): $(ASKED:%=$(R)/%/manifest.json)
endif
$(STAGES): %: $(R)/%/manifest.json
	@$(if $(filter $@,$(lastword $(ASKED))),$(PIPELINE) summary $(OPTIONS),:)

$(READY): pyproject.toml constraints.txt scripts/environment.py
	$(PYTHON) scripts/environment.py $(VENV)

# Replaced only where their content differs: see pipeline/stages/prepare.py. Where that fails, as for a
# wrong key, the old ones stay.
.PRECIOUS: $(STAGES:%=$(R)/inputs/%.json)
INPUTS := $(STAGES:%=$(R)/inputs/%.json)
$(INPUTS) &: FORCE | $(READY)
	@$(PIPELINE) prepare $(OPTIONS)

$(R)/scenes/manifest.json: $(R)/inputs/scenes.json
$(R)/search/manifest.json: $(R)/inputs/search.json $(R)/scenes/manifest.json
$(R)/tiles/manifest.json: $(R)/inputs/tiles.json $(R)/scenes/manifest.json
$(R)/augment/manifest.json: $(R)/inputs/augment.json $(R)/tiles/manifest.json
$(R)/train/manifest.json: $(R)/inputs/train.json $(R)/augment/manifest.json
$(R)/predict/manifest.json: $(R)/inputs/predict.json $(R)/train/manifest.json
$(R)/evaluate/manifest.json: $(R)/inputs/evaluate.json $(R)/predict/manifest.json
$(R)/tune/manifest.json: $(R)/inputs/tune.json $(R)/predict/manifest.json
$(R)/polygons/manifest.json: $(R)/inputs/polygons.json $(R)/evaluate/manifest.json
$(R)/submission/manifest.json: $(R)/inputs/submission.json $(R)/polygons/manifest.json
$(R)/score/manifest.json: $(R)/inputs/score.json $(R)/submission/manifest.json
# Shows what is there, and makes nothing but what is asked for beside it: `make score report`. It is old
# where any setting has changed, or any result of the run, or a score that may stand beside it.
SHOWN = $(wildcard $(R)/*/manifest.json $(R)/sanity data/runs/*/score/manifest.json)
NEWER = $(shell find $(SHOWN) -maxdepth 0 -newer $(R)/report/manifest.json 2>/dev/null)
$(R)/report/manifest.json: $(R)/inputs/report.json $(INPUTS) $(patsubst %,$(R)/%/manifest.json,$(filter-out report,$(ASKED)))
$(R)/report/manifest.json: $(if $(filter report,$(ASKED)),$(if $(NEWER),FORCE))

$(STAGES:%=$(R)/%/manifest.json): $(R)/%/manifest.json:
	@$(PIPELINE) $* $(OPTIONS)
