"""Polygons in a CSV table with a column of well-known text."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from pipeline.errors import LabelError
from pipeline.imagery.annotations.layers import Layer, close_to
from pipeline.imagery.polygon_text import Polygonal, geometry_of

_DELIMITERS: Final = (",", ";", "\t")
_LONGEST_HEADER: Final = 2**16


def read_wkt_table(path: Path, wkt: str, column: str | None) -> Layer:
    """The only layer of a table.

    Args:
        path: CSV text in UTF-8, its fields parted by commas, semicolons or tabulators.
        wkt: Column of the geometry, in capital letters or small ones.
        column: Column to read beside it; None for none.

    Raises:
        LabelError: If the file is no such table, lacks a column, or holds anything but polygons.
    """
    table = read_table(path)
    names = {name.lower(): name for name in table.columns}
    if wkt.lower() not in names:
        raise LabelError(
            f"{path}: has no column {wkt!r} with the polygons{close_to(wkt, list(table.columns))}; "
            "correct dataset.labels.wkt"
        )
    if column is not None and column not in table.columns:
        raise LabelError(
            f"{path}: has no column {column!r}{close_to(column, list(table.columns))}; correct "
            "dataset.labels.column"
        )
    numbers = np.arange(2, len(table) + 2)
    shapes = np.empty(len(table), dtype=object)
    for place, text in enumerate(table[names[wkt.lower()]]):
        shapes[place] = _geometry(path, int(numbers[place]), text)
    values = None if column is None else table[column].to_numpy(dtype=object)
    return Layer(path, None, None, numbers, values, shapes, "row")


def read_table(path: Path, rows: int | None = None) -> pd.DataFrame:
    """A table of texts, its fields as long as they like.

    Args:
        path: The table.
        rows: Number of rows to read; None for all.

    Raises:
        LabelError: If it is no CSV text in UTF-8, or a row has more or fewer fields than the
            header.
    """
    if not path.is_file():
        raise LabelError(f"{path}: no such file; put it there or correct dataset.labels.file")
    try:
        with warnings.catch_warnings():
            # pandas only warns of rows that are longer than the header.
            warnings.simplefilter("error", pd.errors.ParserWarning)
            table = pd.read_csv(
                path,
                sep=_delimiter(path),
                dtype=str,
                keep_default_na=False,
                index_col=False,
                encoding="utf-8-sig",
                compression=None,
                nrows=rows,
            )
    except (pd.errors.ParserError, pd.errors.ParserWarning, pd.errors.EmptyDataError) as fault:
        raise LabelError(
            f"{path}: is no CSV table ({str(fault).strip()[:200]}); write it anew, and quote "
            "fields that hold the delimiter"
        ) from None
    except (OSError, UnicodeDecodeError, ValueError) as fault:
        raise LabelError(f"{path}: is no table in UTF-8 ({fault}); write it anew") from None
    short = table.isna().any(axis=1).to_numpy()
    if short.any():
        raise LabelError(
            f"{path}, row {int(short.argmax()) + 2}: has fewer fields than the header; correct it"
        )
    return table


def _delimiter(path: Path) -> str:
    with path.open(encoding="utf-8-sig", newline="") as file:
        header = file.readline(_LONGEST_HEADER)
    return max(_DELIMITERS, key=header.count)


def _geometry(path: Path, number: int, text: Any) -> Polygonal | None:
    if not text.strip():
        return None
    try:
        return geometry_of(text)
    except ValueError as fault:
        raise LabelError(f"{path}, row {number}: {fault}") from None
