"""Stage tune: what it leaves, what makes it old, and how the configuration takes it over."""

from __future__ import annotations

import csv
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from pipeline.artifacts import StageFolder
from pipeline.cli import BEFORE_TUNE, _job
from pipeline.config.load import load_config
from pipeline.errors import ArtifactError, ConfigError
from pipeline.files import write_json
from pipeline.imagery.labels import draw_masks
from pipeline.mapping.geojson import read_geojson
from pipeline.mapping.prediction.raster import write_levels
from pipeline.mapping.tuning.choice import choice_of
from pipeline.stages import evaluate, polygons, prepare, tune
from pipeline.stages.job import Job
from tests.stages.fake_run import (
    CODES,
    FOLDS,
    INSIDE,
    LABELLED,
    OUTSIDE,
    TEST,
    TO_MAP,
    built,
    changed,
    make_run,
    masks_of,
    stored,
)

QUICK: dict[str, Any] = {"trials": 24, "startup": 12, "smooth_metres": 4, "min_area": 60}


def write_noisy(job: Job, stripes: bool = False) -> None:
    """Predictions with single pixels that are wrong in the first class; the second is right."""
    with StageFolder(job.run / "predict", "predict", "test") as stage:
        for scene in (*LABELLED, *TEST):
            masks = masks_of(scene)
            levels = np.where(masks, INSIDE, OUTSIDE).astype(np.uint8)
            levels[0, 1::4, 1 + stripes :: 4] = np.where(
                masks[0, 1::4, 1 + stripes :: 4], OUTSIDE, INSIDE
            )

            def write(folder: Path, levels: Any = levels) -> None:
                write_levels(folder / "probability.tif", levels, TO_MAP, ("3", "7"))

            stage.item(f"scene-{scene}", {"stripes": stripes}, write)


def prepared(folder: Path, **sections: Mapping[str, Any]) -> Job:
    sections["tune"] = {**QUICK, **sections.get("tune", {})}
    job = make_run(folder, TEST, **sections)
    write_noisy(job)
    evaluate.run(job)
    return job


def scores_of(job: Job) -> Any:
    return stored(job.run / "tune" / "tuned" / "scores.json")


def written(job: Job, folder: Path, **sections: Mapping[str, Any]) -> Path:
    """A file of the job's configuration."""
    tree = job.config.model_dump(mode="json")
    for name, keys in sections.items():
        tree[name] = {**tree[name], **keys}
    path = folder / "c.yaml"
    path.write_text(yaml.safe_dump(tree))
    return path


