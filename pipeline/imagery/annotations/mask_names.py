"""Names of a mask's values, from the file of notes that GDAL writes beside a raster."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final
from xml.etree.ElementTree import Element

from pipeline.imagery.rasters.texts import parsed, read_text

_MAX_BYTES: Final = 2**24
_NAME, _VALUES = ("2",), ("5", "3", "0")
"""Usages of a raster attribute table's columns (GDAL, ``GDALRATFieldUsage``): the name of a class;
its value, lowest value, or anything."""


def names_of(path: Path) -> dict[int, str]:
    """Name by number, of the classes of a mask that ``.aux.xml`` names; none if it doesn't.

    Its category names are counted from 0; its attribute table has a column of names, and one of
    values unless its rows are counted.

    Raises:
        ImageryError: If the notes are no XML.
    """
    notes = path.with_name(f"{path.name}.aux.xml")
    if not notes.is_file():
        return {}
    band = parsed(notes, read_text(notes, _MAX_BYTES)).find("PAMRasterBand")
    if band is None:
        return {}
    listed = [entry.text or "" for entry in band.iterfind("CategoryNames/Category")]
    found = {number: name.strip() for number, name in enumerate(listed) if name.strip()}
    table = band.find("GDALRasterAttributeTable")
    return found or ({} if table is None else _tabled(table))


def _tabled(table: Element) -> dict[int, str]:
    usages = [field.findtext("Usage", "0") for field in table.iterfind("FieldDefn")]
    types = [field.findtext("Type", "0") for field in table.iterfind("FieldDefn")]
    name = next((place for place, usage in enumerate(usages) if usage in _NAME), None)
    if name is None:
        name = next((place for place, kind in enumerate(types) if kind == "2"), None)
    value = _value_column(usages, types)
    found = {}
    for number, row in enumerate(table.iterfind("Row")):
        cells = [(cell.text or "").strip() for cell in row.iterfind("F")]
        if name is None or name >= len(cells):
            continue
        text = str(number) if value is None or value >= len(cells) else cells[value]
        try:
            found[int(float(text))] = cells[name]
        except (ValueError, OverflowError):
            continue
    return found


def _value_column(usages: Sequence[str], types: Sequence[str]) -> int | None:
    """Column of a class's number: by its usage, among those that are no texts."""
    for wanted in _VALUES:
        for place, (usage, kind) in enumerate(zip(usages, types, strict=True)):
            if usage == wanted and kind != "2":
                return place
    return None
