"""What stage ``tune`` found, as blocks of the report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from pipeline.mapping.masks.postprocessing import IN_METRES
from pipeline.mapping.thresholds import probability_of
from pipeline.reporting.page.blocks import Block, Cell, Table, Text
from pipeline.reporting.viewer.data import ViewerClass

_WAYS: Final = ("now", "tuned", "cross_fitted")
_ABOUT: Final = (
    "Tuned values flatter where the same scenes chose them; cross-fitted, each fold has the values "
    "that the others chose. They are taken over only for classes that gain cross-fitted."
)


def tuning_blocks(
    record: Mapping[str, Any], rules: Sequence[Mapping[str, Any]], classes: Sequence[ViewerClass]
) -> list[Block]:
    """Scores as they were and tuned, what changes, and what became of rules.

    Args:
        record: What ``scores.json`` of stage ``tune`` holds.
        rules: What its ``rules.json`` holds.
        classes: All classes.
    """
    found = [(row, record["classes"][str(row.code)]) for row in classes]
    rows: list[tuple[Cell, ...]] = [
        (
            row.name,
            *(tuned[way]["jaccard"] for way in _WAYS),
            "yes" if tuned["taken"] else "no",
            _changes(tuned["cleaning"]["now"], tuned["cleaning"]["tuned"]),
        )
        for row, tuned in found
    ]
    means = record["means"]
    blocks: list[Block] = [
        Text(_ABOUT, "note"),
        Table(
            "Jaccard index of held-out scenes as it is and tuned, pixels",
            ("class", "as it is", "tuned", "cross-fitted", "taken over", "tuned values"),
            tuple(rows),
            ("mean", *(means[way] for way in _WAYS), "", ""),
            colours=tuple(row.colour for row, _ in found),
        ),
        Text(f"With what is taken over, cross-fitted, the mean is {means['kept']:.4f}."),
    ]
    return [*blocks, _rule_table(rules)] if rules else blocks


def _changes(now: Mapping[str, float], tuned: Mapping[str, float]) -> str:
    """Values that tuning changes, with their units."""
    found = [
        f"{_NAMES[key]} {_value(key, tuned[key])} (was {_value(key, now[key])})"
        for key in _NAMES
        if tuned[key] != now[key]
    ]
    return ", ".join(found) or "as they were"


_NAMES: Final = {
    "smooth": "smoothing",
    "median": "median",
    "closing": "closing",
    "opening": "opening",
    "seed": "hysteresis",
    "min_hole": "smallest hole",
    "min_area": "smallest part",
}


def _value(key: str, value: float) -> str:
    if key == "seed":
        return f"{probability_of(int(value)):.2f}" if value else "none"
    return f"{value:.3g} {'m' if key in IN_METRES else 'm²'}"


def _rule_table(rules: Sequence[Mapping[str, Any]]) -> Table:
    rows: list[tuple[Cell, ...]] = [
        (
            row["name"],
            *(row[key] for key in ("without", "before", "after", "carried")),
            _state(row["row"], row["was"]),
        )
        for row in rules
    ]
    return Table(
        "Mean Jaccard index with each rule, those before it as they became",
        ("rule", "without it", "as it is", "tuned", "cross-fitted", "is now"),
        tuple(rows),
    )


def _state(now: Mapping[str, Any], was: Mapping[str, Any]) -> str:
    if not now["on"]:
        return "off"
    changed = [key for key, value in now.items() if key != "name" and value != was.get(key)]
    found = (f"{key} {_plain(now[key])} (was {_plain(was.get(key))})" for key in changed)
    return ", ".join(found) or "as it was"


def _plain(value: Any) -> str:
    return f"{value:g}" if isinstance(value, int | float) else str(value)