def test_tuning_mends_what_is_noisy_and_leaves_what_is_right(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    job = prepared(tmp_path)
    tune.run(job)
    scores = scores_of(job)
    road, water = scores["classes"]["3"], scores["classes"]["7"]
    assert road["taken"]
    assert road["cross_fitted"]["jaccard"] > road["now"]["jaccard"] + 0.03
    assert not water["taken"]
    assert water["cross_fitted"]["jaccard"] == 1
    said = capsys.readouterr()
    assert "taken over" in said.out
    assert "what was tuned does not carry over" in said.err
    assert "tune: Water\n" in said.err
    assert 'SET="tune.use=true" takes over what was found' in said.err
    tuned = yaml.safe_load((job.run / "tune" / "tuned.yaml").read_text())["polygons"]
    assert tuned["min_area"][7] == tuned["smooth"][7] == tuned["min_hole"][7] == 0
    rows = list(csv.DictReader((job.run / "tune/class-3/trials.csv").read_text().splitlines()))
    assert 8 < len(rows) <= QUICK["trials"]
    now = evaluated(job)
    for code in ("3", "7"):
        assert scores["classes"][code]["now"] == now["classes"][code]["cross_fitted"]
    assert scores["means"]["now"] == pytest.approx(now["means"]["cross_fitted"])
    assert int(rows[0]["level"]) == now["classes"]["3"]["level"]
    crossed = now["classes"]["3"]["cross_fitted"]["jaccard"]
    assert float(rows[0]["jaccard"]) == pytest.approx(crossed)


def evaluated(job: Job) -> Any:
    return stored(job.run / "evaluate" / "scores" / "scores.json")


def with_tuned(job: Job, folder: Path) -> Job:
    """The job with what tuning found, its thresholds chosen for that."""
    config = load_config(written(job, folder), tuned=job.run / "tune" / "tuned.yaml")
    return replace(job, config=config, untuned=job.config)


def test_polygons_are_those_that_were_scored(tmp_path: Path) -> None:
    """The same pixels of every held-out scene, in tuning, in the steps and in drawn polygons."""
    job = prepared(tmp_path)
    tune.run(job)
    whole = with_tuned(job, tmp_path)
    evaluate.run(whole)
    polygons.run(whole)
    hits = wrong = missed = 0
    for scene in LABELLED:
        truth = masks_of(scene)
        found = read_geojson(job.run / "polygons" / f"scene-{scene}" / "polygons.geojson")
        drawn = draw_masks(found, CODES, TO_MAP, truth.shape[1:])
        valid = np.ones(truth.shape[1:], np.bool_)
        valid[-1, -1] = False
        hits += (drawn[0] & truth[0] & valid).sum()
        wrong += (drawn[0] & ~truth[0] & valid).sum()
        missed += (~drawn[0] & truth[0] & valid).sum()
    told = scores_of(job)["classes"]["3"]["tuned"]
    assert (hits, wrong, missed) == (told["tp"], told["fp"], told["fn"])
    gains = stored(job.run / "polygons/gains/gains.json")
    assert gains["steps"][-1]["classes"]["3"] == pytest.approx(told["jaccard"])


RULES = [
    {"rule": "clear", "by": [7], "of": [3], "name": "water clears road"},
    {"rule": "shape", "of": 3, "min_area": 16.0, "name": "no specks"},
]


def test_rules_that_do_harm_are_switched_off(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Roads lead over water in truth: the first rule costs, the second is tuned or stays."""
    job = prepared(tmp_path, polygons={"rules": RULES}, tune={"trials": 2})
    tune.run(job)
    first, second = stored(job.run / "tune/rules/rules.json")
    assert first["before"] < first["without"]
    assert not first["row"]["on"]
    assert second["before"] == pytest.approx(first["without"], abs=0.2)
    assert second["after"] >= second["before"]
    assert "water clears road" in capsys.readouterr().out
    whole = with_tuned(job, tmp_path)
    assert [row.title for row in whole.config.polygons.rules] == ["water clears road", "no specks"]
    assert not whole.config.polygons.rules[0].on
    evaluate.run(whole)
    polygons.run(whole)
    steps = stored(job.run / "polygons/gains/gains.json")["steps"]
    assert "water clears road" not in [row["step"] for row in steps]
    kept = second["carried"] if second["carried"] > second["before"] else second["before"]
    if kept == second["before"] or second["after"] == second["carried"]:
        assert steps[-1]["mean"] == pytest.approx(kept)
    as_they_are = changed(job, tune={"rules": False})
    assert built(as_they_are, tune.run, "tune") >= {"rules", "tuned"}
    assert len(with_tuned(as_they_are, tmp_path).config.polygons.rules) == 2


def test_reruns(tmp_path: Path) -> None:
    job = prepared(tmp_path, tune={"trials": 8})
    assert built(job, tune.run, "tune") == {"class-3", "class-7", "rules", "tuned"}
    text = (job.run / "tune" / "tuned.yaml").read_bytes()
    assert built(job, tune.run, "tune") == set()
    used = changed(job, tune={"use": True})
    assert built(used, tune.run, "tune") == set(), "tuning does not depend on being used"
    longer = changed(job, tune={"trials": 9})
    assert built(longer, tune.run, "tune") >= {"class-3", "class-7"}
    one = changed(job, polygons={"min_area": {7: 20}}, tune={"trials": 9})
    assert built(one, tune.run, "tune") == {"class-7", "rules", "tuned"}
    tune.run(job)
    assert (job.run / "tune" / "tuned.yaml").read_bytes() == text
    write_noisy(job, stripes=True)
    evaluate.run(job)
    assert built(job, tune.run, "tune") >= {"class-3", "class-7"}


def test_a_class_that_was_tuned_is_not_tuned_again_after_a_stop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = prepared(tmp_path, tune={"trials": 8})

    def stop(trials: Any) -> Any:
        if (job.run / "tune" / "class-3").exists():
            raise KeyboardInterrupt
        return choice_of(trials)

    monkeypatch.setattr("pipeline.stages.tune.choice_of", stop)
    with pytest.raises(KeyboardInterrupt):
        tune.run(job)
    assert not (job.run / "tune" / "manifest.json").exists()
    assert not (job.run / "tune" / "tuned.yaml").exists()
    monkeypatch.undo()
    assert built(job, tune.run, "tune") == {"class-7", "rules", "tuned"}


def test_what_was_tuned_makes_nothing_old_but_polygons(tmp_path: Path) -> None:
    job = prepared(tmp_path, tune={"use": True})
    before = {name: job.settings(name) for name in BEFORE_TUNE}
    tune.run(job)
    whole = with_tuned(job, tmp_path)
    assert whole.config.polygons != job.config.polygons
    assert {name: whole.settings(name) for name in BEFORE_TUNE} == before
    assert whole.settings("polygons") != job.settings("polygons")
    assert built(whole, tune.run, "tune") == set()
    assert built(whole, evaluate.run, "evaluate") == {"thresholds", "scores"}, "levels are smooth"


def test_values_of_other_predictions_are_said_to_be_old(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    job = prepared(tmp_path, tune={"use": True, "trials": 8})
    for name in BEFORE_TUNE - {"search"}:
        write_json(job.run / "inputs" / f"{name}.json", {}, 10**9)
    tune.run(job)
    capsys.readouterr()
    polygons.run(job)
    said = capsys.readouterr().err
    assert "their polygons' score flatters" in said
    assert "brings it up to date" not in said
    os.utime(job.run / "predict" / "manifest.json")
    polygons.run(job)
    assert "`make tune` brings it up to date" in capsys.readouterr().err


def test_overrides_come_after_what_was_tuned(tmp_path: Path) -> None:
    job = prepared(tmp_path)
    tune.run(job)
    tuned, path = job.run / "tune" / "tuned.yaml", written(job, tmp_path)
    config = load_config(path, ["polygons.min_area={3: 44}"], tuned=tuned)
    assert config.polygons.min_area == {3: 44}
    assert config.polygons.simplify_cost == job.config.polygons.simplify_cost


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("polygons: {min_area: {3: 1}}", "holds no polygons with hysteresis"),
        ("[1, 2]", "holds no polygons with hysteresis"),
        ("a: [", "can't be read as YAML"),
        (
            "polygons: {rules: [], hysteresis: {}, smooth: {}, median: {}, closing: {}, "
            "opening: {}, min_hole: {}, min_area: {3: 1, 5: 2}}",
            "found for the classes 3, 5, but the configuration has 3, 7",
        ),
    ],
)
def test_a_file_of_something_else_is_named(tmp_path: Path, text: str, message: str) -> None:
    job, other = make_run(tmp_path), tmp_path / "tuned.yaml"
    other.write_text(text)
    with pytest.raises(ConfigError, match=message) as error:
        load_config(written(job, tmp_path), tuned=other)
    assert "run `tune` again" in str(error.value)
    assert str(other) in str(error.value)


def test_commands_ask_for_tuning_where_it_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = prepared(tmp_path)
    path = written(job, tmp_path, tune={"use": True})
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match=r"no data/runs/r/tune/tuned\.yaml; run `make tune`"):
        _job(path, "r", None, None)
    before = _job(path, "r", None, None, needs_tuned=False)
    assert before.config == before.before_tune
    prepare.prepare(before)
    tune.run(job)
    (tmp_path / "data/runs/r").mkdir(parents=True, exist_ok=True)
    (job.run / "tune").rename(tmp_path / "data/runs/r/tune")
    after = _job(path, "r", None, None)
    assert isinstance(after.config.polygons.min_area, dict)
    assert set(after.config.polygons.min_area) == set(CODES)
    assert after.before_tune == before.config
    assert {"predict", "tune", "search"} <= BEFORE_TUNE
    assert not {"evaluate", "polygons"} & BEFORE_TUNE


def test_missing_predictions_are_named(tmp_path: Path) -> None:
    job = prepared(tmp_path)
    with StageFolder(job.run / "predict", "predict", "test") as stage:
        levels = np.zeros((len(CODES), 4, 4), np.uint8)
        stage.item(
            f"scene-{FOLDS[0][0]}",
            {"short": True},
            lambda folder: write_levels(folder / "probability.tif", levels, TO_MAP, ("3", "7")),
        )
    with pytest.raises(ArtifactError, match=r"lacks b_0_0, c_0_0; run `predict`"):
        tune.run(job)
