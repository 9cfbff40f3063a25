"""The section that says which run scores how, and whether that can be told from chance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from pipeline.mapping.jaccard import Absent
from pipeline.mapping.wording import and_more, counted
from pipeline.reporting.chart_style import shorten
from pipeline.reporting.compare.dot_chart import difference_chart, score_chart
from pipeline.reporting.compare.run_style import RunStyle
from pipeline.reporting.compare.scored import Ground, Scored, common_ground, own_ground
from pipeline.reporting.compare.standing import MEAN, Standing, Value, difference, standing
from pipeline.reporting.page.blocks import Block, Cell, Section, Table, Text
from pipeline.reporting.report.chart_picture import chart_picture

_FEW: Final = 10
"""Scenes below which intervals are rough."""
_NAMED: Final = 5
_TITLE: Final = 36
"""Letters of a run's name in a title."""
KINDS: Final = {
    "solution": "the solution's scenes",
    "held-out": "labelled scenes, held out in training",
    "labels": "labelled scenes, by another run's networks",
}


@dataclass(frozen=True)
class Contest:
    """Runs that have a score, the first one to be compared with.

    Attributes:
        runs: They, in their order; one at least.
    """

    runs: tuple[Scored, ...]

    @property
    def absent(self) -> Absent:
        """What a class counts that is nowhere, for all."""
        return self.runs[0].absent

    @cached_property
    def ground(self) -> Ground:
        """What all runs have in common."""
        return common_ground(self.runs)

    @cached_property
    def standings(self) -> tuple[Standing, ...]:
        """Scores on the common ground, or on the runs' own where they have none."""
        grounds = [own_ground(run) if self.ground.is_empty else self.ground for run in self.runs]
        return tuple(
            standing(run, ground, self.absent)
            for run, ground in zip(self.runs, grounds, strict=True)
        )

    @cached_property
    def differences(self) -> tuple[Standing, ...]:
        """How far each run lies above the first, where the two have ground in common."""
        rows = (difference(self.runs[0], run, self.absent) for run in self.runs[1:])
        return tuple(row for row in rows if not row.ground.is_empty)


def score_section(contest: Contest | None, styles: Mapping[str, RunStyle]) -> Section:
    """Scores and their differences.

    Args:
        contest: Runs with a score; None if there is none.
        styles: By name of a run.
    """
    if contest is None:
        text = Text("No run has a score: `make score` gives it one.", "warning")
        return Section("scores", "Scores", (text,))
    blocks = [*_verdicts(contest), _summary(contest), *_warnings(contest)]
    blocks += _scores(contest, styles)
    return Section("scores", "Scores", tuple(blocks + _differences(contest, styles)))


def _verdicts(contest: Contest) -> list[Block]:
    """A sentence per run: whether it is better than the first."""
    first, texts = contest.runs[0].run, []
    for row in contest.differences:
        says = {
            "the same": f"{row.run} scores the same as {first}",
            "can't tell": f"{row.run} can't be told from {first}",
        }.get(row.mean.verdict, f"{row.run} is {row.mean.verdict} than {first}")
        interval = interval_text(row.mean.interval, "+.4f")
        between = "" if interval is None else f", {interval} in 90% of draws of scenes"
        where = counted(len(row.ground.scenes), "scene")
        where += ", which are few" if len(row.ground.scenes) < _FEW else ""
        texts.append(f"{says}: mean {signed(row.mean.value)}{between}, on {where}.")
    return [Text(text) for text in texts]


def _summary(contest: Contest) -> Table:
    rows = tuple(
        (
            run.run,
            KINDS.get(run.of, run.of),
            len(run.scenes),
            len(run.classes),
            run.mean,
            interval_text(run.interval),
        )
        for run in contest.runs
    )
    header = ("run", "scored on", "scenes", "classes", "mean Jaccard", "90% of scenes")
    return Table("Scores as each run's own score.json has them", header, rows, texts=2)


