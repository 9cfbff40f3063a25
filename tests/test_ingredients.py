"""The script that compares ingredients: scores are shown for what they were made of, no other."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

from pipeline.errors import ConfigError
from tests.chain_project import ROOT
from tests.config_tree import config_tree


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script, with a configuration `c.yaml` that extends another, and runs in this folder."""
    spec = importlib.util.spec_from_file_location("ingredients", ROOT / "scripts/ingredients.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "ingredients", module)  # dataclasses look themselves up
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "RUNS", tmp_path / "runs")
    monkeypatch.chdir(tmp_path)
    Path("base.yaml").write_text(yaml.safe_dump(config_tree() | {"train": {"steps": 9}}))
    Path("c.yaml").write_text("extends: base.yaml\n")
    (tmp_path / "runs").mkdir()
    return module


def _trials(script: ModuleType, data: str = "", **changes: Any) -> list[Any]:
    variants: dict[str, list[str]] = {
        "base": [],
        "D4 +": ["predict.d4=false"],
        "D4 -": ["predict.overlap=0"],
        "two": ["ensemble.repeats=2", "models.all.predict.d4=false"],
        "even": ["augment.rare=0"],
    }
    study = script.Study(
        **{"config": "c.yaml", "common": [], "seeds": [0, 1], "variants": variants, **changes}
    )
    return list(script.plan(study, "s", list(study.variants), data))


def test_variants_that_are_trained_alike_share_a_run(script: ModuleType) -> None:
    trials = _trials(script)
    runs = {(trial.variant, trial.overrides[-1]): trial.run for trial in trials}
    first = [runs[name, "augment.seed=0"] for name in ("base", "D4 +", "D4 -", "two", "even")]
    assert len(set(first[:4])) == 1
    assert len(set(runs.values())) == 4, "two trainings, each with two seeds"
    assert len({trial.kept for trial in trials}) == len(trials), "scores of each are kept apart"


def test_names_tell_what_scores_depend_on(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    def names() -> tuple[str, Path]:
        first = _trials(script)[0]
        return first.run, first.kept

    before = names()
    assert names() == before
    other = [
        _trials(script, data="elsewhere")[0],
        _trials(script, common=["train.batch=3"])[0],
    ]
    Path("base.yaml").write_text(yaml.safe_dump(config_tree() | {"train": {"steps": 10}}))
    runs = {before[0], names()[0], *(trial.run for trial in other)}
    assert len(runs) == 4
    Path("base.yaml").write_text(yaml.safe_dump(config_tree() | {"train": {"steps": 9}}))
    assert names() == before
    monkeypatch.setattr(script, "code_version", lambda module: f"new {module}")
    script._code.cache_clear()
    after = names()
    assert after[0] == before[0], "Make asks for itself what of a run is old"
    assert after[1] != before[1]


def test_a_variant_that_can_not_be_stops_the_study_at_once(script: ModuleType) -> None:
    with pytest.raises(ConfigError, match=r"train\.stepz"):
        _trials(script, variants={"base": [], "typo": ["train.stepz=3"]})


def test_what_is_missing_is_made_once(script: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []

    def make(trial: Any, data: str) -> bool:
        fails = bool(trial.variant == "even")
        made.append(trial.variant)
        if not fails:
            trial.kept.write_text("{}")
        return not fails

    monkeypatch.setattr(script, "_make", make)
    trials = _trials(script, seeds=[0])
    assert not script.make_all(trials, 1, ""), "one of them has failed"
    assert made == ["base", "D4 +", "D4 -", "two", "even"]
    assert script.make_all(trials[:4], 1, "")
    assert len(made) == 5


def test_an_error_is_not_lost_in_its_thread(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    def make(trial: Any, data: str) -> bool:
        raise OSError("no space left")

    monkeypatch.setattr(script, "_make", make)
    with pytest.raises(OSError, match="no space left"):
        script.make_all(_trials(script), 2, "")


def test_make_is_told_all_and_scores_are_kept(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[list[str]] = []

    def run(command: list[str], **_: Any) -> Any:
        calls.append(command)
        scores = script.RUNS / trial.run / "evaluate" / "scores" / "scores.json"
        scores.parent.mkdir(parents=True)
        scores.write_text("the scores")
        return script.subprocess.CompletedProcess(command, returncode=0)

    trial = _trials(script, common=["train.batch=3"])[1]
    monkeypatch.setattr(script.subprocess, "run", run)
    assert script._make(trial, "raw")
    values = "SET=train.batch=3 predict.d4=false train.seed=0 augment.seed=0"
    assert calls == [
        ["make", "-s", "evaluate", "CONFIG=c.yaml", f"RUN={trial.run}", "DATA=raw", values]
    ]
    assert trial.kept.read_text() == "the scores"


def test_table_shows_means_ranges_and_gains(script: ModuleType) -> None:
    trials = _trials(script, variants={"base": [], "even": ["augment.rare=0"], "not": []})
    assert script.table(trials) == "no variant has finished"
    for trial, chosen in zip(trials, (0.2, 0.5, None, 0.4, None, None), strict=True):
        if chosen is not None:
            classes = {"1": {"name": "one", "chosen": {"jaccard": chosen / 2}}}
            means = {"chosen": chosen, "cross_fitted": 0.1}
            trial.kept.write_text(json.dumps({"means": means, "classes": classes}))
    assert script.table(trials).splitlines()[2:] == [
        "| base | 0.300 ± 0.100 | +0.000 | 0.100 ± 0.000 | +0.000 | 2 | 0.150 |",
        "| even | 0.500 ± 0.000 | +0.200 | 0.100 ± 0.000 | +0.000 | 1 | 0.250 |",
    ]
