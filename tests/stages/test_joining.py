"""Predictions of several runs: which are refused, how they are joined, what is made again."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from affine import Affine

from pipeline.errors import ArtifactError, ConfigError, PipelineError
from pipeline.files import FileRecord, read_json, write_json
from pipeline.imagery.tiles import TiledScene
from pipeline.mapping.prediction.coverage import predictable
from pipeline.mapping.prediction.ensemble import join_levels
from pipeline.mapping.prediction.raster import Levels, read_levels
from pipeline.stages import evaluate, predict, predictor, prepare
from pipeline.stages.job import Job
from pipeline.stages.joining import check_runs
from tests.stages import fake_run
from tests.stages.fake_run import LABELLED, TEST, changed, fake_network, make_run
from tests.stages.fake_run import built as built_by

SCENES = (*LABELLED, *TEST)


@pytest.fixture(autouse=True)
def _one_convolution(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(predictor, "load_network", fake_network)


def other_run(folder: Path, name: str = "second", **sections: Any) -> Path:
    """A whole run beside the one in ``folder``, up to its thresholds."""
    job = make_run(folder / f"of-{name}", **sections)
    prepare.prepare(job)
    make_run(folder / f"of-{name}", **sections)  # after its inputs, as Make would
    predict.run(job)
    evaluate.run(job)
    job.run.rename(folder / name)
    return folder / name


def joining(folder: Path, *runs: str, **ensemble: Any) -> Job:
    """The run in ``folder`` that joins others."""
    return make_run(folder, ensemble={"runs": list(runs or ("second",)), **ensemble})


def levels(run: Path, scene: str, prefix: str = "scene-") -> Levels:
    return read_levels(run / "predict" / f"{prefix}{scene}" / "probability.tif")


def refused(job: Job, error: type[PipelineError], message: str) -> None:
    """Both before training and before predicting, and nothing is predicted."""
    for check in (check_runs, predict.run):
        with pytest.raises(error, match=message):
            check(job)
    assert not list((job.run / "predict").glob("*/item.json"))


def _left_half(tile: TiledScene, rows: slice) -> Any:
    kept = predictable(tile, rows)
    kept[:, kept.shape[1] // 2 :] = False
    return kept


@pytest.mark.parametrize("join", ["mean", "geometric", "vote"])
def test_runs_are_joined_where_they_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, join: str
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(predictor, "predictable", _left_half)
        second = other_run(tmp_path, ensemble={"combine": "vote"})
    job = joining(tmp_path, join=join, weights=[1, 3])
    predict.run(job)
    for scene in ("a_0_0", "t_0_0"):
        own, theirs = levels(job.run, scene, "own-"), levels(second, scene)
        # A labelled scene's votes are counted at thresholds of the folds that don't hold it.
        name = "held_out.json" if scene == "a_0_0" else "thresholds.json"
        table = read_json(second / "evaluate" / "thresholds" / name)
        table = table["0"] if scene == "a_0_0" else table
        both = [
            join_levels(parts, (1, 3), join, (128, table[code]["level"]))  # type: ignore[arg-type]
            for *parts, code in zip(own, theirs, ("3", "7"), strict=True)
        ]
        found = levels(job.run, scene)
        np.testing.assert_array_equal(found, both)
        half = found.shape[2] // 2
        assert not theirs[:, :, half:].any()
        if join == "mean":
            np.testing.assert_array_equal(found[:, :, half:], own[:, :, half:])
            assert not np.array_equal(found[:, :, :half], own[:, :, :half])
        assert not found[:, -1, -1].any()  # invalid for both


def test_naming_runs_predicts_nothing_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other_run(tmp_path)
    alone = make_run(tmp_path)
    predict.run(alone)
    before = {scene: levels(alone.run, scene) for scene in SCENES}
    monkeypatch.setattr(predict, "write_prediction", None)  # whoever calls it fails
    both = joining(tmp_path, weights=[1, 3])
    own, joined = ({f"{prefix}{scene}" for scene in SCENES} for prefix in ("own-", "scene-"))
    assert built_by(both, predict.run, "predict") == own | joined
    for scene in SCENES:
        np.testing.assert_array_equal(levels(both.run, scene, "own-"), before[scene])
    assert built_by(both, predict.run, "predict") == set()
    assert built_by(joining(tmp_path, join="vote"), predict.run, "predict") == joined
    assert built_by(make_run(tmp_path), predict.run, "predict") == joined
    for scene in SCENES:
        np.testing.assert_array_equal(levels(both.run, scene), before[scene])
    assert not list((both.run / "predict").glob("own-*"))


def test_check_reads_no_prediction_of_this_run_and_nothing_without_runs(tmp_path: Path) -> None:
    other_run(tmp_path)
    check_runs(joining(tmp_path))
    empty = replace(make_run(tmp_path / "x"), run=tmp_path / "nowhere")
    check_runs(empty)


@pytest.mark.parametrize(
    ("sections", "message"),
    [
        ({"tiles": {"metres": 2.5}}, "another tiles.metres"),
        ({"augment": {"same_place": [["1", "2"]]}}, "another augment.same_place"),
    ],
)
def test_runs_of_another_configuration(
    tmp_path: Path, sections: dict[str, Any], message: str
) -> None:
    other_run(tmp_path, **sections)
    refused(joining(tmp_path), ConfigError, message)


@pytest.mark.parametrize(
    ("name", "message"),
    [("none", "no such run"), ("../x", "not the name"), ("run", "another run")],
)
def test_runs_that_are_not_there(tmp_path: Path, name: str, message: str) -> None:
    refused(joining(tmp_path, name), ConfigError, message)


@pytest.mark.parametrize(
    "to_map",
    [
        Affine.scale(0.001001, -0.001),  # 1 pixel in 1000: two corners are 0.02 pixels off
        Affine.translation(0.0005, 0) @ Affine.scale(0.001, -0.001),
    ],
)
def test_run_on_another_grid(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, to_map: Affine
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(fake_run, "TO_MAP", to_map)
        other_run(tmp_path)
    refused(joining(tmp_path), ConfigError, r"second predicts a_0_0 on another grid")


def test_run_of_another_shape(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setitem(fake_run.SHAPES, "t_0_1", (17, 18))
        other_run(tmp_path)
    refused(joining(tmp_path), ConfigError, r"second predicts t_0_1 on another grid \(\(17, 18\)")


def test_grid_within_a_hundredth_of_a_pixel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(fake_run, "TO_MAP", Affine.scale(0.001 * (1 + 1e-4), -0.001))
        other_run(tmp_path)
    check_runs(joining(tmp_path))


def _newer_inputs(run: Path) -> None:
    """A configuration that the stage ``augment`` has not seen yet."""
    manifest = run / "augment" / "manifest.json"
    later = manifest.stat().st_mtime_ns + 1
    os.utime(run / "inputs" / "augment.json", ns=(later, later))


def _rewrite(run: Path, item: str, file: str, change: Callable[[Any], Any]) -> None:
    """Another content of a JSON file of an item, as if its stage had written it."""
    path = run / item / file
    write_json(path, change(read_json(path)))
    record = read_json(run / item / "item.json")
    record["files"][file] = vars(FileRecord.of(path))
    write_json(run / item / "item.json", record)


@pytest.mark.parametrize(
    ("damage", "error", "message"),
    [
        (_newer_inputs, ArtifactError, r"`augment` of second is missing or older.*RUN=second"),
        (
            lambda run: (run / "predict" / "manifest.json").unlink(),
            ArtifactError,
            r"`predict` of second is missing",
        ),
        (
            lambda run: _rewrite(
                run, "predict/scene-b_0_0", "prediction.json", lambda r: r | {"codes": [7, 3]}
            ),
            ConfigError,
            r"predicts b_0_0 for the classes \[7, 3\] instead of \[3, 7\]",
        ),
        (
            lambda run: _rewrite(
                run, "predict/scene-b_0_0", "prediction.json", lambda r: {"codes": r["codes"]}
            ),
            ArtifactError,
            r"older version; run `predict` of second",
        ),
        (
            lambda run: _rewrite(
                run, "evaluate/thresholds", "thresholds.json", lambda r: {"3": r["3"]}
            ),
            ArtifactError,
            r"has no threshold of '7' for t_0_0; run `evaluate` of second",
        ),
        (
            lambda run: _rewrite(
                run, "evaluate/thresholds", "held_out.json", lambda r: {"0": r["0"]}
            ),
            ArtifactError,
            r"has no threshold of '1' for c_0_0",
        ),
        (
            lambda run: _rewrite(
                run, "augment/folds", "folds.json", lambda r: r | {"folds": {"0": ["a_0_0"]}}
            ),
            ConfigError,
            r"second did not hold out the labelled scene b_0_0",
        ),
    ],
)
def test_results_that_do_not_fit(
    tmp_path: Path, damage: Callable[[Path], None], error: type[PipelineError], message: str
) -> None:
    damage(other_run(tmp_path))
    refused(joining(tmp_path, join="vote"), error, message)


def test_mean_needs_no_thresholds(tmp_path: Path) -> None:
    second = other_run(tmp_path)
    (second / "evaluate" / "manifest.json").unlink()
    check_runs(joining(tmp_path))
    with pytest.raises(ArtifactError, match="`evaluate` of second is missing"):
        check_runs(joining(tmp_path, join="vote"))


def test_scene_that_the_other_run_lacks(tmp_path: Path) -> None:
    other_run(tmp_path)
    job = make_run(tmp_path, test=(*TEST, "t_0_2"), ensemble={"runs": ["second"]})
    refused(job, ArtifactError, "has no prediction of t_0_2; run `predict` of second")


def test_runs_that_join_each_other(tmp_path: Path) -> None:
    """Directly, and through a third."""
    other_run(tmp_path)
    third = other_run(tmp_path, "third")
    for run, joined in ((tmp_path / "second", "third"), (third, "run")):
        job = changed(make_run(tmp_path / f"of-{run.name}"), ensemble={"runs": [joined]})
        prepare.prepare(job)
        (job.run / "config.yaml").replace(run / "config.yaml")
    refused(joining(tmp_path, "third"), ConfigError, r"third leads back to run, .* of third names")
    refused(joining(tmp_path), ConfigError, r"second leads back to run, .* of third names")
