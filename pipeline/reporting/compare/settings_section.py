"""The section that says what was done differently: configuration, code, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pipeline.reporting.chart_style import shorten
from pipeline.reporting.compare.settings import setting_differences
from pipeline.reporting.page.blocks import Block, Section, Table, Text

_DIGITS: Final = 8
"""Of a hash, what is shown."""
_SHOWN_ONLY: Final = "report"
"""A section that no result depends on."""
_MOST: Final = 300
_KEY: Final = 90


@dataclass(frozen=True)
class Record:
    """What a run says of itself.

    Attributes:
        run: Its name.
        config: Its resolved configuration; None if it is not there or damaged.
        code: Version of the code that made each stage that it has.
        pixels: Mean Jaccard index of held-out scenes in pixels, by how it was found.
    """

    run: str
    config: Mapping[str, Any] | None
    code: Mapping[str, str]
    pixels: Mapping[str, float]


def settings_section(records: Sequence[Record]) -> Section:
    """What differs between runs."""
    blocks = [*_settings(records), *_code(records), *_pixels(records)]
    return Section("settings", "What differs", tuple(blocks))


def _settings(records: Sequence[Record]) -> list[Block]:
    known = [
        (row.run, {key: value for key, value in row.config.items() if key != _SHOWN_ONLY})
        for row in records
        if row.config is not None
    ]
    if len(known) < 2:
        return [Text("Less than two runs have a configuration that can be read.", "warning")]
    found = setting_differences([config for _, config in known])
    if not found:
        return [Text("The configurations are the same.")]
    rows = tuple((shorten(key, _KEY), *values) for key, values in found[:_MOST])
    caption = "Settings that differ; a dash: has no such setting"
    blocks: list[Block] = [
        Table(caption, ("setting", *(run for run, _ in known)), rows, texts=len(known) + 1)
    ]
    if len(found) > _MOST:
        blocks.append(Text(f"{len(found) - _MOST} more settings differ.", "note"))
    return blocks


def _code(records: Sequence[Record]) -> list[Block]:
    stages = dict.fromkeys(stage for row in records for stage in row.code)
    rows = []
    for stage in stages:
        codes = [row.code.get(stage) for row in records]
        if len(set(codes)) > 1:
            rows.append((stage, *(None if code is None else code[:_DIGITS] for code in codes)))
    if not rows:
        return [Text("All stages were made by the same code.")]
    return [
        Table(
            "Stages made by different code: first digits of its version; a dash: was not run",
            ("stage", *(row.run for row in records)),
            tuple(rows),
            texts=len(records) + 1,
        )
    ]


def _pixels(records: Sequence[Record]) -> list[Block]:
    ways = dict.fromkeys(way for row in records for way in row.pixels)
    if not ways:
        return []
    rows = tuple((way, *(row.pixels.get(way) for row in records)) for way in ways)
    caption = "Mean Jaccard index of held-out scenes in pixels, each run on its own folds"
    return [Table(caption, ("thresholds", *(row.run for row in records)), rows)]
