"""The section that says on which scenes runs disagree most."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from pipeline.mapping.jaccard import Overlap
from pipeline.mapping.wording import counted
from pipeline.reporting.compare.apart import Apart, ranked
from pipeline.reporting.compare.score_section import signed
from pipeline.reporting.compare.scored import Scored, common_ground
from pipeline.reporting.page.blocks import (
    Block,
    Cell,
    Gallery,
    Picture,
    Place,
    Section,
    Table,
    Text,
)

_ROWS: Final = 20
"""Scenes of a table."""


def scene_section(
    first: str,
    found: Sequence[Apart],
    scored: Mapping[str, Scored],
    pictures: Sequence[Picture],
    has_viewer: bool,
    remarks: Sequence[str] = (),
) -> Section:
    """Tables, small pictures and the place of the viewer.

    Args:
        first: Name of the first run.
        found: What each other run says differently of each scene.
        scored: By name of a run its score; runs without one are not in it.
        pictures: Of the scenes that differ most.
        has_viewer: Whether the page has a viewer.
        remarks: What was left out.
    """
    blocks: list[Block] = [Text(text, "warning") for text in remarks]
    blocks += _tables(first, found, scored)
    if pictures:
        blocks.append(Gallery("Where the predictions differ", tuple(pictures)))
    if has_viewer:
        blocks.append(Place())
    return Section("scenes", "Scenes", tuple(blocks))


def _tables(first: str, found: Sequence[Apart], scored: Mapping[str, Scored]) -> list[Block]:
    if not found:
        return [Text("No scene has polygons of the first run and of another.", "warning")]
    if not ranked(found):
        return [Text(f"All runs have the same polygons on all {_scenes(found)}.")]
    blocks: list[Block] = [
        Text(
            "Differing: of the ground that one or both runs have, what only one has. Scores: "
            "Jaccard index. Both sum the areas of all classes; a dash: not scored by both."
        )
    ]
    for run in dict.fromkeys(row.run for row in found):
        rows = [row for row in found if row.run == run]
        if ranked(rows):
            blocks.append(_table(first, run, rows, scored))
        else:
            blocks.append(Text(f"{run} has the same polygons as {first} on all {_scenes(rows)}."))
    return blocks


def _scenes(found: Sequence[Apart]) -> str:
    return counted(len({row.scene for row in found}), "scene")


def _table(first: str, run: str, rows: Sequence[Apart], scored: Mapping[str, Scored]) -> Table:
    order, known = ranked(rows), {row.scene: row for row in rows}
    scores = scene_scores(scored.get(first), scored.get(run))
    more = f"; the first {_ROWS} of {len(order)}" if len(order) > _ROWS else ""
    columns: tuple[str, ...] = ("scene", "mostly", "differing")
    lines: list[tuple[Cell, ...]] = []
    for scene in order[:_ROWS]:
        share = f"{100 * known[scene].share:.1f}%"
        lines.append((scene, known[scene].most, share, *_score_cells(scores.get(scene))))
    if any(scene in scores for scene in order[:_ROWS]):
        columns = (*columns, first, run, "difference")
    shown = tuple(line[: len(columns)] for line in lines)
    return Table(f"Scenes on which {run} and {first} differ most{more}", columns, shown, texts=2)


def _score_cells(scores: tuple[float | None, float | None] | None) -> tuple[Cell, ...]:
    """Score of the first run, of the other, and their difference."""
    before, after = scores or (None, None)
    gain = None if before is None or after is None else signed(after - before)
    return before, after, gain


def scene_scores(
    first: Scored | None, other: Scored | None
) -> dict[str, tuple[float | None, float | None]]:
    """Jaccard index of two runs by scene, classes summed; of scenes that both were scored on."""
    if first is None or other is None:
        return {}
    ground = common_ground((first, other))

    def of(run: Scored, scene: str) -> float | None:
        found = run.scenes[scene]
        return sum((found.get(name, Overlap()) for name in ground.classes), Overlap()).jaccard

    return {scene: (of(first, scene), of(other, scene)) for scene in ground.scenes}
