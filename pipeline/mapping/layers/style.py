"""How QGIS draws the classes: a style in its own XML, one symbol per class."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree as ET

from PIL import ImageColor

from pipeline.config.dataset import ClassRow
from pipeline.progress import printable

_HEAD = "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n"
_VERSION = "3.28.0"
_FILL, _EDGE = 150, 255
"""Opacity of areas and outlines, of 255: imagery below stays visible."""


def qgis_style(classes: Sequence[ClassRow]) -> str:
    """Style of a layer of polygons with a column ``code``, in the classes' colours and order."""
    root = ET.Element("qgis", version=_VERSION, styleCategories="Symbology")
    renderer = ET.SubElement(
        root, "renderer-v2", type="categorizedSymbol", attr="code", enableorderby="0"
    )
    categories = ET.SubElement(renderer, "categories")
    symbols = ET.SubElement(renderer, "symbols")
    for number, row in enumerate(classes):
        label, symbol = printable(row.name), str(number)
        ET.SubElement(
            categories,
            "category",
            {"value": str(row.code), "label": label, "symbol": symbol, "render": "true"},
            type="long",
        )
        _symbol(symbols, symbol, ImageColor.getrgb(row.colour))
    ET.SubElement(root, "layerGeometryType").text = "2"
    ET.indent(root, " ")
    return _HEAD + ET.tostring(root, encoding="unicode") + "\n"


def _symbol(symbols: ET.Element, name: str, colour: tuple[int, ...]) -> None:
    symbol = ET.SubElement(symbols, "symbol", type="fill", name=name, alpha="1")
    layer = ET.SubElement(symbol, "layer", {"class": "SimpleFill", "enabled": "1", "pass": "0"})
    options = ET.SubElement(layer, "Option", type="Map")
    dark = tuple(value * 2 // 3 for value in colour[:3])
    values = {
        "color": _rgba(colour[:3], _FILL),
        "style": "solid",
        "outline_color": _rgba(dark, _EDGE),
        "outline_style": "solid",
        "outline_width": "0.26",
        "outline_width_unit": "MM",
        "joinstyle": "bevel",
    }
    for key, value in values.items():
        ET.SubElement(options, "Option", type="QString", name=key, value=value)


def _rgba(colour: Sequence[int], opacity: int) -> str:
    return ",".join(str(value) for value in (*colour, opacity))
