"""How a training went: one row per validation, and the state that a checkpoint keeps of it."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from torch import Tensor

Weights = dict[str, Tensor]


@dataclass(frozen=True)
class Row:
    """One line of a training's history, written at each validation.

    Attributes:
        step: Steps done.
        loss: Mean loss since the row before.
        rate: Learning rate of the last step.
        seconds: Time spent so far, over all runs of this training.
        mean: Mean of ``jaccard`` over the classes that are there, 0 if none is; NaN where no scene
            is held out, so that nothing was validated.
        jaccard: Held-out Jaccard per class; NaN where no held-out pixel is of the class.
    """

    step: int
    loss: float
    rate: float
    seconds: float
    mean: float
    jaccard: tuple[float, ...]


@dataclass
class Progress:
    """How far a training is: what a checkpoint keeps besides tensors.

    Attributes:
        step: Steps done.
        done: Share of the training that is done, of its steps or of its time.
        seconds: Time spent so far, over all runs of this training.
        rate: Learning rate of the last step, before factors of single parameters.
        validations: Validations done.
        validation_seconds: What the last one took.
        mark: Mean that a validation has to exceed, by ``min_gain``, to count as better.
        since_best: Validations since the last one that counted as better.
        drops: How often the schedule ``plateau`` has dropped the rate.
        since_drop: Validations since the last drop or the last one that counted as better.
        loss_sum: Sum of the losses since the last row.
        loss_steps: Number of them.
        rows: The history so far.
    """

    step: int = 0
    done: float = 0.0
    seconds: float = 0.0
    rate: float = 0.0
    validations: int = 0
    validation_seconds: float = 0.0
    mark: float = -math.inf
    since_best: int = 0
    drops: int = 0
    since_drop: int = 0
    loss_sum: float = 0.0
    loss_steps: int = 0
    rows: list[Row] = field(default_factory=list)

    @property
    def best(self) -> float:
        """Best mean so far, -1 before any validation."""
        return max((row.mean for row in self.rows if not math.isnan(row.mean)), default=-1.0)

    @property
    def loss(self) -> float:
        """Mean loss since the last row."""
        return self.loss_sum / max(self.loss_steps, 1)

    def add(self, row: Row, min_gain: float) -> None:
        """Add a row, and judge whether it counts as better.

        Scores of 0, as on ground without positives, tell nothing apart and are no failure either;
        where nothing is held out, nothing is judged.
        """
        self.rows.append(row)
        self.loss_sum, self.loss_steps = 0.0, 0
        if math.isnan(row.mean):
            return
        gained = row.mean > self.mark + min_gain or row.mean == self.mark == 0
        self.mark = row.mean if gained else self.mark
        self.since_best = 0 if gained else self.since_best + 1
        self.since_drop = 0 if gained else self.since_drop + 1

    def drop_after(self, plateau: int) -> None:
        """Drop the rate if so many validations in a row were no better."""
        if self.since_drop >= plateau:
            self.drops += 1
            self.since_drop = 0

    def to_state(self) -> dict[str, Any]:
        """All of it as plain values."""
        return asdict(self)

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Self:
        """What :meth:`to_state` gave."""
        rows = [Row(**{**row, "jaccard": tuple(row["jaccard"])}) for row in state["rows"]]
        return cls(**{**state, "rows": rows})


@dataclass(frozen=True)
class Result:
    """The end of a training.

    Attributes:
        weights: The network's weights at its best validation, or after the last step where no
            scene is held out; on the CPU.
        rows: The history.
        stopped: What ended it: "steps", "minutes" or "patience".
    """

    weights: Weights
    rows: tuple[Row, ...]
    stopped: str

    @property
    def best(self) -> Row:
        """The row whose weights were kept.

        The first of the highest mean; the last where all means are 0, or NaN since no scene is
        held out.
        """
        scored = [row for row in self.rows if row.mean > 0]
        return max(scored, key=lambda row: row.mean) if scored else self.rows[-1]


def history_text(rows: Sequence[Row], codes: Sequence[int]) -> str:
    """The history as CSV; a score that is NaN is an empty field, see :class:`Row`."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    classes = (f"jaccard_{code}" for code in codes)
    writer.writerow(("step", "loss", "rate", "seconds", "mean_jaccard", *classes))
    for row in rows:
        known = ("" if math.isnan(value) else f"{value:.6f}" for value in row.jaccard)
        mean = "" if math.isnan(row.mean) else f"{row.mean:.6f}"
        numbers = (f"{row.loss:.6f}", f"{row.rate:.6g}", f"{row.seconds:.2f}", mean)
        writer.writerow((row.step, *numbers, *known))
    return text.getvalue()


StepReport = Callable[[Progress, float], None]
"""Called after each step with the progress and the step's loss."""
