"""The reader of a vector file, chosen by the file's extension."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from pipeline.errors import LabelError
from pipeline.imagery.annotations.geoparquet import read_geoparquet
from pipeline.imagery.annotations.layers import Layer, Wanted
from pipeline.imagery.annotations.vector_files import DRIVERS, read_gdal
from pipeline.imagery.annotations.wkt_table import read_wkt_table

PARQUET: Final = (".parquet", ".geoparquet")
TABLES: Final = (".csv", ".tsv")
SUFFIXES: Final = (*DRIVERS, *PARQUET, *TABLES)
"""Endings of the names of vector files that can be read, in lower case."""


def read_layers(path: Path, wanted: Wanted) -> list[Layer]:
    """Layers of a vector file.

    Raises:
        LabelError: If its extension is not known, it is not there, or as its reader says.
    """
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise LabelError(
            f"{path}: {suffix or 'no extension'} is none of {', '.join(SUFFIXES)}; save the labels "
            "in one of these formats, or correct dataset.labels.file"
        )
    if not path.is_file():
        raise LabelError(f"{path}: no such file; put it there or correct dataset.labels.file")
    if suffix in DRIVERS:
        return read_gdal(path, wanted)
    return [read_geoparquet(path, wanted) if suffix in PARQUET else read_wkt_table(path, wanted)]
