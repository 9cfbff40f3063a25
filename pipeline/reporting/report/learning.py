"""How networks learned: curves, scores of each fold, and what ended each training."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Final

from pipeline.config.dataset import ClassRow
from pipeline.mapping.wording import counted
from pipeline.reporting.page.blocks import Block, Cell, Group, Picture, Section, Table, Text
from pipeline.reporting.report.amounts import duration
from pipeline.reporting.report.chart_picture import chart_picture
from pipeline.reporting.report.learning_curves import learning_curves
from pipeline.reporting.report.training_record import TrainingRecord
from pipeline.reporting.viewer.palette import viewer_classes

_ROWS: Final = 6
"""Models in one picture."""
_OPEN: Final = 2
"""Pictures that are seen at once; the others are folded."""
_FEW: Final = 8
"""Rows of a table that is not folded."""
_ENDS: Final = {
    "steps": "all its steps were done",
    "minutes": "its time was over",
    "patience": "no better for too long",
}
_LIMITS: Final = {"steps": "train.steps", "minutes": "train.minutes"}
"""The setting that lets a training go on, by what ended it."""


def learning_section(
    trainings: Sequence[TrainingRecord], classes: Sequence[ClassRow], owner: str | None = None
) -> Section:
    """The section on how networks learned.

    Args:
        trainings: Of all models, in the order of the models.
        classes: Of the configuration.
        owner: Run whose networks these are, if not this one's.
    """
    blocks: list[Block] = []
    if owner is not None:
        blocks.append(
            Text(f"Nothing was trained in this run: its networks are those of run {owner}.")
        )
    if not trainings:
        blocks.append(Text("No training has left a history.", "warning"))
        return Section("learning", "How the networks learned", tuple(blocks))
    blocks += [Text(_lead(trainings)), *map(Text, _remarks(trainings))]
    blocks += _pictures(trainings)
    blocks += [_scores(trainings, classes), _ends(trainings)]
    return Section("learning", "How the networks learned", tuple(blocks))


def _lead(trainings: Sequence[TrainingRecord]) -> str:
    """How many there are, how long they took, how good they are."""
    models = len({training.model for training in trainings})
    seconds = duration(sum(training.seconds for training in trainings))
    devices = ", ".join(dict.fromkeys(training.device for training in trainings))
    text = (
        f"{counted(len(trainings), 'network')} of {counted(models, 'model')} took {seconds} of "
        f"training on {devices}."
    )
    scores = [training.score for training in trainings if training.score is not None]
    if not scores:
        return f"{text} Nothing was held out, so their scores are not known."
    return (
        f"{text} On the ground that each held out, their mean Jaccard index is "
        f"{statistics.mean(scores):.3f} on average at the step that was kept."
    )


def _remarks(trainings: Sequence[TrainingRecord]) -> list[str]:
    """What a person might change."""
    judged = [t for t in trainings if t.score is not None and len(t.rows) > 1]
    last = [t for t in judged if t.best_step == t.rows[-1].step]
    first = [t for t in judged if t.best_step == t.rows[0].step]
    zero = [t for t in trainings if t.score == 0]
    found_nothing = [t.name for t in zero if set(t.scores.values()) != {None}]
    had_nothing = [t.name for t in zero if set(t.scores.values()) == {None}]
    limits = dict.fromkeys(_LIMITS[t.stopped] for t in last if t.stopped in _LIMITS)
    remarks = []
    if limits and 2 * len(last) > len(judged):
        remarks.append(
            f"{len(last)} of {len(judged)} kept their last step: more {' or '.join(limits)} may do "
            "better."
        )
    if judged and 2 * len(first) > len(judged):
        remarks.append(
            f"{len(first)} of {len(judged)} kept their first validation and got worse from there: "
            "fewer train.steps, or a lower train.rate, may do better."
        )
    if found_nothing:
        remarks.append(f"No held-out pixel was found by {', '.join(found_nothing)}.")
    if had_nothing:
        remarks.append(
            f"What {', '.join(had_nothing)} held out has nothing of the classes: the score of 0 "
            "tells nothing."
        )
    return remarks


def _pictures(trainings: Sequence[TrainingRecord]) -> list[Block]:
    """The curves of a few models each; those of many are folded."""
    models = list(dict.fromkeys(training.model for training in trainings))
    parts = [models[start : start + _ROWS] for start in range(0, len(models), _ROWS)]
    pictures = [
        _picture([t for t in trainings if t.model in part], ", ".join(part)) for part in parts
    ]
    shown: list[Block] = [*pictures[:_OPEN]]
    if pictures[_OPEN:]:
        title = f"Curves of {counted(len(models) - _OPEN * _ROWS, 'more model')}"
        shown.append(Group(title, tuple(pictures[_OPEN:]), folded=True))
    return shown


def _picture(trainings: Sequence[TrainingRecord], names: str) -> Picture:
    figure = learning_curves(trainings)
    alt = (
        f"Learning curves of {names}: loss, held-out mean Jaccard index and learning rate against "
        "the step, a line per training. The tables below have the numbers of the kept steps."
    )
    return chart_picture(figure, alt)


def _scores(trainings: Sequence[TrainingRecord], classes: Sequence[ClassRow]) -> Table:
    """Jaccard index of each model's classes in each fold; repeats of a fold are averaged."""
    folds = sorted({t.fold for t in trainings if t.fold is not None})
    looks = {row.code: row for row in viewer_classes(classes)}
    pairs = [
        (model, code)
        for model in dict.fromkeys(t.model for t in trainings)
        for code in dict.fromkeys(c for t in trainings if t.model == model for c in t.codes)
    ]
    rows, colours = [], []
    for model, code in pairs:
        own = [t for t in trainings if t.model == model and code in t.codes]
        cells = [_mean([t.scores[code] for t in own if t.fold == fold]) for fold in folds]
        look = looks.get(code)
        name = f"class {code}" if look is None else look.name
        rows.append((name, model, *cells, _mean(cells)))
        colours.append("#6b6b6b" if look is None else look.colour)
    repeated = ", averaged over its repeats" if any(t.repeat for t in trainings) else ""
    return Table(
        f"Jaccard index of each class on the ground that a fold holds out, at the kept step and "
        f"the fold's own best threshold{repeated}; a dash where a fold has nothing of the class",
        ("class", "model", *(f"fold {fold}" for fold in folds), "mean of folds"),
        tuple(rows),
        texts=2,
        colours=tuple(colours),
    )


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return statistics.mean(known) if known else None


def _ends(trainings: Sequence[TrainingRecord]) -> Table:
    """What ended each training, and what it took."""
    rows: list[tuple[Cell, ...]] = [
        (
            training.name,
            _ENDS.get(training.stopped, training.stopped),
            training.device,
            training.steps,
            training.best_step,
            training.score,
            duration(training.seconds),
        )
        for training in trainings
    ]
    return Table(
        f"What ended each of the {counted(len(rows), 'training')}",
        ("training", "ended because", "device", "steps", "kept step", "mean Jaccard", "time"),
        tuple(rows),
        texts=3,
        folded=len(rows) > _FEW,
    )
