"""Where a file says that it lies."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from affine import Affine
from pyproj import CRS
from pyproj.exceptions import CRSError

from pipeline.errors import ImageryError
from pipeline.imagery.rasters.header import Place
from pipeline.imagery.rasters.sidecars import place_beside


def place_of(path: Path, file: Any) -> Place:
    """Where an open file lies: what it says itself, else what files beside it say.

    Raises:
        ImageryError: If it is placed by control points or a camera model alone, or by numbers
            that place nothing.
    """
    to_map: Affine = file.transform
    crs = crs_text(file.crs.to_wkt()) if file.crs else None
    if not to_map.is_identity:
        return Place(checked(path, to_map), crs)
    if file.gcps[0] or file.rpcs:
        how = "ground control points" if file.gcps[0] else "a camera model (RPC)"
        raise ImageryError(
            f"{path}: lies on the map by {how} alone, not by a transform; bring it into a map's "
            "grid first, as with: gdalwarp -t_srs EPSG:32633 old.tif new.tif (with the zone of "
            "your ground)"
        )
    beside = place_beside(path)
    if beside.to_map is not None:
        checked(path, beside.to_map)
    return Place(beside.to_map, crs or crs_text(beside.crs or ""))


def checked(path: Path, to_map: Affine) -> Affine:
    """A transform, if it can be turned round.

    Raises:
        ImageryError: If it can't.
    """
    determinant = to_map.a * to_map.e - to_map.b * to_map.d
    if not all(map(math.isfinite, to_map[:6])) or abs(determinant) < 1e-30:
        raise ImageryError(
            f"{path}: its transform ({', '.join(f'{number:g}' for number in to_map[:6])}) gives "
            "pixels no area; write the right one into the file, as with gdal_edit.py -a_ullr"
        )
    return to_map


def crs_text(wkt: str) -> str | None:
    """``EPSG:32633`` where a reference system is known by number, else well-known text.

    Args:
        wkt: Well-known text, also as ESRI writes it. A local system, which ties to no place, is
            none.
    """
    if not wkt.strip():
        return None
    try:
        crs = CRS.from_wkt(wkt).to_2d()
        authority = crs.to_authority()
        text: str = ":".join(authority) if authority else crs.to_wkt()
    except CRSError:
        return None
    return None if crs.is_engineering else text
