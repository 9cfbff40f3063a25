"""The section that stands first: how good the run is, per class and beside other runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pipeline.reporting.page.blocks import Block, Cell, Facts, Section, Table, Text
from pipeline.reporting.report.chart_picture import chart_picture
from pipeline.reporting.report.earlier_runs import range_text, run_blocks
from pipeline.reporting.report.score_chart import score_chart
from pipeline.reporting.report.scored_run import ClassScore, Objects, ScoredRun, Scores

KEY, TITLE = "scores", "At a glance"
_OF: Final[Mapping[str, str]] = {
    "solution": "polygons against the solution, exact areas",
    "held-out": "polygons of labelled scenes by networks not trained on them, exact areas",
    "labels": "polygons of labelled scenes by the networks of another run, exact areas",
    "pixels": "pixels of labelled scenes by networks not trained on them",
}
_EXPLAINED: Final = (
    "The Jaccard index of a class is the area that is both found and true, as a share of all that "
    "is found or true; 1 is perfect. TP, FP and FN are shares of that whole. Intervals: 90% of "
    "1,000 draws of whole scenes, with replacement."
)
_ABSENT: Final = {
    "zero": "counts 0 in the mean",
    "one": "counts 1 in the mean",
    "skip": "is left out of the mean",
}
_TWO_WAYS: Final = (
    "Polygons are scored by exact areas, after all post-processing. Held-out pixels are counted on "
    "labelled scenes before there are polygons, at thresholds that other folds chose."
)


@dataclass(frozen=True)
class Standing:
    """What is known of a run's scores.

    Attributes:
        run: Its name.
        polygons: Score of its polygons, if there is one.
        pixels: Score of its held-out pixels, if there is one.
        others: Runs whose score says the same of the same scenes.
        colours: ``#rrggbb`` of classes by code.
        warnings: What a reader must know first.
    """

    run: str
    polygons: Scores | None
    pixels: Scores | None
    others: Sequence[ScoredRun] = ()
    colours: Mapping[int, str] | None = None
    warnings: Sequence[str] = ()

    @property
    def main(self) -> ScoredRun | None:
        """The run with the score that comes first: that of polygons, if there is one."""
        scores = self.polygons or self.pixels
        return None if scores is None else ScoredRun(self.run, scores)


def score_section(standing: Standing) -> Section:
    """The section."""
    blocks: list[Block] = [Text(text, "warning") for text in standing.warnings]
    main = standing.main
    if main is None:
        return Section(KEY, TITLE, (*blocks, Text("There is no score of this run.")))
    pixels = standing.pixels if main.scores is not standing.pixels else None
    blocks.append(Facts(_facts(main.scores, pixels)))
    blocks.append(_class_table(main.scores, pixels, standing.colours or {}))
    if any(row.objects is not None for row in main.scores.classes.values()):
        blocks.append(_object_table(main.scores, standing.colours or {}))
    said = (_EXPLAINED, _absent_text(main.scores), _TWO_WAYS if pixels else "")
    blocks.append(Text(" ".join(filter(None, said)), "note"))
    blocks.append(
        chart_picture(
            score_chart([main, *standing.others]),
            "Jaccard index of each class with its interval, beside "
            f"{len(standing.others)} other runs; the mean is {main.scores.mean_jaccard:.3f}.",
        )
    )
    return Section(KEY, TITLE, (*blocks, *run_blocks(main, standing.others)))


def _absent_text(scores: Scores) -> str:
    """What classes count that are nowhere, if there are any."""
    if all(row.shares is not None for row in scores.classes.values()):
        return ""
    return (
        f"A class that is neither found nor true anywhere {_ABSENT.get(scores.absent, 'counts')}."
    )


def _facts(main: Scores, pixels: Scores | None) -> tuple[tuple[str, str], ...]:
    shown = [main] if pixels is None else [main, pixels]
    return tuple((_ground(scores), _headline(scores)) for scores in shown)


def _headline(scores: Scores) -> str:
    return f"{scores.mean_jaccard:.3f} ({range_text(scores.interval)})"


def _ground(scores: Scores) -> str:
    number = len(scores.scenes)
    scenes = "one scene" if number == 1 else f"{number} scenes"
    return f"Mean Jaccard index, {_OF[scores.of]}, {scenes}"


def _class_table(main: Scores, pixels: Scores | None, colours: Mapping[int, str]) -> Table:
    rows = sorted(main.classes.items())
    found = [(code, row, _pixel_row(pixels, code)) for code, row in rows]
    header: tuple[str, ...] = ("class", "Jaccard", "90% of draws", "TP %", "FP %", "FN %")
    foot: tuple[Cell, ...] = ("mean", main.mean_jaccard, range_text(main.interval), "", "", "")
    if pixels is not None:
        header += ("held-out pixels", "90% of draws")
        foot += (pixels.mean_jaccard, range_text(pixels.interval))
    return Table(
        f"Jaccard index of each class: {_OF[main.of]}",
        header,
        tuple(
            (row.name, *_numbers(row), *(() if pixels is None else other))
            for _, row, other in found
        ),
        foot,
        colours=_colours([code for code, _ in rows], colours),
    )


def _numbers(row: ClassScore) -> tuple[Cell, ...]:
    if row.shares is None:
        return row.jaccard, None, None, None, None
    return row.jaccard, range_text(row.interval), *(f"{share:.1f}" for share in row.shares)


def _pixel_row(pixels: Scores | None, code: int) -> tuple[Cell, ...]:
    row = None if pixels is None else pixels.classes.get(code)
    if row is None or row.jaccard is None:
        return None, None
    return row.jaccard, range_text(row.interval)


def _object_table(scores: Scores, colours: Mapping[int, str]) -> Table:
    rows = [
        (code, row.name, row.objects)
        for code, row in sorted(scores.classes.items())
        if row.objects is not None
    ]
    return Table(
        "Objects that can be counted, matched one to one where they share at least half of their "
        "union",
        ("class", "true", "predicted", "found", "precision", "recall", "F1"),
        tuple((name, *_counted(found)) for _, name, found in rows),
        colours=_colours([code for code, _, _ in rows], colours),
    )


def _counted(found: Objects) -> tuple[Cell, ...]:
    true, predicted = found.tp + found.fn, found.tp + found.fp
    return true, predicted, found.tp, found.precision, found.recall, found.f1


def _colours(codes: Sequence[int], colours: Mapping[int, str]) -> tuple[str, ...] | None:
    """Colour of each row; None unless all are known."""
    if not all(code in colours for code in codes):
        return None
    return tuple(colours[code] for code in codes)
