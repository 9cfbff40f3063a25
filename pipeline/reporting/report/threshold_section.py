"""The section on probabilities of labelled scenes: thresholds, precision, confusion and more."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.learning.metrics import NOTHING
from pipeline.mapping.thresholds import level_of, probability_of
from pipeline.reporting.page.blocks import (
    Block,
    Cell,
    Gallery,
    Group,
    Picture,
    Section,
    Table,
    Text,
)
from pipeline.reporting.report.calibration import calibration
from pipeline.reporting.report.calibration_chart import calibration_chart
from pipeline.reporting.report.chart_picture import chart_picture, label
from pipeline.reporting.report.confusion_blocks import confusion_blocks
from pipeline.reporting.report.held_out_levels import HeldOutLevels
from pipeline.reporting.report.precision import precision_recall
from pipeline.reporting.report.precision_chart import precision_chart, precision_key
from pipeline.reporting.report.threshold_chart import threshold_chart, threshold_key

KEY, TITLE = "thresholds", "Thresholds"
_MANY: Final = 12
"""Classes from which on their charts are folded away, and folds have no lines of their own."""
_HALF: Final = level_of(0.5)
_GOOD: Final = 0.95
"""Share of the best Jaccard index that a threshold may have to count as good."""


def threshold_section(known: HeldOutLevels) -> Section:
    """The section."""
    return Section(
        KEY,
        TITLE,
        (
            Text(_about(known)),
            *_thresholds(known),
            Group("Precision and recall", _precision(known), folded=_folded(known)),
            Group("Calibration", _calibration(known), folded=_folded(known)),
            Group("Confusion between classes", confusion_blocks(known.classes, known.confusion)),
        ),
    )


def _about(known: HeldOutLevels) -> str:
    number = "One scene" if known.scenes == 1 else f"{known.scenes} scenes"
    if not known.held_out:
        return (
            f"{number} with labels, predicted by the networks of another run, whose thresholds are "
            "used and which may have been trained on them: then all of this flatters. Pixels are "
            "counted after smoothing and before shapes and rules."
        )
    return (
        f"{number} with labels, each predicted by networks that were not trained on it. Pixels are "
        "counted after smoothing and before shapes and rules."
    )


def _folded(known: HeldOutLevels) -> bool:
    return len(known.classes) > _MANY


def _thresholds(known: HeldOutLevels) -> list[Block]:
    counts = known.everything
    curves = counts.curves()
    folds = [fold.curves() for fold in known.folds]
    with_folds = known.held_out and not _folded(known)
    pictures = tuple(
        chart_picture(
            threshold_chart(
                row,
                curves[place],
                [fold[place] for fold in folds] if with_folds else [],
                int(known.chosen[place]),
                [int(levels[place]) for levels in known.by_fold] if known.held_out else [],
            ),
            f"Jaccard index of {label(row.name)} over the threshold. "
            + _threshold_text(curves[place], int(known.chosen[place])),
            _threshold_text(curves[place], int(known.chosen[place])),
        )
        for place, row in enumerate(known.classes)
    )
    charts = (threshold_key(with_folds), Gallery("Jaccard index at every threshold", pictures))
    return [
        *([Group("Charts", charts, folded=True)] if _folded(known) else charts),
        _threshold_table(known, curves),
    ]


def _threshold_text(curve: NDArray[np.float64], chosen: int) -> str:
    if not curve.any():
        return "No threshold finds a pixel of it."
    best = int(curve.argmax()) + 1
    text = f"Best is {curve.max():.3f}, at {probability_of(best):.2f}."
    if chosen >= NOTHING:
        return f"No threshold was chosen. {text}"
    return f"{curve[chosen - 1]:.3f} at {probability_of(chosen):.2f}, which is used. {text}"


def _threshold_table(known: HeldOutLevels, curves: NDArray[np.float64]) -> Table:
    counts = known.everything
    true = counts.positives.sum(axis=1)
    every = true + counts.negatives.sum(axis=1)
    rows: list[tuple[Cell, ...]] = [
        (
            row.name,
            _percent(true[place], every[place]),
            _probability(known.chosen[place]),
            curve[known.chosen[place] - 1],
            curve[_HALF - 1],
            curve.max(),
            _good_range(curve),
            *([_span([levels[place] for levels in known.by_fold])] if known.held_out else []),
        )
        for place, (row, curve) in enumerate(zip(known.classes, curves, strict=True))
    ]
    return Table(
        "Thresholds, and the Jaccard index of all these scenes there",
        (
            *("class", "true pixels %", "threshold", "Jaccard there", "at 0.5", "best"),
            "within 5% of best",
            *(["thresholds of folds"] if known.held_out else []),
        ),
        tuple(rows),
        colours=_colours(known),
    )


def _good_range(curve: NDArray[np.float64]) -> str | None:
    """Thresholds around the best one that lose little."""
    if not curve.any():
        return None
    best = int(curve.argmax())
    bad = np.flatnonzero(curve < _GOOD * curve.max())
    below, above = bad[bad < best], bad[bad > best]
    low = int(below[-1]) + 1 if len(below) else 0
    high = int(above[0]) - 1 if len(above) else len(curve) - 1
    return _span([low + 1, high + 1])


def _span(levels: Sequence[int]) -> str:
    low, high = (_probability(level) for level in (min(levels), max(levels)))
    return low if low == high else f"{low} to {high}"


def _probability(level: int) -> str:
    return "none" if level >= NOTHING else f"{probability_of(int(level)):.2f}"


def _percent(part: float, whole: float) -> str | None:
    if not whole:
        return None
    share = 100 * part / whole
    return f"{share:.2f}" if share >= 0.1 or share == 0 else f"{share:.2g}"


def _precision(known: HeldOutLevels) -> tuple[Block, ...]:
    found = precision_recall(known.everything)
    average = found.average()
    (at, reached), (at_half, reached_half) = (
        found.at(known.chosen),
        found.at(np.full_like(known.chosen, _HALF)),
    )
    pictures = [
        chart_picture(
            precision_chart(
                row, found.precision[place], found.recall[place], int(known.chosen[place]), _HALF
            ),
            f"Precision of {label(row.name)} over its recall.",
        )
        for place, row in enumerate(known.classes)
    ]
    columns = (at, reached, at_half, reached_half, average)
    rows = [
        (row.name, *(_number(column[place]) for column in columns))
        for place, row in enumerate(known.classes)
    ]
    return (
        Text(
            "Precision is the share of found pixels that is true, recall the share of true pixels "
            "that is found. Average precision is the mean of precision over recall: one number for "
            "all thresholds.",
            "note",
        ),
        precision_key(),
        Gallery("Precision over recall", tuple(pictures)),
        Table(
            "Precision and recall in pixels",
            (
                "class",
                "precision",
                "recall",
                "precision at 0.5",
                "recall at 0.5",
                "average precision",
            ),
            tuple(rows),
            colours=_colours(known),
        ),
    )


def _calibration(known: HeldOutLevels) -> tuple[Block, ...]:
    found = calibration(known.everything)
    pictures: list[Picture] = []
    rows: list[tuple[Cell, ...]] = []
    for place, row in enumerate(known.classes):
        error = _number(found.likely_error[place])
        said = "" if error is None else f"Error where likely: {error:.3f}."
        pictures.append(
            chart_picture(
                calibration_chart(row, found, place),
                f"True share of pixels of {label(row.name)} over their probability. {said}".strip(),
            )
        )
        columns = (found.error, found.likely_error, found.area)
        rows.append((row.name, *(_number(column[place]) for column in columns)))
    return (
        Text(
            "On the dashed line probabilities are true: of pixels with 0.7, 70% are of the class. "
            "Below it the networks are too sure, above it not sure enough. Bars count pixels.",
            "note",
        ),
        Gallery("Share that is truly of the class, by probability", tuple(pictures)),
        Table(
            "Expected calibration error: how far probability and truth are apart, as a mean over "
            "all pixels, and over those with a probability of 0.1 or more; and the area that "
            "probabilities add up to, over the true one",
            ("class", "error, all pixels", "error, from 0.1 on", "area, predicted / true"),
            tuple(rows),
            colours=_colours(known),
        ),
    )


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _colours(known: HeldOutLevels) -> tuple[str, ...]:
    return tuple(row.colour for row in known.classes)
