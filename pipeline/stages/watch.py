"""What a person sees of a training while it lasts: a bar, a line per validation, and curves.

Where there is no terminal for a bar, a short line every half minute says that it goes on.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from pipeline.learning.history import Curves, Progress, Row
from pipeline.progress import bar, say

QUIET_SECONDS = 30.0
"""Without a terminal, nothing is said for at most so long."""


class Watch:
    """Shows one training; use as a context manager.

    Args:
        name: Name of the training.
        steps: How many steps it has.
        classes: Names of its classes.
        log: Folder of the TensorBoard log.
    """

    def __init__(self, name: str, steps: int, classes: Sequence[str], log: Path) -> None:
        self._name, self._log = name, log
        self._steps = steps
        self._names = classes
        self._curves: Curves | None = None
        self._display = bar()
        self._task = self._display.add_task(f"training {name}", total=self._steps, note="")
        self._jaccard = ""
        self._started: float | None = None
        self._said, self._done = 0.0, 0.0

    def __enter__(self) -> Self:
        self._display.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._display.stop()
        if self._curves is not None:
            self._curves.close()

    def step(self, progress: Progress, loss: float) -> None:
        """After a step."""
        if self._started is None:
            self._start(progress)
        note = f"loss {loss:.3f}{self._jaccard}"
        self._display.update(self._task, completed=progress.step, note=note)
        if self._display.disable and time.monotonic() - self._said >= QUIET_SECONDS:
            self._say(
                f"loss {progress.loss:.3f}, {progress.seconds:.0f} s, "
                f"about {self._left(progress):.0f} s left",
                progress.step,
            )

    def row(self, row: Row) -> None:
        """After a validation, or in its place where nothing is held out."""
        if self._curves is None:
            self._curves = Curves(self._log, self._names, purge=row.step)
        self._curves.add(row)
        score = "" if math.isnan(row.mean) else f", held-out Jaccard {row.mean:.3f}"
        self._jaccard = score.replace("held-out ", "")
        self._say(f"loss {row.loss:.3f}{score}, {row.seconds:.0f} s", row.step)

    def _start(self, progress: Progress) -> None:
        """Take the time from the first step of this run, which may continue another."""
        self._started = self._said = time.monotonic()
        self._done = progress.done
        if progress.step > 1:
            say(f"train: {self._name} continues at step {progress.step - 1} of {self._steps}")

    def _say(self, text: str, step: int) -> None:
        say(f"train: {self._name}, step {step} of {self._steps}: {text}")
        self._said = time.monotonic()

    def _left(self, progress: Progress) -> float:
        """Seconds left, at the pace of this run so far."""
        spent = time.monotonic() - (self._started or 0.0)
        return spent * (1 - progress.done) / max(progress.done - self._done, 1e-9)
