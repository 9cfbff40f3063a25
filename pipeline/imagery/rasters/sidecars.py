"""World files, ``.prj`` and ``.aux.xml``: where a picture without coordinates lies.

They are read here, by a parser that takes numbers and a reference system from them and nothing
else: GDAL would follow the names of other files that they may hold.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from affine import Affine

from pipeline.errors import ImageryError
from pipeline.imagery.rasters.header import Place
from pipeline.imagery.rasters.texts import parsed, read_text

_MAX_TEXT: Final = 2**16
_MAX_XML: Final = 2**24


def place_beside(path: Path) -> Place:
    """What the files beside an image say of its place.

    A world file (six numbers: ``.pgw``, ``.jgw``, ``.tfw``, ``.wld`` and their like) goes before
    ``.aux.xml``; the reference system is that of ``.prj``, else that of ``.aux.xml``.

    Returns:
        Transform and well-known text, each None where nothing tells it.

    Raises:
        ImageryError: If one of them is there but can't be read.
    """
    suffix = path.suffix[1:]
    short = (suffix[:1] + suffix[-1:] + "w").lower()
    names = [path.with_suffix(f".{end}") for end in (short, f"{suffix.lower()}w", "wld")]
    world = next((name for name in names if name.is_file()), None)
    projection = path.with_suffix(".prj")
    pam = _pam(path.with_name(f"{path.name}.aux.xml"))
    return Place(
        _world(world) if world else pam.to_map,
        read_text(projection, _MAX_TEXT) if projection.is_file() else pam.crs,
    )


def _world(path: Path) -> Affine:
    """Transform of a world file, which places the centre of the first pixel."""
    words = re.split(r"[\s]+", read_text(path, _MAX_TEXT).strip().replace(",", "."))
    try:
        a, d, b, e, c, f = map(float, words)
    except ValueError:
        raise ImageryError(
            f"{path}: is no world file of six numbers; correct it, or remove it if the image "
            "beside it needs no coordinates"
        ) from None
    return Affine(a, b, c, d, e, f) @ Affine.translation(-0.5, -0.5)


def _pam(path: Path) -> Place:
    """Transform and reference system of GDAL's notes on a file."""
    if not path.is_file():
        return Place()
    root = parsed(path, read_text(path, _MAX_XML))
    transform, crs = root.findtext("GeoTransform"), root.findtext("SRS")
    if transform is None:
        return Place(None, crs)
    try:
        to_map = Affine.from_gdal(*map(float, transform.split(",")))
    except (TypeError, ValueError):
        raise ImageryError(
            f"{path}: GeoTransform is not six numbers; correct it, or remove the file if the "
            "image beside it needs no coordinates"
        ) from None
    return Place(to_map, crs)
