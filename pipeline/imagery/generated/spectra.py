"""Surface reflectance of materials in the bands of WorldView-3.

The numbers are approximate: read off and rounded from typical curves of the ECOSTRESS spectral
library (Meerdink et al. 2019, doi:10.1016/j.rse.2019.05.015; Baldridge et al. 2009,
doi:10.1016/j.rse.2008.11.007) and the USGS spectral library version 7 (Kokaly et al. 2017,
doi:10.3133/ds1035), averaged over each band by eye. They keep what matters: the red edge and the
water absorption of leaves, cellulose in dry grass, soil rising into the short-wave infrared, clay
absorption near 2205 nm, flat asphalt and concrete, iron in tiles, water black beyond 900 nm, and
paints whose binder absorbs near 1730 and 2300 nm.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

WAVELENGTHS = (
    # M: coastal, blue, green, yellow, red, red edge, NIR1, NIR2
    *(425, 480, 545, 605, 660, 725, 832, 950),
    # A: SWIR 1 to 8
    *(1210, 1570, 1660, 1730, 2165, 2205, 2260, 2330),
)
"""Centres of the sixteen distinct bands, in nanometres."""

M_BANDS = tuple(range(8))
A_BANDS = tuple(range(8, 16))
RGB_BANDS = (4, 2, 1)
P_WEIGHTS = {1: 0.19, 2: 0.22, 3: 0.18, 4: 0.2, 5: 0.17, 6: 0.04}
"""Share of each band in the panchromatic one, 450-800 nm."""

# One row per material, in percent, columns as WAVELENGTHS.
_PERCENT = {
    "grass": "3 3.5 7.5 5.5 4.2 21 42 43  38 25 28 26 14 15 14 11",
    "dry_grass": "7 9 14 19 22 27 34 38  44 40 41 38 29 29 28 24",
    "leaf": "2.5 3 5.6 4 3.2 19 42 43  37 21 24 21 9.5 10.5 10 7.5",
    "leaf_dark": "2 2.5 4 3 2.6 13 30 31  27 14 16.5 14.5 6.5 7 6.5 5",
    "crop": "2.8 3.3 7.6 5 3.6 22 47 48  42 25 28 25 12.5 13.5 12.5 9.5",
    "ripe_crop": "6 8 13 18 21 27 36 40  45 40 42 38 29 29 28 24",
    "soil": "7 9 13 17.5 20.5 24 28 31  36 40 41 41 38 36.5 37 35",
    "moist_soil": "5 6.2 8.8 11.5 13.5 15.5 18.5 20.5  23 25 25.5 25 22 21 21.5 20",
    "gravel": "11 14 18 21.5 23.5 26 28 29.5  33 36 36.5 36.5 34.5 33.5 33.5 31",
    "asphalt": "7.5 8.4 9.6 10.6 11.3 12 12.6 13.2  14.4 15.6 16 16.2 16.2 16.2 16 15.2",
    "concrete": "15 18 22 25 27 28.5 29.5 30.5  33 35 35.5 35.5 33.5 33 33 31",
    "bitumen": "4.6 5 5.6 6.2 6.7 7.1 7.5 7.9  8.6 9.2 9.4 9.2 9.4 9.4 9.1 8.4",
    "metal": "29 32 35 37 38 38.5 38 37  42 45 46 46 46 45.5 45 44",
    "tile": "6 7 10.5 18.5 24.5 28.5 30.5 31.5  38 43 43.5 43.5 40.5 38.5 40 39.5",
    "wood": "8 10 13.5 17.5 20.5 25 32 36  40 34 36.5 34 23.5 24 23 20",
    "water": "5 5.5 5.8 3.8 2.8 1.9 1.1 0.8  0.4 0.3 0.3 0.3 0.2 0.2 0.2 0.2",
    "turbid_water": "6.2 7.6 9.8 9.6 8.4 6.4 3.4 1.8  0.7 0.4 0.4 0.4 0.3 0.3 0.3 0.3",
    "paint_white": "38 58 64 65 65 65 64 62  56 48 46 37 35 36 34 28",
    "paint_grey": "17 20 21 21.5 22 22 22.5 23  24 24 23.5 20 20 20 19 16",
    "paint_black": "4 4 4 4 4 4.3 4.6 5  6 7 7.2 6.4 7 7 6.8 6",
    "paint_red": "5 4.5 4.5 14 38 46 48 49  48 45 43 35 34 34 32 26",
    "paint_blue": "12 17 13 7 6 9 24 31  36 37 36 30 29 29 27 22",
    "glass": "5 5 5 5 5 5.2 5.4 5.6  6 6.3 6.3 6.3 6 6 6 5.8",
}

MATERIALS = tuple(_PERCENT)


def reflectance() -> NDArray[np.float32]:
    """Reflectance (materials, 16) float32 in [0, 1], rows as MATERIALS, columns WAVELENGTHS."""
    rows = [[float(value) for value in line.split()] for line in _PERCENT.values()]
    return np.asarray(np.array(rows) / 100, dtype=np.float32)
