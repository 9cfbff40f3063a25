"""A training as TensorBoard shows it: curves, pictures of held-out patches, and settings."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self, cast

from pipeline.learning.history import Row

BEST: Final = "best/jaccard"
"""Held-out Jaccard of the weights that were kept: what the page HPARAMS compares."""

Value = str | int | float


@dataclass(frozen=True)
class LogPicture:
    """A picture of a log.

    Attributes:
        tag: Its name; what stands before a slash is a heading.
        data: A PNG or JPEG file.
        size: Its width and height.
        note: What it shows, for people who ask.
    """

    tag: str
    data: bytes
    size: tuple[int, int]
    note: str = ""


class TrainingLog:
    """A TensorBoard log of a training; use as a context manager, or close it.

    Args:
        folder: Where its event file lies.
        names: Names of the classes.
        values: Settings by name, for the page HPARAMS; none are not told.
        purge: Forget what an earlier run logged from this step on.
    """

    def __init__(
        self,
        folder: Path,
        names: Sequence[str],
        values: Mapping[str, Value] = {},
        purge: int | None = None,
    ) -> None:
        from torch.utils.tensorboard import SummaryWriter  # noqa: PLC0415 - takes a second
        from torch.utils.tensorboard.summary import hparams  # noqa: PLC0415 - the same

        self._names = names
        self._writer = cast(Any, SummaryWriter(str(folder), purge_step=purge))
        # The first of the three would fix which settings the page shows for all trainings in
        # sight: without it, the page finds them all, and puts those that differ first.
        _, start, self._end = hparams(dict(values), {BEST: 0.0})  # type: ignore[no-untyped-call]
        self._told = bool(values)
        if self._told:
            self._writer.file_writer.add_summary(start)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the log."""
        self._writer.close()

    def add(self, row: Row, moment: float | None = None) -> None:
        """Log one row.

        Args:
            row: What was validated.
            moment: When, seconds since 1970; now if not given.
        """
        scores = dict(zip(self._names, row.jaccard, strict=True))
        values = {"loss": row.loss, "rate": row.rate, "jaccard/mean": row.mean}
        for name, value in (values | {f"jaccard/{k}": v for k, v in scores.items()}).items():
            if not math.isnan(value):
                self._writer.add_scalar(name, value, row.step, walltime=moment)
        self._writer.flush()

    def show(self, step: int, pictures: Sequence[LogPicture], moment: float | None = None) -> None:
        """Log pictures of a step; as files, which the library would decode and encode again."""
        from tensorboard.compat.proto.summary_pb2 import (  # type: ignore[import-untyped] # noqa: PLC0415
            Summary,
            SummaryMetadata,
        )

        for picture in pictures:
            value = Summary.Value(
                tag=picture.tag,
                metadata=SummaryMetadata(summary_description=picture.note),
                image=Summary.Image(
                    width=picture.size[0],
                    height=picture.size[1],
                    colorspace=3,
                    encoded_image_string=picture.data,
                ),
            )
            self._writer.file_writer.add_summary(Summary(value=[value]), step, moment)
        self._writer.flush()

    def end(self, best: Row) -> None:
        """Log that the training has ended, and what its weights are worth."""
        if not math.isnan(best.mean):
            self._writer.add_scalar(BEST, best.mean, best.step)
        if self._told:
            self._writer.file_writer.add_summary(self._end)


def write_log(
    folder: Path,
    rows: Sequence[Row],
    best: Row,
    names: Sequence[str],
    values: Mapping[str, Value] = {},
    pictures: Mapping[int, Sequence[LogPicture]] = {},
) -> None:
    """Write a whole training as one log, as if it had not been interrupted and ended just now.

    Args:
        folder: Where the log lies.
        rows: The history.
        best: The row whose weights were kept.
        names: Names of the classes.
        values: Settings by name.
        pictures: Pictures by step; those of other steps than the rows' are left out.
    """
    end = time.time()
    with TrainingLog(folder, names, values) as log:
        for row in rows:
            moment = end - (rows[-1].seconds - row.seconds)
            log.add(row, moment)
            log.show(row.step, pictures.get(row.step, ()), moment)
        log.end(best)


def flat_values(values: Mapping[str, Any], prefix: str = "") -> dict[str, Value]:
    """Settings within settings as one level, ``train.loss.smoothing`` and the like.

    Lists are texts, and so are yes, no and nothing: TensorBoard tells numbers and texts only.
    """
    flat: dict[str, Value] = {}
    for name, value in values.items():
        if isinstance(value, Mapping) and value:
            flat |= flat_values(value, f"{prefix}{name}.")
        else:
            flat[f"{prefix}{name}"] = _plain(value)
    return flat


def _plain(value: Any) -> Value:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float | str):
        return value
    if isinstance(value, list | tuple) and value:
        return ", ".join(str(_plain(one)) for one in value)
    return "none"
