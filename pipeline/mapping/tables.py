"""Tables of polygons, as the stages that map read and write them."""

from __future__ import annotations

from typing import Final

from pipeline.imagery.polygon_table import HEADER, Row, read_rows
from pipeline.imagery.polygon_text import Polygonal, geometry_of

__all__ = ["EMPTY", "HEADER", "Polygonal", "Row", "geometry_of", "read_rows"]

EMPTY: Final = "MULTIPOLYGON EMPTY"
