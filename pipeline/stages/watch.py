"""What a person sees of a training while it lasts: its progress, a line per validation, and curves.

Where there is no terminal, a short line every half minute says that it goes on.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from pipeline.files import write_json
from pipeline.learning.history import Progress, Row
from pipeline.learning.training_log import LogPicture, TrainingLog, Value
from pipeline.progress import bar, say
from pipeline.stages.job import HOW_FAR

_HOW_FAR_SECONDS: Final = 10.0
"""How far it is is written at most so often."""


class Watch:
    """Shows one training; use as a context manager.

    Args:
        name: Name of the training.
        steps: How many steps it has.
        classes: Names of its classes.
        log: Folder of the TensorBoard log.
        place: Which of how many trainings it is; None if nobody counts them.
        values: Its settings by name, for the log.
    """

    def __init__(
        self,
        name: str,
        steps: int,
        classes: Sequence[str],
        log: Path,
        place: tuple[int, int] | None = None,
        values: Mapping[str, Value] = {},
    ) -> None:
        self._name, self._log = name, log
        self._steps = steps
        self._names, self._values = classes, values
        self._title = f"training {name}" + (f" ({place[0]} of {place[1]})" if place else "")
        self._curves: TrainingLog | None = None
        self._display = bar()
        self._task: int | None = None
        self._jaccard = ""
        self._started, self._kept, self._done = 0.0, 0.0, 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._display.__exit__(kind, error, trace)
        if self._curves is not None:
            self._curves.close()

    def step(self, progress: Progress, loss: float) -> None:
        """After a step."""
        if self._task is None:
            self._task = self._start(progress)
        self._display.update(
            self._task,
            completed=progress.step,
            note=f"loss {loss:.3f}{self._jaccard}",
            left=self._left(progress),
        )
        if time.monotonic() - self._kept >= _HOW_FAR_SECONDS:
            self._keep(progress.step, progress.loss)

    def row(self, row: Row) -> None:
        """After a validation, or in its place where nothing is held out."""
        if self._curves is None:
            self._curves = TrainingLog(self._log, self._names, self._values, row.step)
        self._curves.add(row)
        score = "" if math.isnan(row.mean) else f", held-out Jaccard {row.mean:.3f}"
        self._jaccard = score.replace("held-out ", "")
        self._keep(row.step, row.loss)
        say(
            f"train: {self._name}, step {row.step} of {self._steps}: loss {row.loss:.3f}{score}, "
            f"{row.seconds:.0f} s"
        )

    def show(self, step: int, pictures: Sequence[LogPicture]) -> None:
        """After a validation: pictures for the log."""
        if self._curves is not None:
            self._curves.show(step, pictures)

    def _start(self, progress: Progress) -> int:
        """Take the time from the first step of this run, which may continue another."""
        self._started, self._done = time.monotonic(), progress.done
        task = self._display.add_task(self._title, total=self._steps, unit="step")
        if progress.step > 1:
            self._display.resume(task, progress.step)
            say(f"train: {self._name} continues at step {progress.step - 1} of {self._steps}")
        return task

    def _keep(self, step: int, loss: float) -> None:
        """Leave word of how far it is, for `make status`."""
        self._kept = time.monotonic()
        write_json(self._log / HOW_FAR, {"step": step, "steps": self._steps, "loss": loss})

    def _left(self, progress: Progress) -> float | None:
        """Seconds left, at the pace of this run so far; of its time, where that ends it sooner."""
        spent = time.monotonic() - self._started
        if progress.done <= self._done:
            return None
        return spent * (1 - progress.done) / (progress.done - self._done)
