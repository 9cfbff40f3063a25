"""Names of generated scenes: ``region_row_col``, and which two names are one place.

A twin, the same place at a second date, keeps its row and column and has the region number of
the first date plus 30: 1040_1_2 is the twin of 1010_1_2. Regions of first dates come in threes
(1010, 1020, 1030, then 1070, 1080, 1090, ...), so a twin's region never holds anything else.
The contest's own regions begin at 6010: no generated place is taken for one of them.
"""

from __future__ import annotations

TWIN_STEP = 30
_FIRST_REGION = 1010
_GRID = 5
PLACES_PER_REGION = _GRID * _GRID


def region(index: int) -> int:
    """Number of the ``index``-th region of first dates, counted from 0."""
    block, within = divmod(index, 3)
    return _FIRST_REGION + 2 * TWIN_STEP * block + 10 * within


def scene_id(place: int, date: int) -> str:
    """Name of a scene.

    Args:
        place: Number of the place, from 0.
        date: 0 for the first date, 1 for the twin.
    """
    index, cell = divmod(place, PLACES_PER_REGION)
    row, column = divmod(cell, _GRID)
    return f"{region(index) + TWIN_STEP * date}_{row}_{column}"


def first_test_place(train_places: int) -> int:
    """Number of the first test place: test places start a region of their own."""
    return -(-train_places // PLACES_PER_REGION) * PLACES_PER_REGION
