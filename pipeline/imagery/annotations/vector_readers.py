"""The reader of a vector file, chosen by the file's extension."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from pipeline.config.labels import VectorLabels
from pipeline.errors import LabelError
from pipeline.imagery.annotations.geoparquet import read_geoparquet
from pipeline.imagery.annotations.layers import Layer
from pipeline.imagery.annotations.vector_files import DRIVERS, read_gdal
from pipeline.imagery.annotations.wkt_table import read_wkt_table

PARQUET: Final = (".parquet", ".geoparquet")
TABLES: Final = (".csv", ".tsv")
SUFFIXES: Final = (*DRIVERS, *PARQUET, *TABLES)
"""Endings of the names of vector files that can be read, in lower case."""


def read_layers(path: Path, settings: VectorLabels) -> list[Layer]:
    """Layers of a vector file.

    Raises:
        LabelError: If its extension is not known, or as its reader says.
    """
    suffix = path.suffix.lower()
    if suffix in DRIVERS:
        return read_gdal(path, settings.layer, settings.column)
    if suffix in PARQUET:
        return [read_geoparquet(path, settings.column)]
    if suffix in TABLES:
        return [read_wkt_table(path, settings.wkt, settings.column)]
    raise LabelError(
        f"{path}: {suffix or 'no extension'} is none of {', '.join(SUFFIXES)}; save the labels in "
        "one of these formats, or correct dataset.labels.file"
    )
