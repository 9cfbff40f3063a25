"""The reader of a vector file, chosen by the file's extension."""

from __future__ import annotations

from pathlib import Path

from pipeline.config.labels import VectorLabels
from pipeline.errors import LabelError
from pipeline.imagery.annotations.layers import Layer
from pipeline.imagery.annotations.vector_files import DRIVERS, read_gdal


def read_layers(path: Path, settings: VectorLabels) -> list[Layer]:
    """Layers of a vector file.

    Raises:
        LabelError: If its extension is not known, or as its reader says.
    """
    if path.suffix.lower() in DRIVERS:
        return read_gdal(path, settings.layer, settings.column)
    raise LabelError(f"{path}: no vector file")