def _warnings(contest: Contest) -> list[Block]:
    """What a person has to know before comparing."""
    ground, found = contest.ground, []
    if any(set(run.scenes) != set(contest.runs[0].scenes) for run in contest.runs):
        rest = "and none is common to all of them, so these scores can't be compared."
        if ground.scenes:
            scenes = counted(len(ground.scenes), "scene")
            rest = f"so these means can't be compared. Below, all are taken on the {scenes} of all."
        found.append(f"The runs were scored on different scenes, {rest}")
    if ground.unlike:
        first = ", ".join(ground.unlike[:_NAMED]) + and_more(len(ground.unlike) - _NAMED)
        found.append(
            f"The truth of these scenes differs from run to run; they are left out: {first}."
        )
    if any(run.classes != contest.runs[0].classes for run in contest.runs):
        names = ", ".join(ground.classes) or "none"
        found.append(f"The runs have different classes; those that all have: {names}.")
    if any(run.absent != contest.absent for run in contest.runs):
        found.append(
            "The runs count classes that are nowhere in different ways; below, all count them as "
            f"{contest.runs[0].run} does (score.absent: {contest.absent})."
        )
    return [Text(text, "warning") for text in found]


def _scores(contest: Contest, styles: Mapping[str, RunStyle]) -> list[Block]:
    ground, many = contest.ground, len(contest.runs)
    where = "each run's own scenes, which are not the same"
    if not ground.is_empty:
        where = counted(len(ground.scenes), "scene") + (" that all have" if many > 1 else "")
    note = "Whiskers: 90% of draws of scenes with replacement."
    title = f"Jaccard index per class, {where}"
    figure = score_chart(contest.standings, styles, title, note)
    names = list(dict.fromkeys(name for row in contest.standings for name in row.classes))
    rows = [[name, *_cells([row.classes.get(name) for row in contest.standings])] for name in names]
    header = ["class"]
    for run in contest.runs:
        header += [run.run, "90% of scenes"]
    foot = (MEAN, *_cells([row.mean for row in contest.standings]))
    table = Table(title, tuple(header), tuple(map(tuple, rows)), foot, folded=True)
    alt = f"Dots of each run per class and for the mean; the table below has the numbers. {title}."
    return [chart_picture(figure, alt), table]


def _cells(values: Sequence[Value | None]) -> list[Cell]:
    cells: list[Cell] = []
    for value in values:
        cells += [value.value if value else None, interval_text(value.interval if value else None)]
    return cells


def _differences(contest: Contest, styles: Mapping[str, RunStyle]) -> list[Block]:
    first = contest.runs[0].run
    apart = {run.run for run in contest.runs[1:]} - {row.run for row in contest.differences}
    blocks: list[Block] = [
        Text(f"{run} and {first} have no scene and class in common to be compared on.", "warning")
        for run in sorted(apart)
    ]
    if not contest.differences:
        return blocks
    title = f"How much better or worse than {shorten(first, _TITLE)}"
    note = (
        "Whiskers: 90% of draws of scenes, the same scenes for both runs. Hollow: the whisker "
        "holds 0, so chance alone may explain it."
    )
    figure = difference_chart(contest.differences, styles, title, note)
    alt = f"Dots left and right of 0 per class and for the mean; the tables below say it. {title}."
    blocks.append(chart_picture(figure, alt))
    blocks += [_difference_table(first, row) for row in contest.differences]
    fewest = min(len(row.ground.scenes) for row in contest.differences)
    rough = f" Intervals of {counted(fewest, 'scene')} are rough." if fewest < _FEW else ""
    text = (
        "Both runs are judged on the same draws of scenes, so that hard scenes don't blur the "
        "difference (paired bootstrap, 1,000 draws). Among many classes one in ten seems better "
        f"or worse by chance.{rough}"
    )
    return [*blocks, Text(text, "note")]


def _difference_table(first: str, row: Standing) -> Table:
    rows: list[tuple[Cell, ...]] = [_line(name, value) for name, value in row.classes.items()]
    scenes = counted(len(row.ground.scenes), "scene")
    return Table(
        f"{row.run} beside {first}: difference of the Jaccard index on {scenes} that both have",
        ("class", "verdict", "difference", "90% of scenes"),
        tuple(rows),
        _line(MEAN, row.mean),
        texts=2,
    )


def _line(name: str, value: Value) -> tuple[Cell, ...]:
    return name, value.verdict, signed(value.value), interval_text(value.interval, "+.4f")


def signed(value: float | None) -> str | None:
    """A difference with its sign."""
    return None if value is None else f"{value:+.4f}" if value else "0"


def interval_text(interval: tuple[float, float] | None, form: str = ".3f") -> str | None:
    """An interval as people read it."""
    if interval is None:
        return None
    low, high = (f"{end:{form}}" if end else "0" for end in interval)
    return f"{low} to {high}"
