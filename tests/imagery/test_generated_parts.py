"""The parts that scenes are generated with: spectra, light, sensor, label texts."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import from_wkt
from shapely.geometry import MultiPolygon, Polygon, box

from pipeline.imagery.generated.labels import EMPTY, grid_text
from pipeline.imagery.generated.light import _shadows, diffuse_share
from pipeline.imagery.generated.sensor import GROUPS, _weights
from pipeline.imagery.generated.shapes import blob
from pipeline.imagery.generated.spectra import MATERIALS, P_WEIGHTS, WAVELENGTHS, reflectance
from pipeline.imagery.generated.surfaces import SURFACES


def test_spectra_show_the_known_features() -> None:
    table = dict(zip(MATERIALS, reflectance(), strict=True))
    assert all(0 < values.min() <= values.max() < 1 for values in table.values())
    at = {length: index for index, length in enumerate(WAVELENGTHS)}
    for plant in ("grass", "leaf", "leaf_dark", "crop"):
        assert table[plant][at[832]] > 5 * table[plant][at[660]]  # the red edge
        assert table[plant][at[2205]] < 0.5 * table[plant][at[832]]  # water in leaves
    for water in ("water", "turbid_water"):
        assert table[water][at[950] :].max() < 0.03
    assert table["soil"][at[1660]] > table["soil"][at[832]] > table["soil"][at[480]]
    assert table["soil"][at[2205]] < table["soil"][at[1730]]  # clay
    assert np.ptp(table["asphalt"]) < 0.1


def test_surfaces_name_known_materials() -> None:
    for surface in SURFACES.values():
        assert set(surface.base) | set(surface.other) <= set(MATERIALS)
        assert 0 <= surface.share[0] <= surface.share[1] <= 1


def test_panchromatic_is_a_mean_of_visible_bands() -> None:
    assert sum(P_WEIGHTS.values()) == pytest.approx(1)
    assert {group.name: len(group.bands) for group in GROUPS} == {"RGB": 3, "P": 1, "M": 8, "A": 8}


def test_skylight_is_blue() -> None:
    share = diffuse_share()
    assert (np.diff(share) < 0).all()
    assert 0 < share[-1] < share[0] < 0.4


def test_a_shadow_lies_away_from_the_sun_and_is_as_long_as_the_height_says() -> None:
    height = np.zeros((60, 60), dtype=np.float32)
    height[28:32, 28:32] = 3.1
    shade = _shadows(height, 0.0, math.radians(45))  # the sun in +x, so the shadow in -x
    row = shade[30]
    assert row[36:].max() < 0.05
    assert row[22:26].min() > 0.9
    assert row[:16].max() < 0.05  # 3.1 m are ten cells of 0.31 m


@given(pixels=st.integers(3, 60), shift=st.floats(-2, 2))
@settings(max_examples=30, deadline=None)
def test_a_pixel_is_a_mean_of_the_ground_under_it(pixels: int, shift: float) -> None:
    length, cells = 60.0, 349
    weights = _weights(cells, pixels, length, shift)
    assert weights.shape == (pixels, cells)
    assert np.asarray(weights.sum(axis=1)) == pytest.approx(1, abs=1e-5)
    centres = (np.arange(cells) + 0.5) * 0.31 - 24
    expected = (np.arange(pixels) + 0.5) * length / pixels - shift
    inside = weights @ centres
    middle = slice(1, -1)
    assert inside[middle] == pytest.approx(expected[middle], abs=0.16)


@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=40, deadline=None)
def test_label_texts_are_valid_after_rounding(seed: int) -> None:
    rng = np.random.default_rng(seed)
    parts = [
        blob(rng, x, y, 10 ** rng.uniform(-6.5, -4.5), 0.6, 24).buffer(0)
        for x, y in rng.uniform(0, 4e-5, (12, 2))
    ]
    shape = MultiPolygon([parts[0]]).union(MultiPolygon([parts[1]]))
    for part in parts[2:]:
        shape = shape.symmetric_difference(part)
    read = from_wkt(grid_text(shape))
    assert read.geom_type == "MultiPolygon"
    assert read.is_valid
    assert read.symmetric_difference(shape).area <= 1e-9 * shape.length + 20 * 1e-13


def test_nothing_is_written_as_empty_multipolygon() -> None:
    assert grid_text(Polygon()) == EMPTY
    assert grid_text(box(0, 0, 1e-8, 1e-8)) == EMPTY
    assert from_wkt(grid_text(box(0, 0, 1e-5, 1e-5))).area == pytest.approx(1e-10)
