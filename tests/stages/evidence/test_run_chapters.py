"""Chapters on searches, checks, the data and the run itself, from a run's own files."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from pipeline.artifacts import StageFolder
from pipeline.files import write_json
from pipeline.reporting.page.blocks import Code, Facts, Group, Picture, Section, Table, Text
from pipeline.search.entry import Entry
from pipeline.search.ledger import open_ledger
from pipeline.stages.evidence import catalogue, checks, run_record, search
from pipeline.stages.evidence.chapter import Chapter
from pipeline.stages.job import Job
from tests.reporting.search.made import entry
from tests.stages.fake_run import changed, make_run

Maker = Callable[[Job, StageFolder], Chapter | None]
SCENES: list[dict[str, Any]] = [
    {
        "id": "<b>a",
        "role": "train",
        "shape": [10, 10],
        "metres": 2.0,
        "groups": [],
        "offset": None,
        "labels": {},
        "problems": ["lacks <i>much"],
    },
    {"id": "c", "role": "unused", "problems": []},
]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Job:
    """A run without a search, without checks, and without a catalogue."""
    return make_run(tmp_path_factory.mktemp("run"))


@pytest.fixture
def job(made: Job, tmp_path: Path) -> Job:
    """A copy of the run, with a space to search."""
    shutil.copytree(made.run, tmp_path / "run")
    space = tmp_path / "space.yaml"
    space.write_text(
        "dimensions:\n"
        "  network.width: {choice: [2, 4], default: 4}\n"
        "  train.rate: {loguniform: [1.0e-3, 1.0e-1], default: 4.0e-3}\n"
    )
    copied = replace(made, run=tmp_path / "run")
    return changed(copied, search={"space": str(space), "steps": 900, "rungs": 3})


def _chapter(job: Job, make: Maker) -> Chapter | None:
    return make(job, StageFolder(job.run / "report", "report", "test"))


def _section(job: Job, make: Maker) -> Section:
    made = _chapter(job, make)
    assert made is not None
    (section,) = made.write()
    return section


def _search(job: Job, entries: list[Entry], name: str = "together") -> Path:
    path = job.run / "search" / f"{name}.jsonl"
    ledger = open_ledger(path)
    for one in entries:
        ledger.append(one)
    return path


ENTRIES = [
    entry(0, params={"network.width": 4, "old": "x"}),
    entry(1, score=0.75, params={"network.width": 2, "old": "y"}),
]


def test_search_that_has_not_ended_is_told(job: Job) -> None:
    assert _chapter(job, search.chapter) is None
    _search(job, ENTRIES)
    section = _section(job, search.chapter)
    said = [block.text for block in section.blocks if isinstance(block, Text)]
    assert said[1].startswith("The search has not ended. 2 trials: 2 scored, in 2 min 0 s")
    assert "0.750 on held-out ground after 100 steps, +0.250 against the default" in said[1]
    pictures = [block for block in section.blocks if isinstance(block, Picture)]
    assert b"best so far after 100 steps" in pictures[0].data  # 900 would be the full training
    assert not any(isinstance(block, Code) for block in section.blocks)


def test_search_that_has_ended_is_told(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    _search(job, ENTRIES)
    with StageFolder(job.run / "search", "search", "test") as stage:
        stage.item("trials-together", {}, lambda f: _write(f / "network-all.svg", "<svg/>"))
    (job.run / "search" / "best.yaml").write_text("models: []\n")
    records: list[tuple[Any, ...]] = []

    def told(*parts: Any) -> Section:
        records.append(parts)
        return Section("search", "")

    monkeypatch.setattr(search, "search_section", told)
    _section(job, search.chapter)
    ((found,), names, use, text) = records[0]
    assert (found.name, found.is_finished, found.others) == ("together", True, 0)
    assert found.budgets == (100, 300, 900)
    assert [axis.name for axis in found.axes] == ["network.width", "old"]
    assert found.axes[0].options == ("2", "4")
    assert found.networks == {"all": b"<svg/>"}
    assert (names["7"], use, text) == ("Water", "nothing", "models: []\n")


def test_only_entries_that_compare_with_the_last_are_shown() -> None:
    older = [Entry(**{**vars(one), "ground": "other"}) for one in ENTRIES]
    assert search.newest([*older, *ENTRIES]) == ENTRIES
    assert search.newest([*ENTRIES, *older]) == older
    assert search.newest([]) == []


def test_axes_of_a_space_that_is_gone_are_those_of_its_trials(job: Job) -> None:
    params: list[dict[str, Any]] = [{"a": 1, "b": "x"}, {"a": 2.5, "b": 3}, {"b": True}]
    one, two = search.shown_axes([entry(n, params=row) for n, row in enumerate(params)])
    assert (one.name, one.options) == ("a", None)
    assert (two.name, two.options) == ("b", ("x", "3", "true"))
    _search(job, ENTRIES[:1])  # too few to compare: there is one chart
    gone = changed(job, search={"space": "gone.yaml"})
    assert any(isinstance(block, Picture) for block in _section(gone, search.chapter).blocks)


def test_damaged_ledger_is_told(job: Job) -> None:
    path = _search(job, ENTRIES)
    path.write_text("{}\n" + path.read_text())
    section = _section(job, search.chapter)
    assert isinstance(section.blocks[1], Text)
    assert section.blocks[1].kind == "warning"
    assert "together.jsonl, line 1: damaged" in section.blocks[1].text


def test_rungs_that_were_changed_since_are_those_of_the_trials(job: Job) -> None:
    _search(job, [entry(0, 0), entry(0, 1)])
    other = changed(job, search={"steps": 50, "rungs": 1})
    section = _section(other, search.chapter)
    (table,) = [block for block in section.blocks if isinstance(block, Table)]
    assert table.rows[0][3] == 300


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


FINDING = {"level": "ok", "found": "all <b> classes", "advice": ""}


def test_checks_of_one_model(job: Job) -> None:
    assert _chapter(job, checks.chapter) is None
    report = {"folds": {"finding": FINDING}, "rate": {"finding": FINDING | {"level": "failure"}}}
    folder = job.run / "sanity"
    _write(folder / "report.json", json.dumps(report))
    Image.new("RGB", (12, 5)).save(folder / "rates.png")
    _write(folder / "units.png", "no picture")
    section = _section(job, checks.chapter)
    (table,) = [block for block in section.blocks if isinstance(block, Table)]
    assert [row[:3] for row in table.rows] == [("rate", "all", "failure"), ("folds", "all", "ok")]
    (group,) = [block for block in section.blocks if isinstance(block, Group)]
    (picture,) = group.blocks
    assert isinstance(picture, Picture)
    assert (picture.form, picture.width) == ("webp", 12)


def test_checks_of_several_models(job: Job) -> None:
    rows = tuple(job.config.models[0].model_copy(update={"name": name}) for name in ("a", "b"))
    config = job.config.model_copy(update={"models": rows})
    several = Job(config, job.run)
    _write(job.run / "sanity" / "b" / "report.json", json.dumps({"folds": {"finding": FINDING}}))
    (table,) = [b for b in _section(several, checks.chapter).blocks if isinstance(b, Table)]
    assert [row[1] for row in table.rows] == ["b"]


@pytest.mark.parametrize(
    "text",
    ["{", "[]", '{"a": 1}', '{"a": {"finding": {"level": "strange", "found": "", "advice": ""}}}'],
)
def test_damaged_checks_are_none(job: Job, text: str) -> None:
    _write(job.run / "sanity" / "report.json", text)
    assert _chapter(job, checks.chapter) is None


def test_data_without_a_catalogue_has_no_chapter(job: Job) -> None:
    assert _chapter(job, catalogue.chapter) is None
    assert _chapter(Job(job.config, job.run / "none"), catalogue.chapter) is None


def _catalogue(job: Job) -> None:
    with StageFolder(job.run / "scenes", "scenes", "test") as stage:
        stage.item("catalogue", {}, lambda f: write_json(f / "catalogue.json", {"scenes": SCENES}))


def test_data_of_a_run(job: Job) -> None:
    _catalogue(job)
    section = _section(job, catalogue.chapter)
    assert section.blocks[0] == Text(
        "2 scenes: 1 labelled for training, 1 left out. 1 problem in 1 scene."
    )
    table = section.blocks[1]
    assert isinstance(table, Table)
    assert table.rows == (("<b>a", "train", "lacks <i>much"),)


def test_run_is_told_with_its_configuration(job: Job) -> None:
    _catalogue(job)
    section = _section(job, run_record.chapter)
    facts = next(dict(b.rows) for b in section.blocks if isinstance(b, Facts))
    assert facts["run"] == job.run.name
    assert facts["scenes"] == "1 train, 1 unused"
    assert facts["band groups"] == "M: x, y, z, 2 m"
    table = next(block for block in section.blocks if isinstance(block, Table))
    assert [row[0] for row in table.rows] == ["scenes", "tiles", "augment", "train"]
    sizes = sum(p.stat().st_size for p in (job.run / "train").glob("*/*") if p.name != "item.json")
    assert f"{sizes / 1000:.1f} kB" == table.rows[3][6]
    assert section.blocks[-1] == Code(
        "The whole configuration, with all that was not named (config.yaml)", job.config.to_yaml()
    )


def test_run_that_has_nothing_yet_is_told(job: Job) -> None:
    section = _section(Job(job.config, job.run.parent / "empty"), run_record.chapter)
    assert isinstance(section.blocks[-1], Code)
    assert not any(isinstance(block, Table) for block in section.blocks)
