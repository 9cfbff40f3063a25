"""What a person sees of a training while it lasts: a bar, a line per validation, and curves."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Self

from pipeline.learning.history import Curves, Progress, Row
from pipeline.progress import bar, say
from pipeline.stages.job import Job


class Watch:
    """Shows one fold's training; use as a context manager.

    Args:
        name: Name of the fold.
        job: The run.
        log: Folder of the TensorBoard log.
    """

    def __init__(self, name: str, job: Job, log: Path) -> None:
        self._name, self._log = name, log
        self._steps = job.config.train.steps
        self._names = [row.name for row in job.config.dataset.classes]
        self._curves: Curves | None = None
        self._display = bar()
        self._task = self._display.add_task(f"training {name}", total=self._steps, note="")
        self._jaccard = ""

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
        note = f"loss {loss:.3f}{self._jaccard}"
        self._display.update(self._task, completed=progress.step, note=note)

    def row(self, row: Row) -> None:
        """After a validation."""
        if self._curves is None:
            self._curves = Curves(self._log, self._names, purge=row.step)
        self._curves.add(row)
        self._jaccard = f", Jaccard {row.mean:.3f}"
        say(
            f"train: {self._name}, step {row.step} of {self._steps}: loss {row.loss:.3f}, "
            f"held-out Jaccard {row.mean:.3f}, {row.seconds:.0f} s"
        )
