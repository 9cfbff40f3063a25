"""Stage search: trials on real trainings, killed and continued; what it found is taken over."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml

from pipeline.config import Config
from pipeline.config.load import load_config
from pipeline.errors import ArtifactError, ConfigError, SearchError, TrainingError
from pipeline.files import read_json
from pipeline.learning.history import Progress
from pipeline.learning.training import Training
from pipeline.search.entry import Entry
from pipeline.search.ledger import read_ledger
from pipeline.search.space_file import read_space
from pipeline.stages import augment, evaluate, predict, scenes, search, tiles, train
from pipeline.stages.job import Job
from pipeline.stages.prepare import prepare
from pipeline.stages.trials import Trials, network_costs
from tests.chain_project import environment, make_project, tiny_config

SPACE = """
limits: {parameters: 5.0e+4, memory: 1.0e+9}
dimensions:
  network.width: {choice: [2, 4, 300], default: 4}
  train.rate: {loguniform: [1.0e-3, 1.0e-1], default: 4.0e-3}
"""
BANDS = """
dimensions:
  features.indices: {choice: [[], [NDVI]], default: []}
  augment.patch: {choice: [16, 32], default: 16}
  tiles.metres: {choice: [2.48, 4.96], default: 2.48}
"""
KILLED = """
import sys
from pathlib import Path
from pipeline.config.load import load_config
from pipeline.stages import search
from pipeline.stages.job import open_job

