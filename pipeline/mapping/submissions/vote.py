"""Several submissions merged into one by weighted majority, row by row."""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import SubmissionError
from pipeline.mapping.submissions.index import IndexedTable, indexed
from pipeline.mapping.submissions.majority import majority
from pipeline.mapping.submissions.output import written_table
from pipeline.mapping.submissions.reading import Reading, ground_of
from pipeline.mapping.submissions.rows import Key
from pipeline.mapping.tables import HEADER
from pipeline.mapping.text import decimals_for, valid_text

_AS_IT_SHOULD = frozenset({"long-field", "many-vertices", "exponent"})
"""Kinds of marks of rows that are as a submission should be."""


@dataclass(frozen=True)
class Ballot:
    """What a vote has done.

    Attributes:
        rows: Rows written.
        filled: Rows with ground.
        lacking: Rows that some table lacked and counted as empty there.
        ignored: Rows that the first table lacks, and so the result.
        mended: Rows that were not as a submission should be and were read all the same.
    """

    rows: int
    filled: int
    lacking: int
    ignored: int
    mended: int


def parse_weights(text: str | None) -> tuple[float, ...]:
    """Numbers of a text such as ``2,1,1``; none of no text.

    Raises:
        SubmissionError: If one is no number.
    """
    try:
        return tuple(float(part) for part in text.split(",")) if text is not None else ()
    except ValueError:
        raise SubmissionError(f"weights {text!r} are no numbers; write them as in 2,1,1") from None


def check_weights(weights: Sequence[float], tables: int, share: float) -> NDArray[np.float64]:
    """Weights of tables; all the same if none are given.

    Raises:
        SubmissionError: If they don't fit.
    """
    if not 0 <= share < 1:
        raise SubmissionError(f"share is {share:g}; it is at least 0 and less than 1")
    given = np.array(weights or [1.0] * tables, np.float64)
    if len(given) != tables:
        raise SubmissionError(
            f"{len(given)} weights for {tables} tables; give one for each, as in 2,1,1"
        )
    if not (np.isfinite(given).all() and (given > 0).all() and math.isfinite(sum(given.tolist()))):
        raise SubmissionError(f"weights are {list(weights)}; each is a number above 0")
    return given


def vote_tables(
    out: Path, tables: Sequence[Path], weights: Sequence[float] = (), share: float = 0.5
) -> Ballot:
    """Write the ground where the weight of the tables that have it is more than the share.

    Rows stand in the order of the first table; a row that a table lacks is empty there. Only one
    row of each table is held at a time.

    Args:
        out: Where to; packed if its name ends with ``.gz``.
        tables: Submissions, plain or packed.
        weights: Weight of each; none for equal weights.
        share: Of the sum of the weights, at least 0 and less than 1.

    Raises:
        SubmissionError: If a table can't be read, rows of it stand there twice, or weights don't
            fit.
    """
    checked = check_weights(weights, len(tables), share)
    filled = lacking = mended = 0
    with ExitStack() as stack:
        found = [stack.enter_context(indexed(path)) for path in tables]
        for table in found:
            table.check_rows()
        file = stack.enter_context(written_table(out, tables))
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(HEADER)
        for key in found[0].places:
            readings = [table.reading(key) for table in found]
            lacking += sum(key not in table.places for table in found)
            mended += sum(_is_odd(reading) for reading in readings)
            ground = majority([ground_of(reading) for reading in readings], checked, share)
            filled += not ground.is_empty
            rows.writerow((*key, valid_text(ground, decimals_for(ground))))
        count = len(found[0].places)
        return Ballot(count, filled, lacking, len(_ignored(found)), mended)


def _ignored(found: Sequence[IndexedTable]) -> set[Key]:
    first = found[0].places
    return {key for table in found[1:] for key in table.places if key not in first}


def _is_odd(reading: Reading) -> bool:
    return not reading.valid or any(mark.kind not in _AS_IT_SHOULD for mark in reading.marks)
