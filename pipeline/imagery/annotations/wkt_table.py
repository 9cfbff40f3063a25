"""Polygons in a CSV table with a column of well-known text."""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from pipeline.errors import LabelError
from pipeline.imagery.annotations.layers import Layer, Wanted, close_to
from pipeline.imagery.polygon_text import Polygonal, geometry_of

_DELIMITERS: Final = (",", ";", "\t")
_LONGEST_HEADER: Final = 2**16
_POLYGONAL: Final = re.compile(r"\s*(MULTI)?POLYGON\b", re.IGNORECASE)


def read_wkt_table(path: Path, wanted: Wanted) -> Layer:
    """The only layer of a table, its fields parted by commas, semicolons or tabulators.

    Raises:
        LabelError: If the file is no such table, lacks a column, or holds anything but polygons.
    """
    table = _read(path, wanted.most)
    known = [str(name) for name in table.columns]
    geometry = _looks_like_geometry(table) if wanted.wkt is None else _named(known, wanted.wkt)
    if geometry is None:
        raise LabelError(
            f"{path}: has no column {wanted.wkt or 'wkt'!r} with the polygons"
            f"{close_to(wanted.wkt or 'wkt', known)}; correct dataset.labels.wkt"
        )
    columns = wanted.among(str(path), [name for name in known if name != geometry])
    numbers = np.arange(2, len(table) + 2)
    shapes = np.empty(len(table), dtype=object)
    for place, text in enumerate(table[geometry]):
        shapes[place] = _geometry(path, int(numbers[place]), text)
    values = {name: table[name].to_numpy(dtype=object) for name in columns}
    return Layer(path, None, None, numbers, values, shapes, "row", geometry=geometry)


def _named(known: Sequence[str], wanted: str) -> str | None:
    """The column of a name, whether in capital letters or small ones."""
    return next((name for name in known if name.lower() == wanted.lower()), None)


def _looks_like_geometry(table: pd.DataFrame) -> str | None:
    """The first column that holds polygons as text, if there is one."""
    for name in table.columns:
        texts = [text for text in table[name] if text.strip()]
        if texts and _POLYGONAL.match(texts[0]):
            return str(name)
    return None


def _read(path: Path, rows: int | None) -> pd.DataFrame:
    """A table of texts, its fields as long as they like.

    Args:
        path: The table.
        rows: Number of rows to read; None for all.

    Raises:
        LabelError: If it is no CSV text in UTF-8, or a row has more fields than the header.
    """
    try:
        with warnings.catch_warnings():
            # pandas only warns of rows that are longer than the header.
            warnings.simplefilter("error", pd.errors.ParserWarning)
            return pd.read_csv(
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