search.run(open_job(load_config(Path("configs/tiny.yaml")), sys.argv[1]))
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny project whose run ``base`` has its scenes."""
    folder = make_project(tmp_path_factory.mktemp("project"))
    (folder / "space.yaml").write_text(SPACE)
    (folder / "bands.yaml").write_text(BANDS)
    scenes.run(_job(folder, "base"))
    return folder


def _tree(project: Path, **settings: Any) -> dict[str, Any]:
    tree = tiny_config(str(project / "data" / "raw" / "tiny"))
    tree["network"] = {"kind": "unet", "width": 4, "depth": 2}
    usual = {"space": str(project / "space.yaml"), "trials": 3, "rungs": 2, "eta": 2, "startup": 2}
    tree["search"] = usual | settings
    return tree


def _job(project: Path, run: str, changes: Mapping[str, Any] = {}, **settings: Any) -> Job:
    """A job of the project; its scenes are those of ``base``."""
    tree = {**_tree(project, **settings), **changes}
    folder = project / "data" / "runs" / run
    base = project / "data" / "runs" / "base" / "scenes"
    if run != "base" and not folder.exists():
        shutil.copytree(base, folder / "scenes")
    return Job(Config.model_validate(tree), folder)


def _entries(job: Job, name: str = "together") -> list[Entry]:
    return read_ledger(job.run / "search" / f"{name}.jsonl")


def _plain(entries: list[Entry]) -> list[dict[str, Any]]:
    """Without times and memory."""
    return [{k: v for k, v in entry.to_json().items() if k != "cost"} for entry in entries]


def test_search_leaves_ledger_table_and_rows(project: Path) -> None:
    job = _job(project, "first")
    search.run(job)
    entries = _entries(job)
    assert entries[0].params == {"network.width": 4, "train.rate": 4e-3}
    assert {e.outcome for e in entries} >= {"done"}
    assert len({e.trial for e in entries if e.outcome == "done"}) == 3
    done = [e for e in entries if e.outcome == "done"]
    assert {e.budget for e in done} == {3, 6}
    for entry in done:
        assert set(entry.classes) == {str(code) for code in job.config.dataset.codes}
        assert len(entry.folds) == 2
        known = [value or 0.0 for value in entry.classes.values()]
        assert entry.score == pytest.approx(sum(known) / len(known))
        assert entry.parameters
        assert entry.multiply_adds
        assert entry.cost.seconds > 0
        assert entry.cost.peak_bytes > 2**20
    best = yaml.safe_load((job.run / "search" / "best.yaml").read_text())
    full = max((e for e in done if e.budget == 6), key=lambda e: e.score or 0)
    assert best["models"][0]["network"]["width"] == full.params["network.width"]
    assert best["models"][0]["train"]["rate"] == full.params["train.rate"]


def test_same_seed_gives_the_same_ledger_but_for_times(project: Path) -> None:
    jobs = [_job(project, name) for name in ("once", "twice")]
    for job in jobs:
        search.run(job)
    one, two = (_plain(_entries(job)) for job in jobs)
    assert one == two
    before = (jobs[0].run / "search" / "together.jsonl").read_bytes()
    search.run(jobs[0])
    assert (jobs[0].run / "search" / "together.jsonl").read_bytes() == before, "nothing again"


def test_score_is_what_evaluate_says_of_the_same_training(project: Path) -> None:
    """One trial, trained in full, against the chain: train, predict, evaluate."""
    predicting = {"window": 32, "overlap": 0.5, "d4": False}
    training: Any = {"steps": 6, "batch": 2, "validations": 1, "precision": "float32"}
    changes: dict[str, Any] = {"predict": predicting, "train": training}
    # The default's rate is that of the space, so the chain has the same one.
    changes["models"] = [{"name": "all", "train": {"rate": 4e-3}}]
    job = _job(project, "chain", changes, trials=1, rungs=1)
    for stage in (tiles, augment, train, predict, evaluate):
        stage.run(job)
    search.run(job)
    score = read_json(job.run / "evaluate" / "scores" / "scores.json")
    (last,) = _entries(job)
    assert last.score == pytest.approx(score["means"]["cross_fitted"], abs=1e-6)
    for code, row in score["classes"].items():
        assert last.classes[code] == pytest.approx(row["cross_fitted"]["jaccard"], abs=1e-6)


def test_what_limits_forbid_is_refused_before_training(project: Path) -> None:
    job = _job(project, "limits")
    trials = Trials(
        job, read_space(job.config.search.space), ("all",), (6,), "g", "c", job.run, False
    )
    checked = trials.check({"network.width": 300, "train.rate": 0.01})
    assert checked.reason is not None
    assert checked.reason.startswith("limits.parameters")
    cheap = trials.check({"network.width": 4, "train.rate": 0.01})
    assert cheap.reason is None
    row = trials.config({"network.width": 4, "train.rate": 0.01}).models[0]
    assert cheap.parameters == network_costs(job.config, row).parameters
    impossible = trials.check({"network.width": 1, "train.rate": 0.01})
    assert impossible.reason is not None
    assert "network.width" in impossible.reason


def test_other_bands_patches_and_grids_have_tiles_of_their_own(project: Path) -> None:
    job = _job(project, "bands", space=str(project / "bands.yaml"), trials=4, rungs=1, seed=1)
    search.run(job)
    entries = _entries(job)
    assert all(e.outcome == "done" for e in entries)
    assert len({str(e.params) for e in entries}) == 4
    grounds = list((job.run / "search" / ".work" / "together" / "grounds").glob("ground-*"))
    assert len(grounds) >= 2
    assert all((ground / "scenes").is_symlink() for ground in grounds)


def test_tiles_of_the_run_are_used_where_they_agree(project: Path) -> None:
    job = _job(project, "reuse", trials=1, rungs=1)
    prepare(job)
    os.utime(job.run / "scenes" / "manifest.json")
    for stage in (tiles, augment):
        stage.run(job)
    search.run(job)
    assert not (job.run / "search" / ".work" / "together" / "grounds").exists()


def test_a_search_per_model_starts_from_what_others_found(project: Path) -> None:
    groups = {"wet": [7, 8], "dry": [1, 2], "rest": [3, 4, 5, 6, 9, 10]}
    rows = {"models": [{"name": name, "classes": codes} for name, codes in groups.items()]}
    job = _job(project, "each", rows, models="each", trials=3, rungs=1, warm_trials=1)
    search.run(job)
    wet, dry = _entries(job, "wet"), _entries(job, "dry")
    assert set(wet[0].classes) == {"7", "8"}
    warm = [e for e in dry if e.source == "warm"]
    leader = max((e for e in wet if e.score is not None), key=lambda e: e.score or 0)
    assert leader.source != "default", "else there is nothing to suggest"
    assert [e.params for e in warm] == [leader.params]
    found = yaml.safe_load((job.run / "search" / "best.yaml").read_text())["models"]
    assert [row["name"] for row in found] == ["wet", "dry", "rest"]
    top = yaml.safe_load((job.run / "search" / "top.yaml").read_text())["models"]
    names = [row["name"] for row in top]
    assert names[:3] == ["wet_top1", "wet_top2", "wet_top3"]


def test_other_runs_suggest_trials_and_must_have_a_ledger(project: Path) -> None:
    first = _job(project, "source", trials=2, rungs=1)
    search.run(first)
    second = _job(project, "warmed", warm=["source"], trials=3, rungs=1, objective="chosen")
    search.run(second)
    best = max(_entries(first), key=lambda e: e.score or 0)
    sources = {e.source: e.params for e in _entries(second)}
    assert best.source != "default", "else there is nothing to suggest"
    assert sources["warm"] == best.params
    with pytest.raises(SearchError, match="nowhere has no ledger"):
        search.run(_job(project, "cold", warm=["nowhere"]))


def test_entries_of_other_settings_stay_and_warm_the_search(project: Path) -> None:
    search.run(_job(project, "changed", trials=2, rungs=1))
    before = _entries(_job(project, "changed"))
    job = _job(project, "changed", trials=2, rungs=1, objective="at_half")
    search.run(job)
    entries = _entries(job)
    assert entries[: len(before)] == before
    assert len({e.ground for e in entries}) == 2
    assert min(e.trial for e in entries[len(before) :]) == len(before)


def test_a_damaged_ledger_is_named_and_kept(project: Path) -> None:
    job = _job(project, "damaged", trials=2, rungs=1)
    search.run(job)
    path = job.run / "search" / "together.jsonl"
    lines = path.read_text().splitlines(keepends=True)
    lines[0] = lines[0].replace('"trial": 0', '"trial": 9').replace('"trial":0', '"trial":9')
    path.write_text("".join(lines))
    damaged = path.read_bytes()
    with pytest.raises(ArtifactError, match=r"together\.jsonl.*line 1"):
        search.run(job)
    assert path.read_bytes() == damaged


def test_a_full_disk_stops_the_search_and_blames_no_trial(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pipeline.learning.checkpoint.write_bytes", full)
    job = _job(project, "full", trials=2)
    with pytest.raises(ArtifactError, match=r"trial 0: .*No space left"):
        search.run(job)
    assert not _entries(job)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (TrainingError("the loss of step 3 is nan"), "TrainingError: the loss of step 3 is nan"),
        (MemoryError(), "out of memory: "),
        (torch.OutOfMemoryError("CUDA out of memory"), "out of memory: CUDA out of memory"),
        (
            RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: 9 bytes"),
            "out of memory: [enforce fail] DefaultCPUAllocator: can't allocate memory: 9 bytes",
        ),
        (ValueError("two\nlines"), "ValueError: two"),
    ],
)
def test_a_trial_that_breaks_is_recorded_and_the_search_goes_on(
    project: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, reason: str
) -> None:
    job = _job(project, f"breaks-{type(error).__name__}", trials=3, rungs=1)
    advance = Training.advance

    def broken(loop: Training, budgets: Sequence[int]) -> Progress:
        if "trial-00000" in str(loop.checkpoints._last):
            raise error
        return advance(loop, budgets)

    monkeypatch.setattr(Training, "advance", broken)
    search.run(job)
    begun = [(e.outcome, e.reason) for e in _entries(job) if e.outcome != "rejected"]
    assert begun == [("failed", reason), ("done", None), ("done", None)]


@pytest.mark.slow
def test_killed_in_mid_trial_goes_on_to_the_same_ledger(project: Path) -> None:
    whole = _job(project, "whole", trials=3)
    search.run(whole)
    (project / "configs" / "tiny.yaml").write_text(
        yaml.safe_dump(_tree(project, trials=3), sort_keys=False)
    )
    cut = _job(project, "cut", trials=3)
    command = [sys.executable, "-c", KILLED, "cut"]
    path, killed = cut.run / "search" / "together.jsonl", 0
    for lines in (0, 1, 3):
        process = subprocess.Popen(
            command, cwd=project, env={**environment(), "PYTHONPATH": str(Path.cwd())}
        )
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline and process.poll() is None:
            ready = path.read_bytes().count(b"\n") if path.exists() else 0
            work = list((cut.run / "search" / ".work").glob("together/trials/*/*/*.checkpoint"))
            if ready >= lines and (work or lines == 0):
                break
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
        killed += process.wait() == -signal.SIGKILL
    assert killed >= 2
    search.run(cut)
    assert _plain(_entries(cut)) == _plain(_entries(whole))


@pytest.mark.slow
def test_trials_in_other_processes_score_the_same(project: Path) -> None:
    inline = _job(project, "inline", trials=3, rungs=1, method="random")
    search.run(inline)
    pooled = _job(project, "pooled", trials=3, rungs=1, method="random", backend="pool", workers=2)
    search.run(pooled)
    one = {e.trial: e for e in _entries(inline)}
    two = {e.trial: e for e in _entries(pooled)}
    assert set(one) == set(two)
    for number, entry in one.items():
        assert two[number].params == entry.params
        assert two[number].score == pytest.approx(entry.score, abs=0.02)


def test_what_was_found_is_taken_over(project: Path) -> None:
    job = _job(project, "used", trials=3)
    search.run(job)
    config = project / "configs" / "used.yaml"
    config.write_text(yaml.safe_dump(_tree(project, use="best"), sort_keys=False))
    best = yaml.safe_load((job.run / "search" / "best.yaml").read_text())["models"][0]
    found = load_config(config, found=job.run / "search" / "best.yaml")
    assert found.models[0].network.model_dump()["width"] == best["network"]["width"]
    assert found.models[0].train.rate == best["train"]["rate"]
    assert found.models[0].train.steps == 6, "only what was searched is taken over"
    longer = load_config(config, ["train.steps=50"], found=job.run / "search" / "best.yaml")
    assert longer.models[0].train.steps == 50
    top = load_config(config, found=job.run / "search" / "top.yaml")
    assert [row.name for row in top.models] == ["all_top1", "all_top2", "all_top3"]
    other = project / "configs" / "other.yaml"
    rows = [
        {"name": "few", "classes": [1, 2]},
        {"name": "rest", "classes": [3, 4, 5, 6, 7, 8, 9, 10]},
    ]
    other.write_text(yaml.safe_dump({**_tree(project), "models": rows}, sort_keys=False))
    with pytest.raises(ConfigError, match="found for models with the classes all"):
        load_config(other, found=job.run / "search" / "best.yaml")
