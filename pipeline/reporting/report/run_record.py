"""What was run: configuration, data, code, machine, and what each stage took."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pipeline.reporting.page.blocks import Block, Cell, Code, Facts, Section, Table, Text
from pipeline.reporting.report.amounts import duration, size
from pipeline.reporting.report.chart_picture import chart_picture
from pipeline.reporting.report.stage_chart import stage_chart
from pipeline.reporting.report.stage_record import StageRecord

_FACTS: Final = (
    ("cpu", "processor"),
    ("cores", "cores used at most"),
    ("memory_gib", "memory, GiB"),
    ("gpus", "graphics cards"),
    ("platform", "system"),
    ("python", "Python"),
    ("pipeline", "pipeline, version"),
    ("commit", "pipeline, commit"),
)
_LIBRARIES: Final = "libraries"
_SHOWN: Final = ("torch", "numpy")
"""Libraries that stand among the facts; the others are folded."""
_DIGITS: Final = 8


@dataclass(frozen=True)
class RunRecord:
    """A run.

    Attributes:
        name: Its name.
        folder: Where its raw data lie.
        layout: How they are laid out.
        classes: Names of the classes.
        bands: Names of the band groups, with their bands and metres.
        models: Names of the models.
        scenes: Number of scenes by role.
        config: Text of the resolved configuration.
        stages: That have finished, in the order of the chain.
    """

    name: str
    folder: str
    layout: str
    classes: tuple[str, ...]
    bands: tuple[str, ...]
    models: tuple[str, ...]
    scenes: Mapping[str, int]
    config: str
    stages: tuple[StageRecord, ...]


def run_section(run: RunRecord) -> Section:
    """The section on what was run."""
    blocks: list[Block] = [_facts(run)]
    if run.stages:
        blocks += [_chart(run.stages), _table(run.stages), Text(_NOTE, "note")]
    blocks += _machines(run.stages)
    blocks.append(
        Code("The whole configuration, with all that was not named (config.yaml)", run.config)
    )
    return Section("run", "What was run", tuple(blocks))


_NOTE: Final = (
    "A stage's time is that of the last command that made anything new in it: results that were "
    "kept from before are not in it."
)


def _facts(run: RunRecord) -> Facts:
    days = sorted(stage.day for stage in run.stages if stage.day)
    scenes = ", ".join(f"{count:,} {role}" for role, count in run.scenes.items() if count)
    rows = [
        ("run", run.name),
        ("made (UTC)", _span(days)),
        ("data", f"{run.folder} ({run.layout})"),
        ("scenes", scenes or "not recorded"),
        ("classes", ", ".join(run.classes)),
        ("band groups", "; ".join(run.bands)),
        ("models", ", ".join(run.models)),
    ]
    return Facts(tuple(rows))


def _span(days: Sequence[str]) -> str:
    """From the first to the last of sorted times."""
    if not days:
        return "not recorded"
    return days[0] if days[0] == days[-1] else f"{days[0]} to {days[-1]}"


def _chart(stages: Sequence[StageRecord]) -> Block:
    told = ", ".join(
        f"{stage.name} {'not recorded' if stage.seconds is None else duration(stage.seconds)}"
        for stage in stages
    )
    return chart_picture(stage_chart(stages), f"Time and size of each stage: {told}.")


def _table(stages: Sequence[StageRecord]) -> Table:
    rows: list[tuple[Cell, ...]] = [
        (
            stage.name,
            stage.purpose,
            stage.day or None,
            stage.code[:_DIGITS] or None,
            stage.items,
            stage.built,
            size(stage.size),
            None if stage.seconds is None else duration(stage.seconds),
        )
        for stage in stages
    ]
    known = [stage.seconds for stage in stages if stage.seconds is not None]
    return Table(
        "What each stage made: when (UTC) and by which version of the code, how many results it "
        "has and how many were made then, their size on disk, the time it took",
        ("stage", "what it does", "made", "code", "results", "made then", "size", "time"),
        tuple(rows),
        foot=(
            *("all", "", "", ""),
            sum(stage.items for stage in stages),
            "",
            size(sum(stage.size for stage in stages)),
            duration(sum(known)),
        ),
        texts=2,
        folded=True,
    )


def _machines(stages: Sequence[StageRecord]) -> list[Block]:
    """A block of facts per machine and version, with the stages that were made there."""
    groups: dict[str, tuple[Mapping[str, Any], list[str]]] = {}
    for stage in stages:
        key = json.dumps(stage.machine, sort_keys=True)
        groups.setdefault(key, (stage.machine, []))[1].append(stage.name)
    blocks: list[Block] = []
    for machine, names in groups.values():
        where = "All stages" if len(groups) == 1 else f"{_stages(len(names))} {', '.join(names)}"
        if not machine:
            blocks.append(Text(f"{where}: neither machine nor versions were recorded.", "note"))
            continue
        blocks += [Text(f"{where} ran here:"), _machine(machine)]
        libraries = machine.get(_LIBRARIES)
        if isinstance(libraries, Mapping) and libraries:
            rows = tuple((str(name), str(version)) for name, version in libraries.items())
            caption = "Versions of libraries"
            blocks.append(Table(caption, ("library", "version"), rows, texts=2, folded=True))
    return blocks


def _stages(count: int) -> str:
    return "Stage" if count == 1 else "Stages"


def _machine(machine: Mapping[str, Any]) -> Facts:
    """What is known of a machine, in the order of reading."""
    rows = [(title, _value(machine.get(key))) for key, title in _FACTS]
    libraries = machine.get(_LIBRARIES)
    if isinstance(libraries, Mapping):
        rows += [(name, str(libraries[name])) for name in _SHOWN if name in libraries]
    return Facts(tuple(rows))


def _value(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    return "not recorded" if value in (None, "") else str(value)
