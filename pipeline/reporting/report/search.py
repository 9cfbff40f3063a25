"""What a search tried and found: its charts, its best trials, its place in the configuration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from pipeline.mapping.wording import counted
from pipeline.reporting.page.blocks import Block, Code, Group, Picture, Section, Table, Text
from pipeline.reporting.report.amounts import duration
from pipeline.reporting.report.chart_picture import chart_picture
from pipeline.reporting.search.axis import Axis
from pipeline.reporting.search.charts import charts
from pipeline.reporting.search.tally import count, default_of, last_scored, score_of
from pipeline.reporting.search.trials_table import TABLE_HEADER, trials_table
from pipeline.search.entry import Entry
from pipeline.search.halving import best

_TOP: Final = 10
_ALTS: Final = {
    "progress": "Score of every trial and the best so far, against trials and against time.",
    "classes": "Jaccard index of each class, of the best trial and of the default.",
    "dimensions": "Scores against the values of each dimension that was varied.",
    "parallel": "A line per trial across the dimensions that were varied, the best on top.",
    "importance": "Share of the scores' spread that each dimension explains.",
}
_FOLDED: Final = ("dimensions", "parallel")
"""Charts that are wide, and seen when asked for."""


@dataclass(frozen=True)
class SearchRecord:
    """One search.

    Attributes:
        name: Its name: ``together``, or that of a model.
        entries: Entries that compare with each other, in the ledger's order.
        others: Number of entries that don't, as of other scenes or other code.
        axes: The space's.
        budgets: Steps of each rung, smallest first.
        is_finished: Whether it ended, and did not only begin.
        networks: SVG drawings of the best trial's networks, by the model's name.
        problem: Why its ledger can't be read; empty if it can.
    """

    name: str
    entries: Sequence[Entry] = ()
    others: int = 0
    axes: Sequence[Axis] = ()
    budgets: Sequence[int] = ()
    is_finished: bool = False
    networks: Mapping[str, bytes] = field(default_factory=dict)
    problem: str = ""


def search_section(
    searches: Sequence[SearchRecord], names: Mapping[str, str], use: str, found: str | None
) -> Section:
    """The section on searches.

    Args:
        searches: At least one.
        names: Names of the classes by code.
        use: What the configuration takes over: ``search.use``.
        found: Text of ``best.yaml``; None if there is none.
    """
    parts = [_blocks(search, names) for search in searches]
    blocks: list[Block] = [Text(_use(use))]
    if len(parts) == 1:
        blocks += parts[0]
    else:
        blocks += [
            Group(f"Search {search.name}", part, folded=place > 0)
            for place, (search, part) in enumerate(zip(searches, parts, strict=True))
        ]
    if found is not None:
        blocks.append(Code("What was found, as part of a configuration (search/best.yaml)", found))
    return Section("search", "What the search found", tuple(blocks))


def _use(use: str) -> str:
    if use == "nothing":
        return (
            "This run's networks are those of the configuration as it was written: search.use is "
            "nothing."
        )
    return f"This run's networks are what the search has found: search.use is {use}."


def _blocks(search: SearchRecord, names: Mapping[str, str]) -> tuple[Block, ...]:
    if search.problem:
        return (Text(f"The ledger can't be read: {search.problem}", "warning"),)
    if not search.entries:
        return (Text("No trial has ended yet."),)
    blocks: list[Block] = [Text(_lead(search))]
    if search.others:
        older = f"{counted(search.others, 'line')} of the ledger, of other scenes, settings or code"
        blocks.append(Text(f"Not shown: {older}.", "note"))
    pictures = _pictures(search, names)
    blocks += [picture for name, picture in pictures.items() if name not in _FOLDED]
    blocks.append(_table(search))
    wide = tuple(picture for name, picture in pictures.items() if name in _FOLDED)
    blocks.append(Group("Every trial by its values", wide, folded=True))
    blocks += _networks(search)
    return tuple(blocks)


def _lead(search: SearchRecord) -> str:
    """How far it is, and what is best."""
    entries = search.entries
    state = "ended" if search.is_finished else "has not ended"
    spent = duration(sum(entry.cost.seconds for entry in entries))
    text = f"The search {state}. {count(entries).text()}, in {spent} of its workers' time."
    winner, start = best(entries, search.budgets), default_of(entries)
    if winner is None:
        return f"{text} No trial has a score yet."
    text += (
        f" Trial {winner.trial} is the best: a mean Jaccard index of {winner.score:.3f} on "
        f"held-out ground after {winner.budget:,} steps"
    )
    if winner.source == "default":
        return f"{text}; it is the default, so nothing better was found."
    if start is None:
        return f"{text}; the default has no score."
    if start.budget == winner.budget:
        gain = score_of(winner) - score_of(start)
        return f"{text}, {gain:+.3f} against the default after as many."
    return (
        f"{text}. The default has {start.score:.3f} after {start.budget:,} steps, which does not "
        "compare."
    )


def _pictures(search: SearchRecord, names: Mapping[str, str]) -> Mapping[str, Picture]:
    """All charts; of one trial there is only its progress."""
    drawers = charts(search.entries, search.axes, search.budgets, names)
    wanted = drawers if len(last_scored(search.entries)) > 1 else {"progress": drawers["progress"]}
    return {name: chart_picture(draw(), _ALTS[name]) for name, draw in wanted.items()}


def _table(search: SearchRecord) -> Table:
    rows = trials_table(search.entries, search.budgets, _TOP)
    return Table(
        f"The best {counted(len(rows), 'trial')}: score is the mean Jaccard index of held-out "
        "ground; those of larger budgets come first, as scores of different budgets don't compare",
        TABLE_HEADER,
        tuple(rows),
        texts=2,
    )


def _networks(search: SearchRecord) -> list[Block]:
    """Drawings of the best trial's networks."""
    pictures = tuple(
        Picture(data, "svg", f"The network of model {name} in the best trial.", f"model {name}")
        for name, data in search.networks.items()
    )
    if not pictures:
        return []
    return [Group("Networks of the best trial", pictures, folded=True)]
