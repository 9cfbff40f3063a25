"""Models as rows: several networks with their own classes, bands, grids and recipes, as one run."""

from __future__ import annotations

import weakref
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from pipeline.artifacts import load_stage
from pipeline.files import hash_file, read_json
from pipeline.learning.device import choose_compute
from pipeline.learning.weights import load_network, read_network_record
from pipeline.mapping.prediction.raster import Levels, read_levels
from pipeline.stages import augment, evaluate, predict, predictor, prepare, scenes, tiles, train
from pipeline.stages.fold import Training, load_ground, make_source
from pipeline.stages.grids import tiles_of
from pipeline.stages.job import Job
from tests.contest_folder import (
    TEST,
    TRAIN,
    contest_config,
    stripes,
    write_contest_folder,
    write_tiff,
)

GROUPS = ("P", "M", "A")
ROWS: list[dict[str, Any]] = [
    {"name": "fine", "classes": [1], "features": {"groups": ["P", "M"]}},
    {"name": "coarse", "classes": [5], "tiles": {"metres": 1.875}, "train": {"steps": 3}},
]
EARLY = (scenes, tiles, augment, train)


@pytest.fixture(scope="module")
def contest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_contest_folder(tmp_path_factory.mktemp("models") / "raw", GROUPS)


def job_of(contest: Path, run: Path, **sections: Any) -> Job:
    return Job(contest_config(contest, GROUPS, **sections), run)


def built(job: Job, *stages: Any) -> dict[str, set[str]]:
    """Items that each stage makes when it is run now."""
    made = {}
    for stage in stages or (*EARLY, predict, evaluate):
        name = stage.__name__.rpartition(".")[2]
        before = _keys(job.run / name)
        stage.run(job)
        after = _keys(job.run / name)
        made[name] = {item for item, time in after.items() if before.get(item) != time}
    return made


def _keys(folder: Path) -> dict[str, int]:
    return {path.parent.name: path.stat().st_mtime_ns for path in folder.glob("*/item.json")}


def answered(model: predictor.Predictor) -> Levels:
    """What a model alone says of the first test scene, on its own grid."""
    answers = model.answers(TEST[0], model.used(None, "folds"))
    return answers.read(slice(0, answers.shape[0]))


def levels_of(job: Job, scene: str, prefix: str = "scene-") -> NDArray[np.uint8]:
    return read_levels(job.run / "predict" / f"{prefix}{scene}" / "probability.tif")


def test_rows_become_one_run(contest: Path, tmp_path: Path) -> None:
    job = job_of(contest, tmp_path / "run", models=ROWS)
    made = built(job)
    assert made["tiles"] == {
        *(f"scene-{scene}" for scene in (*TRAIN, *TEST)),
        *(f"grid-{model}-{s}" for model in ("fine", "coarse") for s in (*TRAIN, *TEST)),
        "statistics-fine",
        "statistics-coarse",
    }
    assert made["train"] == {f"{m}-fold-{f}" for m in ("fine", "coarse") for f in (0, 1)}
    items = load_stage(job.run / "train")
    fine = read_network_record(items["fine-fold-0"].folder)
    coarse = read_network_record(items["coarse-fold-0"].folder)
    assert (fine.codes, coarse.codes) == ((1,), (5,))
    assert (len(fine.channels), len(coarse.channels)) == (9, 17)
    assert read_json(items["coarse-fold-1"].path("training.json"))["steps"] == 3
    # The classes come back in the dataset's order, on the run's grid of 1.25 m.
    assert levels_of(job, TEST[0]).shape == (2, 24, 24)
    record = read_json(job.run / "predict" / f"scene-{TRAIN[0]}" / "prediction.json")
    folds = read_json(job.run / "augment" / "folds" / "folds.json")["folds"]
    held = next(fold for fold, ids in folds.items() if TRAIN[0] in ids)
    assert record["networks"] == [f"fine-fold-{held}", f"coarse-fold-{held}"]
    assert set(read_json(job.run / "evaluate" / "scores" / "scores.json")["classes"]) == {"1", "5"}


