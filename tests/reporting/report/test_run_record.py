"""What was run, by hand; what older versions did not record is told."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from matplotlib.patches import Rectangle

from pipeline.reporting.page.blocks import Code, Facts, Section, Table, Text
from pipeline.reporting.report import run_record as module
from pipeline.reporting.report.run_record import RunRecord, run_section
from pipeline.reporting.report.stage_chart import stage_chart
from pipeline.reporting.report.stage_record import StageRecord
from tests.reporting.search.drawn import collisions, texts

MACHINE: dict[str, Any] = {
    "cpu": "A <b> CPU",
    "cores": 2,
    "memory_gib": 15.5,
    "gpus": [],
    "platform": "",
    "python": "3.11.2",
    "libraries": {"numpy": "2.1.0", "torch": "2.14.0"},
    "pipeline": "1.0",
    "commit": "abc",
}
MANIFEST: dict[str, Any] = {
    "code": "0123456789abcdef",
    "items": {"a": {}, "b": {}},
    "built": 1,
    "seconds": 174.8,
    "made_at": "2026-07-01T10:11:12.123+00:00",
    "machine": MACHINE,
}
TRAIN = StageRecord.of("train", "networks per model and fold", 3_700_000, MANIFEST)
OLD = StageRecord.of("tiles", "cache", 1_000, {"items": {"a": {}}, "seconds": 19.4})
RUN = RunRecord(
    name="demo",
    folder="data/<raw>",
    layout="contest",
    classes=("Roads", "Water"),
    bands=("M: red, green, 2 m",),
    models=("all",),
    scenes={"train": 12, "unused": 0, "test": 4},
    config="tiles: {}\n",
    stages=(OLD, TRAIN),
)


def test_manifest_is_read() -> None:
    assert (
        StageRecord(
            *("train", "networks per model and fold", 2, 3_700_000, 174.8, 1, "0123456789abcdef"),
            made_at="2026-07-01T10:11:12.123+00:00",
            machine=MACHINE,
        )
        == TRAIN
    )
    assert TRAIN.day == "2026-07-01 10:11"
    assert (OLD.built, OLD.code, OLD.day, OLD.machine) == (None, "", "", {})


@pytest.mark.parametrize("value", ["x", [1], 5])
def test_damaged_manifest_says_nothing(value: Any) -> None:
    names = ("items", "seconds", "machine", "built")
    stage = StageRecord.of("train", "", 0, dict.fromkeys(names, value))
    assert stage.items == 0
    assert stage.machine == {}


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """No chart: drawing takes most of a test's time."""
    monkeypatch.setattr(module, "stage_chart", lambda _: None)
    monkeypatch.setattr(module, "chart_picture", lambda _, alt: Text(alt))


def _facts(section: Section) -> list[dict[str, str]]:
    return [dict(block.rows) for block in section.blocks if isinstance(block, Facts)]


@pytest.mark.usefixtures("undrawn")
def test_section_by_hand() -> None:
    section = run_section(RUN)
    run, machine = _facts(section)
    assert run == {
        "run": "demo",
        "made (UTC)": "2026-07-01 10:11",
        "data": "data/<raw> (contest)",
        "scenes": "12 train, 4 test",
        "classes": "Roads, Water",
        "band groups": "M: red, green, 2 m",
        "models": "all",
    }
    assert machine == {
        "processor": "A <b> CPU",
        "cores used at most": "2",
        "memory, GiB": "15.5",
        "graphics cards": "none",
        "system": "not recorded",
        "Python": "3.11.2",
        "pipeline, version": "1.0",
        "pipeline, commit": "abc",
        "torch": "2.14.0",
        "numpy": "2.1.0",
    }
    stages, libraries = [block for block in section.blocks if isinstance(block, Table)]
    assert stages.rows == (
        ("tiles", "cache", None, None, 1, None, "1.0 kB", "19 s"),
        (
            *("train", "networks per model and fold", "2026-07-01 10:11", "01234567"),
            *(2, 1, "3.7 MB", "2 min 55 s"),
        ),
    )
    assert stages.foot == ("all", "", "", "", 3, "", "3.7 MB", "3 min 14 s")
    assert libraries.rows == (("numpy", "2.1.0"), ("torch", "2.14.0"))
    said = [block.text for block in section.blocks if isinstance(block, Text)]
    assert said[0] == "Time and size of each stage: tiles 19 s, train 2 min 55 s."
    assert "Stage tiles: neither machine nor versions were recorded." in said
    assert "Stage train ran here:" in said
    assert section.blocks[-1] == Code(
        "The whole configuration, with all that was not named (config.yaml)", "tiles: {}\n"
    )


@pytest.mark.usefixtures("undrawn")
def test_run_without_any_result_has_its_configuration() -> None:
    section = run_section(replace(RUN, stages=(), scenes={}))
    assert _facts(section)[0]["made (UTC)"] == "not recorded"
    assert _facts(section)[0]["scenes"] == "not recorded"
    assert isinstance(section.blocks[-1], Code)
    assert len(section.blocks) == 2


@pytest.mark.usefixtures("undrawn")
def test_stages_of_one_machine_stand_together() -> None:
    later = replace(TRAIN, name="predict", made_at="2026-07-02T00:00:00+00:00")
    section = run_section(replace(RUN, stages=(TRAIN, later)))
    assert Text("All stages ran here:") in section.blocks
    assert _facts(section)[0]["made (UTC)"] == "2026-07-01 10:11 to 2026-07-02 00:00"


def test_bars_have_their_numbers() -> None:
    figure = stage_chart([OLD, TRAIN, replace(OLD, name="score", seconds=None)])
    bars = figure.axes[0].patches
    widths = [bar.get_width() for bar in bars if isinstance(bar, Rectangle)]
    assert widths == pytest.approx([19.4 / 60, 174.8 / 60, 0])
    assert {
        "train took 90 % of 3 min 14 s",
        *("19 s", "2 min 55 s", "not recorded", "time, minutes", "results on disk, MB"),
    } <= set(texts(figure))


@pytest.mark.parametrize("seconds", [0.1, 100.0, 3e5, None])
def test_texts_lie_apart(seconds: float | None) -> None:
    stages = [replace(OLD, seconds=seconds, size=10**n) for n in range(13)]
    assert not collisions(stage_chart(stages))
