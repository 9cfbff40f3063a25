"""Ten thousand random masks, and not one invalid geometry: as traced, reshaped, scaled, written."""

from collections.abc import Iterator

import numpy as np
import pytest
import shapely
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from pipeline.imagery.transform import contest_affine
from pipeline.mapping.geometry.exclusion import simplified_together
from pipeline.mapping.geometry.precision import digits_for
from pipeline.mapping.geometry.reshaping import with_right_angles, without_corners
from pipeline.mapping.geometry.simplification import Parts, simplified
from pipeline.mapping.polygons import trace
from pipeline.mapping.text import valid_text

SHEETS, ROWS = 25, 20
"""Masks are looked at a sheet of 20 x 20 at a time, for speed: 25 sheets are 10,000 masks."""
CELL = 24
TO_MAP = contest_affine(0.009188, -0.00904, (837, 848))


def random_mask(rng: np.random.Generator) -> NDArray[np.bool_]:
    """Noise from sparse to dense, smooth objects, nested frames, checkers, full and empty ones."""
    shape = tuple(rng.integers(1, CELL, 2))
    rows, columns = np.indices(shape)
    kind = rng.integers(8)
    if kind < 3:
        return np.asarray(rng.random(shape) < rng.choice([0.1, 0.3, 0.5, 0.7, 0.95]))
    if kind < 6:
        noise = gaussian_filter(rng.standard_normal(shape), rng.uniform(0.5, 3))
        return np.asarray(noise > np.quantile(noise, rng.uniform(0, 1)))
    if kind == 6:
        depth = np.minimum.reduce((rows, columns, rows[::-1], columns[:, ::-1]))
        flipped = rng.random(shape) < rng.choice([0, 0.05])
        return np.asarray((depth % 2 == rng.integers(2)) ^ flipped)
    plain = ((rows + columns) % 2 == 0, rows >= 0, rows < 0, rows >= columns)
    return np.asarray(plain[rng.integers(4)])


def sheet(seed: int) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Masks in the cells of a sheet, a pixel apart, and what is left of each one's rectangle."""
    rng = np.random.default_rng(seed)
    ours, others = np.zeros((2, ROWS * CELL, ROWS * CELL), np.bool_)
    for row in range(0, ROWS * CELL, CELL):
        for column in range(0, ROWS * CELL, CELL):
            mask = random_mask(rng)
            place = slice(row, row + mask.shape[0]), slice(column, column + mask.shape[1])
            ours[place], others[place] = mask, ~mask
    return ours, others


def outlines(seed: int) -> Iterator[Parts]:
    """Outlines of a sheet's masks: traced, simplified, and one of the other kinds, in turns."""
    ours, others = sheet(seed)
    parts = trace(ours)
    simple = simplified(parts, (0.005, 0.015, 0.05, 0.2)[seed % 4])
    yield from (parts, simple)
    share = (0.05, 0.15, 0.5)[seed // 3 % 3]
    if seed % 3 == 0:
        found = simplified_together([parts, trace(others)], [0.015, 0.05])
        assert shapely.coverage_is_valid(np.concatenate(found))
        yield from found
    elif seed % 3 == 1:
        yield with_right_angles(parts, simple, share, ours.shape)
    else:
        yield without_corners(parts, simple, share, ours.shape)


def by_cell(parts: Parts) -> Parts:
    """One MultiPolygon per mask, each at its own origin."""
    bounds = shapely.bounds(parts)
    corners = (bounds[:, :2] + bounds[:, 2:]) // (2 * CELL)
    cells = (corners @ (1, ROWS)).astype(int)
    points, part = shapely.get_coordinates(parts, return_index=True)
    own = shapely.set_coordinates(parts.copy(), points - CELL * corners[part])
    order = np.argsort(cells, kind="stable")
    found: Parts = shapely.multipolygons(
        own[order], indices=np.unique(cells[order], return_inverse=True)[1]
    )
    return found


@pytest.mark.slow
def test_no_geometry_is_invalid() -> None:
    invalid = written = 0
    for seed in range(SHEETS):
        for parts in outlines(seed):
            assert shapely.is_valid(shapely.multipolygons(parts))
            wholes = by_cell(parts)
            on_map = shapely.transform(wholes, lambda points: points * (TO_MAP.a, TO_MAP.e))
            invalid += int((~shapely.is_valid(wholes)).sum() + (~shapely.is_valid(on_map)).sum())
            for whole in on_map[seed % 5 :: 5]:
                back = shapely.from_wkt(valid_text(whole, digits_for([whole])))
                invalid += not back.is_valid or back.is_empty
                written += 1
    assert invalid == 0
    assert written > 5000