def test_a_row_s_change_costs_that_row_alone(contest: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    built(job_of(contest, run, models=ROWS), *EARLY)
    slower = [ROWS[0], {**ROWS[1], "train": {"steps": 2}}]
    made = built(job_of(contest, run, models=slower), *EARLY)
    assert made == {
        "scenes": set(),
        "tiles": set(),
        "augment": set(),
        "train": {"coarse-fold-0", "coarse-fold-1"},
    }
    renamed = [{**ROWS[0], "capacity": 0.25}, slower[1]]
    assert built(job_of(contest, run, models=renamed), *EARLY)["train"] == {
        "fine-fold-0",
        "fine-fold-1",
    }


def test_what_others_need_costs_a_row_nothing(contest: Path, tmp_path: Path) -> None:
    """Band groups of another row, and the run's own resolution, are not in a row's key."""
    run, steps = tmp_path / "run", {"steps": 1, "batch": 2, "validations": 1}
    fine = {"name": "fine", "features": {"groups": ["P", "M"]}, "tiles": {"metres": 1.25}}
    swir = {"name": "swir", "features": {"groups": ["A"]}, "tiles": {"metres": 7.5 / 4}}
    built(job_of(contest, run, models=[fine], train=steps), *EARLY)
    made = built(job_of(contest, run, models=[fine, swir], train=steps), *EARLY)
    assert "grid-fine-6010_0_0" in made["tiles"]  # the run's grid is now that of all groups
    assert made["train"] == {"swir-fold-0", "swir-fold-1"}
    other = job_of(contest, run, models=[fine, swir], train=steps, tiles={"metres": 2.5})
    made = built(other, *EARLY)
    assert "scene-6010_0_0" in made["tiles"]
    assert made["train"] == set()


def test_a_row_s_own_bands_are_in_its_key(contest: Path, tmp_path: Path) -> None:
    """The counterpart: a digest holds each file that the model reads, and no other."""
    rows = [{"name": "fine", "features": {"groups": ["P", "M"]}}, {"name": "all"}]
    job = job_of(contest, tmp_path / "run", models=rows)
    built(job, scenes, tiles)
    own, whole = (tiles_of(job, row)[TEST[0]] for row in job.config.models)
    assert set(own.digest) == {"P.npy", "M.npy", "mask.npy", "tile.json"}
    assert set(whole.digest) == {*own.digest, "A.npy"}
    assert own.digest["mask.npy"] == own.file("mask.npy")
    folder = job.run / "tiles" / f"scene-{TEST[0]}"
    assert own.digest["P.npy"] == hash_file(folder / "P.npy")


def test_nodata_of_one_model_s_bands_is_no_other_s(tmp_path: Path) -> None:
    """Where band group A is empty, the model without it answers, and alone where both tell."""
    raw = write_contest_folder(tmp_path / "raw", GROUPS)
    path = raw / "sixteen_band" / f"{TEST[0]}_A.tif"
    pixels = stripes(4, 8, 2, 3)
    pixels[:, :, :2] = 0  # the left half
    write_tiff(path, pixels)
    rows = [
        {"name": "fine", "features": {"groups": ["P", "M"]}},
        {"name": "swir", "classes": [5], "features": {"groups": ["A"]}, "tiles": {"metres": 3.75}},
    ]
    steps = {"steps": 1, "batch": 2, "validations": 1}
    job = job_of(raw, tmp_path / "run", models=rows, train=steps, tiles={"metres": 1.25})
    built(job, *EARLY, predict)
    found = levels_of(job, TEST[0])
    assert found.shape == (2, 24, 24)
    assert found.all()
    fine, swir = (
        answered(model) for model in (predictor.predictor_of(job, row) for row in job.config.models)
    )
    assert not swir[0, :, :4].any()
    assert swir[0, :, 6:].all()
    np.testing.assert_array_equal(found[0], fine[0])
    np.testing.assert_array_equal(found[1, :, :10], fine[1, :, :10])  # 12 columns less an edge
    assert not np.array_equal(found[1, :, 20:], fine[1, :, 20:])


def test_networks_of_one_model_stay_loaded_and_no_more(
    contest: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alive: weakref.WeakSet[torch.nn.Module] = weakref.WeakSet()
    counts = []

    def load(folder: Path) -> torch.nn.Module:
        network = load_network(folder)
        alive.add(network)
        counts.append(len(alive))
        return network

    monkeypatch.setattr(predictor, "load_network", load)
    rows = [{"name": name} for name in ("a", "b", "c")]
    steps = {"steps": 1, "batch": 2, "validations": 1}
    built(job_of(contest, tmp_path / "run", models=rows, train=steps), *EARLY, predict)
    # Of six networks two of a model; one may be loaded while the one that makes way is still there.
    assert max(counts) <= 3


def test_one_row_with_everything_is_what_no_row_is(contest: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    built(job_of(contest, run), *EARLY)
    again = built(job_of(contest, run, models=[{"name": "all"}]), *EARLY, predict)
    assert not any(again[stage] for stage in ("tiles", "augment", "train"))


def test_soft_and_grown_targets_reach_the_training_and_not_the_score(
    contest: Path, tmp_path: Path
) -> None:
    rows = [
        {"name": "soft", "targets": {"soft": True}, "tiles": {"metres": 2.0}},
        {"name": "grown", "targets": {"dilate": {1: 3.0}}},
        {"name": "plain"},
    ]
    job = job_of(contest, tmp_path / "run", models=rows)
    built(job, scenes, tiles, augment)
    compute = choose_compute("cpu", "float32")
    batches = {}
    for row in job.config.models:
        ground, training = load_ground(job, row), Training(row.name, 0)
        source = make_source(ground, training, compute)
        batches[row.name] = source.batch(0).masks
        assert {batch.masks.dtype for batch in source.held_out()} == {torch.bool}
    assert batches["plain"].dtype == torch.bool
    # A stripe of 10 m ends between pixels of 2 m.
    soft = batches["soft"]
    assert soft.dtype == torch.float32
    assert ((soft > 0) & (soft < 1)).any()
    assert torch.isin(batches["grown"], torch.tensor([0.0, 1.0])).all()
    assert batches["grown"][:, 0].mean() > 1.2 * batches["plain"][:, 0].float().mean()
    assert torch.equal(batches["grown"][:, 1].bool(), batches["plain"][:, 1])


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([{"name": "a", "classes": [1]}], r"no row tells the class 5"),
        ([{"name": "a", "answers": [1]}], r"no row tells the class 5"),
        ([{"name": "a", "classes": [1], "answers": [5]}], r"models\.0\.answers: 5 is no class"),
        ([{"name": "a"}, {"name": "A"}], r"the name a stands there twice"),
        ([{"name": "a", "classes": [1, 1]}, {"name": "b"}], r"names a class twice"),
        ([{"name": "a", "classes": [3]}], r"models\.0\.classes: 3 is no class code"),
        ([{"name": "a", "augment": {"folds": 3}}], r"models\.0\.augment\.folds: all models"),
        ([{"name": "a", "augment": {"patch": 17}}], r"models\.0\.augment\.patch: 17 is not div"),
        ([{"name": "a", "tiles": {"metres": 900}}], r"models\.0\.tiles\.metres: 900"),
        ([{"name": "a", "targets": {"dilate": {4: 1}}}], r"models\.0\.targets\.dilate: 4 is no"),
        ([{"name": "a", "transfer": {"trained": "decoder"}}], r"models\.0\.transfer\.trained"),
        ([{"name": "a", "capacity": 5000}], r"less than or equal to 16"),
        ([{"name": "a", "capacity": 2, "network": {"kind": "smp"}}], r"capacity: 2 can't rescale"),
        ([], r"at least 1 item"),
    ],
)
def test_rows_that_can_not_be(contest: Path, rows: list[dict[str, Any]], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        contest_config(contest, GROUPS, models=rows)


def test_models_with_classes_in_common_are_joined(contest: Path, tmp_path: Path) -> None:
    both = job_of(contest, tmp_path / "run", models=[{"name": "a"}, {"name": "b", "classes": [1]}])
    built(both, *EARLY, predict)
    rows = {row.name: row for row in both.config.models}
    alone = {}
    for name, row in rows.items():
        model = predictor.predictor_of(both, row)
        used = model.used(None, "folds")
        assert [item.name for item in used] == [f"{name}-fold-0", f"{name}-fold-1"]
        alone[name] = answered(model).astype(float)
    joined = levels_of(both, TEST[0]).astype(float)
    np.testing.assert_allclose(joined[0], (alone["a"][0] + alone["b"][0]) / 2, atol=0.5)
    np.testing.assert_array_equal(joined[1], alone["a"][1])


def test_a_row_may_learn_more_than_it_answers(contest: Path, tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [{"name": "a"}, {"name": "b", "train": {"seed": 3}}]
    job = job_of(contest, tmp_path / "run", models=rows)
    built(job, *EARLY, predict)
    both = levels_of(job, TEST[0])
    less = job_of(contest, job.run, models=[rows[0], {**rows[1], "answers": [5]}])
    made = built(less, *EARLY, predict)
    assert not made["train"], "what is learned stays"
    some = levels_of(less, TEST[0])
    alone = predictor.predictor_of(less, less.config.models[0])
    first = answered(alone)
    np.testing.assert_array_equal(some[0], first[0])
    np.testing.assert_array_equal(some[1], both[1])
    assert not np.array_equal(both[0], first[0])


def test_repeats_and_retraining(contest: Path, tmp_path: Path) -> None:
    job = job_of(contest, tmp_path / "run", ensemble={"repeats": 2, "unlabelled": "retrained"})
    made = built(job, *EARLY, predict)
    folds = {f"all-fold-{fold}{repeat}" for fold in (0, 1) for repeat in ("", ".1")}
    assert made["train"] == {*folds, "all-retrained", "all-retrained.1"}
    train_folder = job.run / "train"
    best = [read_json(train_folder / name / "training.json")["best_step"] for name in folds]
    end = read_json(train_folder / "all-retrained" / "training.json")
    assert end["steps"] == end["settings"]["train"]["steps"] == round(float(np.median(best)))
    assert end["mean_jaccard"] is None
    assert set(read_network_record(train_folder / "all-retrained").seen or ()) == set(TRAIN)
    networks = {s: read_json(job.run / "predict" / f"scene-{s}" / "prediction.json") for s in TEST}
    assert networks[TEST[0]]["networks"] == ["all-retrained", "all-retrained.1"]
    labelled = read_json(job.run / "predict" / f"scene-{TRAIN[0]}" / "prediction.json")
    assert len(labelled["networks"]) == 2
    assert all(name.startswith("all-fold-") for name in labelled["networks"])
    repeats = [(train_folder / f"all-fold-0{r}" / "weights.safetensors") for r in ("", ".1")]
    assert repeats[0].read_bytes() != repeats[1].read_bytes()
    both = job_of(contest, job.run, ensemble={"repeats": 2, "unlabelled": "both"})
    assert built(both, train, predict) == {"train": set(), "predict": {f"scene-{TEST[0]}"}}


@pytest.mark.parametrize("combine", ["mean", "geometric", "vote"])
def test_how_networks_are_combined_matters(contest: Path, tmp_path: Path, combine: str) -> None:
    run, window = tmp_path / "run", {"window": 32}  # a scene lies in one window
    plain = job_of(contest, run, predict=window)
    built(plain, *EARLY, predict)
    before = levels_of(plain, TEST[0])
    other = job_of(contest, run, predict=window, ensemble={"combine": combine})
    built(other, predict)
    after = levels_of(other, TEST[0])
    assert np.array_equal(before, after) == (combine == "mean")
    if combine == "vote":  # two networks give three shares
        assert set(np.unique(after)) <= {1, 128, 255}


def _other_run(contest: Path, run: Path, **sections: Any) -> Job:
    """A whole run, up to its thresholds."""
    job = job_of(contest, run, **sections)
    prepare.prepare(job)
    built(job)
    return job


def test_runs_are_joined(contest: Path, tmp_path: Path) -> None:
    _other_run(contest, tmp_path / "first")
    _other_run(contest, tmp_path / "second", train={"steps": 2, "seed": 5})
    ensemble: dict[str, Any] = {"runs": ["second"], "weights": [1, 3]}
    joined = job_of(contest, tmp_path / "first", ensemble=ensemble)
    made = built(joined, train, predict)
    assert not made["train"]
    own, other = levels_of(joined, TEST[0], "own-"), tmp_path / "second" / "predict"
    theirs = read_levels(other / f"scene-{TEST[0]}" / "probability.tif")
    wanted = np.rint(own * 0.25 + theirs * 0.75)
    np.testing.assert_allclose(levels_of(joined, TEST[0]), wanted, atol=1)
    assert not np.array_equal(own, theirs)
    assert built(joined, predict)["predict"] == set()
    vote = job_of(contest, tmp_path / "first", ensemble={**ensemble, "join": "vote"})
    built(vote, predict)
    assert set(np.unique(levels_of(vote, TRAIN[0]))) <= {1, 64, 191, 255}
