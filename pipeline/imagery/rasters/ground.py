"""How large a pixel is on the ground."""

from __future__ import annotations

import math

from affine import Affine
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError, ProjError

from pipeline.errors import ImageryError
from pipeline.imagery.transform import Shape


def ground_metres(to_map: Affine, crs: str, shape: Shape) -> float:
    """True metres per pixel at an image's centre, whatever the map's units and scale.

    The sides of the pixel at the centre are measured along geodesics of the reference system's
    ellipsoid (C. F. F. Karney, Algorithms for geodesics, J. Geodesy 87, 2013). The result is the
    geometric mean of both.

    Args:
        to_map: Pixel edges to map units.
        crs: Coordinate reference system, as ``EPSG:4326`` or well-known text.
        shape: (H, W) in pixels.

    Raises:
        ImageryError: If the reference system is none, or has no such place.
    """
    row, column = shape[0] / 2, shape[1] / 2
    ends = ((-0.5, 0), (0.5, 0), (0, -0.5), (0, 0.5))
    x, y = zip(*(to_map @ (column + right, row + down) for right, down in ends), strict=True)
    try:
        system = CRS.from_user_input(crs)
        geographic, geod = system.geodetic_crs, system.get_geod()
        if geographic is None or geod is None:
            raise ImageryError(f"{crs[:80]!r}: is no reference system of the ground; correct it")
        there = Transformer.from_crs(system, geographic, always_xy=True)
        longitude, latitude = there.transform(x, y, errcheck=True)
    except (CRSError, ProjError) as error:
        raise ImageryError(
            f"{crs[:80]!r}: can't place ({x[0]:g}, {y[0]:g}) on the ground ({error}); correct the "
            "reference system, or the image's transform"
        ) from None
    across, down = (
        geod.inv(longitude[start], latitude[start], longitude[start + 1], latitude[start + 1])[2]
        for start in (0, 2)
    )
    metres = math.sqrt(across * down)
    if not (math.isfinite(metres) and metres > 0):
        raise ImageryError(
            f"{crs[:80]!r}: has no ground at ({x[0]:g}, {y[0]:g}); correct the reference system, "
            "or the image's transform"
        )
    return metres
