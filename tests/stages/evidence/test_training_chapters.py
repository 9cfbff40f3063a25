"""Chapters on trainings, networks and plans, from a run's own files."""

from __future__ import annotations

import math
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from pipeline.artifacts import StageFolder
from pipeline.config.network import UNet
from pipeline.errors import ArtifactError
from pipeline.files import write_json
from pipeline.learning.history import Row, history_text
from pipeline.learning.weights import RECORD, NetworkRecord
from pipeline.reporting.page.blocks import Facts, Picture, Section, Table, Text
from pipeline.reporting.page.rendering import render_page
from pipeline.stages.evidence import learning, network, plan
from pipeline.stages.evidence.chapter import Chapter
from pipeline.stages.job import Job
from tests.stages.fake_run import CODES, FOLDS, changed, make_run

END = {"stopped": "steps", "seconds": 2.0, "device": "cpu, float32", "steps": 20}
PLAN = (
    "scene,row,col,weight,class_3,class_7,valid\n"
    "a_0_0,0,0,0.75,10,20,100\nb_0_0,0,0,0.25,0,10,100\n"
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Job:
    """A run whose trainings, plan and sheet are there; a name of a class is hostile."""
    job = make_run(tmp_path_factory.mktemp("run"))
    classes = [row.model_dump() for row in job.config.dataset.classes]
    classes[0]["name"] = "<script>alert(1)</script>"
    job = changed(job, dataset={"classes": classes})
    with StageFolder(job.run / "train", "train", "test") as stage:
        for name, fold in (("all-fold-0", 0), ("all-fold-1", 1), ("all-retrained", None)):
            stage.item(name, {"new": True}, _writer(fold))
    with StageFolder(job.run / "augment", "augment", "test") as stage:
        stage.item("folds", {"new": True}, _write_folds)
        stage.item("plan-all", {}, lambda f: _write(f / "plan.csv", PLAN))
        stage.item(
            "contact-sheet-all",
            {},
            lambda f: Image.new("RGB", (9, 7)).save(f / "contact-sheet.png"),
        )
    return job


@pytest.fixture
def job(made: Job, tmp_path: Path) -> Job:
    """A copy of the run."""
    shutil.copytree(made.run, tmp_path / "run")
    return replace(made, run=tmp_path / "run")


def _write(path: Path, text: str) -> None:
    path.write_text(text)


def _writer(fold: int | None) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        mean = math.nan if fold is None else 0.25 + 0.25 * fold
        rows = [
            Row(10, 1.0, 0.1, 1.0, mean, (mean, mean)),
            Row(20, 0.5, 0.0, 2.0, mean, (mean, mean)),
        ]
        _write(folder / "history.csv", history_text(rows, CODES))
        write_json(folder / "training.json", END | {"best_step": 20})
        settings = UNet(width=2, depth=1).model_dump(mode="json")
        write_json(
            folder / RECORD,
            {"network": settings, "channels": ["M.x", "M.y", "M.z"], "codes": list(CODES)},
        )

    return write


def _write_folds(folder: Path) -> None:
    shares = {"3": 0.1, "7": 0.0}
    folds = {str(n): list(scenes) for n, scenes in enumerate(FOLDS)}
    write_json(folder / "folds.json", {"folds": folds, "shares": {"0": shares, "1": shares}})


Maker = Callable[[Job, StageFolder], Chapter | None]


def _chapter(job: Job, make: Maker) -> tuple[Chapter | None, list[str]]:
    """A chapter, and the items that it had to make."""
    with job.open("report") as folder:
        return make(job, folder), folder.built


def _section(job: Job, make: Maker) -> Section:
    made, _ = _chapter(job, make)
    assert made is not None
    (section,) = made.write()
    return section


def test_trainings_are_told_in_their_order(job: Job) -> None:
    section = _section(job, learning.chapter)
    scores, ends = [block for block in section.blocks if isinstance(block, Table)]
    assert scores.rows[1] == ("Water", "all", 0.25, 0.5, 0.375)
    assert [row[0] for row in ends.rows] == ["all-fold-0", "all-fold-1", "all-retrained"]
    page = render_page("Run", "", [section])
    assert "&lt;script&gt;alert" in page
    assert "<script>alert" not in page


def test_nothing_is_told_of_what_was_not_made(job: Job) -> None:
    empty = Job(job.config, job.run.parent / "empty")
    for make in (learning.chapter, network.chapter, plan.chapter):
        made, built = _chapter(empty, make)
        assert made is None
        assert not built


def test_networks_of_another_run_are_told(job: Job) -> None:
    user = changed(Job(job.config, job.run.parent / "user"), ensemble={"trained": "run"})
    section = _section(user, learning.chapter)
    assert section.blocks[0] == Text(
        "Nothing was trained in this run: its networks are those of run run."
    )
    assert any(isinstance(block, Picture) for block in section.blocks)


@pytest.mark.parametrize("name", ["gone", "../run", "damaged"])
def test_another_run_that_is_gone_is_no_error(job: Job, name: str) -> None:
    damaged = job.run.parent / "damaged" / "train"
    damaged.mkdir(parents=True)
    (damaged / "manifest.json").write_text("{")
    user = changed(Job(job.config, job.run.parent / "user"), ensemble={"trained": name})
    section = _section(user, learning.chapter)
    assert Text("No training has left a history.", "warning") in section.blocks
    assert _chapter(user, network.chapter)[0] is None


def test_damaged_history_is_named(job: Job) -> None:
    path = job.run / "train" / "all-fold-0" / "history.csv"
    path.write_text(path.read_text() + "x")
    with pytest.raises(ArtifactError, match="damaged or removed; run `train` again"):
        _chapter(job, learning.chapter)


def test_network_is_measured_once(job: Job) -> None:
    """Width 2, two convolutions of 3 x 3 and a last one: 54 + 4 + 36 + 4 + 4 + 2 weights."""
    made, built = _chapter(job, network.chapter)
    assert len(built) == 1
    assert _chapter(job, network.chapter)[1] == []
    assert made is not None
    (section,) = made.write()
    (facts,) = [block for block in section.blocks if isinstance(block, Facts)]
    values = dict(facts.rows)
    assert values["weights"] == "104"
    assert values["a pixel's answer depends on"] == "5 × 5 pixels, 10 m on the ground"


def test_network_that_cannot_be_built_is_told(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise ValueError("levels")

    monkeypatch.setattr(network, "build", broken)
    section = _section(job, network.chapter)
    assert isinstance(section.blocks[0], Text)
    assert section.blocks[0].kind == "warning"


def test_networks_that_differ_only_in_classes_are_one(job: Job) -> None:
    config = changed(job).config
    row = config.models[0]
    models = tuple(row.model_copy(update={"name": name}) for name in ("a", "b", "c"))
    config = config.model_copy(update={"models": models})
    records = [
        NetworkRecord(UNet(width=2, depth=1), ("M.x",), (3,)),
        NetworkRecord(UNet(width=2, depth=1), ("M.x",), (7,)),
        NetworkRecord(UNet(width=4, depth=1), ("M.x",), (3,)),
    ]
    found = network.distinct(config, dict(zip("abc", records, strict=True)))
    assert [models for _, models in found.values()] == [["a", "b"], ["c"]]


def test_plan_of_a_run(job: Job) -> None:
    section = _section(job, plan.chapter)
    settings, folds = [block for block in section.blocks if isinstance(block, Table)]
    assert settings.rows[0][:4] == ("all", "eight", "none", 2)
    assert [row[1] for row in folds.rows] == ["a_0_0, b_0_0", "c_0_0"]
    sheet = [block for block in section.blocks if isinstance(block, Picture)][-1]
    assert (sheet.form, sheet.width) == ("webp", 9)
    assert sheet.data[8:12] == b"WEBP"
    lacking = "Some fold has nothing of Water: no score there can tell."
    assert Text(lacking, "warning") in section.blocks


def test_damaged_folds_are_named(job: Job) -> None:
    with StageFolder(job.run / "augment", "augment", "test") as stage:
        stage.item("folds", {"bad": True}, lambda f: write_json(f / "folds.json", {"folds": [1]}))
    made, _ = _chapter(job, plan.chapter)
    assert made is not None
    with pytest.raises(ArtifactError, match=r"folds.json: not a list of folds"):
        made.write()


def test_inputs_follow_what_is_told(job: Job) -> None:
    """A page is made anew when a name of a class or a training changes, and only then."""
    before = {
        make: _inputs(job, make) for make in (learning.chapter, network.chapter, plan.chapter)
    }
    assert before == {make: _inputs(job, make) for make in before}
    classes = [row.model_dump() for row in job.config.dataset.classes]
    renamed = changed(job, dataset={"classes": [classes[0], classes[1] | {"name": "Sea"}]})
    for make, inputs in before.items():
        assert _inputs(renamed, make) != inputs
    with StageFolder(job.run / "train", "train", "test") as stage:
        stage.item("all-fold-0", {"other": True}, _writer(1))
    assert _inputs(job, learning.chapter) != before[learning.chapter]
    assert _inputs(job, plan.chapter) == before[plan.chapter]


def _inputs(job: Job, make: Maker) -> Any:
    made, _ = _chapter(job, make)
    assert made is not None
    return made.inputs
