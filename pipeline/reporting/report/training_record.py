"""What a training left behind: its history and how it ended."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from pipeline.errors import ArtifactError
from pipeline.learning.history import Row

_NAME: Final = re.compile(r"(\w+)-(?:fold-(\d+)|retrained)(?:\.(\d+))?", re.ASCII)
_COLUMNS: Final = ("step", "loss", "rate", "seconds", "mean_jaccard")
_CLASS: Final = "jaccard_"


@dataclass(frozen=True)
class TrainingRecord:
    """A training that has ended.

    Attributes:
        name: Name of its item.
        model: Name of its model.
        fold: Number of the fold that it held out; None if it held out nothing.
        repeat: Number among the trainings of this fold.
        codes: Codes of its classes, in the order of the rows' scores.
        rows: A row per validation.
        best_step: Step whose weights were kept.
        steps: Steps done.
        stopped: What ended it: ``steps``, ``minutes`` or ``patience``.
        seconds: Time it took.
        device: What it ran on.
    """

    name: str
    model: str
    fold: int | None
    repeat: int
    codes: tuple[int, ...]
    rows: tuple[Row, ...]
    best_step: int
    steps: int
    stopped: str
    seconds: float
    device: str

    @property
    def kept(self) -> Row | None:
        """The row whose weights were kept; None if the history does not have it."""
        return next((row for row in self.rows if row.step == self.best_step), None)

    @property
    def score(self) -> float | None:
        """Held-out mean Jaccard index at the kept step; None where nothing was held out."""
        row = self.kept
        return None if row is None or math.isnan(row.mean) else row.mean

    @property
    def scores(self) -> Mapping[int, float | None]:
        """The same of each class; None where no held-out pixel is of the class."""
        row = self.kept
        values = (None,) * len(self.codes) if row is None else row.jaccard
        return {
            code: None if value is None or math.isnan(value) else value
            for code, value in zip(self.codes, values, strict=True)
        }


def read_training(name: str, history: str, record: Mapping[str, Any]) -> TrainingRecord:
    """A training from the files of its item.

    Args:
        name: Name of the item.
        history: Text of ``history.csv``.
        record: What ``training.json`` holds.

    Raises:
        ArtifactError: If one of them is not what ``train`` writes.
    """
    found = _NAME.fullmatch(name)
    try:
        if found is None:
            raise ValueError("its name is that of no training")
        codes, rows = _read_history(history)
        return TrainingRecord(
            name=name,
            model=found[1],
            fold=None if found[2] is None else int(found[2]),
            repeat=int(found[3] or 0),
            codes=codes,
            rows=rows,
            best_step=int(record["best_step"]),
            steps=int(record["steps"]),
            stopped=str(record["stopped"]),
            seconds=float(record["seconds"]),
            device=str(record["device"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ArtifactError(f"train/{name}: not a training ({error}); run `train` again") from error


def model_of(name: str) -> str:
    """Name of the model of a training; empty if the name is that of no training."""
    found = _NAME.fullmatch(name)
    return "" if found is None else found[1]


def _read_history(text: str) -> tuple[tuple[int, ...], tuple[Row, ...]]:
    """Codes of the classes and the rows of a ``history.csv``."""
    head, *lines = csv.reader(text.splitlines())
    if tuple(head[:5]) != _COLUMNS or any(not name.startswith(_CLASS) for name in head[5:]):
        raise ValueError("history.csv has other columns")
    codes = tuple(int(name.removeprefix(_CLASS)) for name in head[5:])
    rows = []
    for line in lines:
        if len(line) != len(head):
            raise ValueError("history.csv has a row of another length")
        step, *numbers = line
        loss, rate, seconds, mean, *jaccard = (float(value or "nan") for value in numbers)
        rows.append(Row(int(step), loss, rate, seconds, mean, tuple(jaccard)))
    return codes, tuple(rows)
