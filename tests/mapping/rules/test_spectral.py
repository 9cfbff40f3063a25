"""Indices of a scene on its working grid, and classes that follow them."""

from __future__ import annotations

import numpy as np
import pytest
from affine import Affine
from numpy.typing import NDArray

from pipeline.config.dataset import BandGroupRow
from pipeline.config.features import NormalisedDifference
from pipeline.config.rules import IndexName, IndexRow
from pipeline.imagery.tiles import TiledScene
from pipeline.mapping.rules.engine import apply
from pipeline.mapping.rules.spectral import IndexRaster, scene_indices
from tests.imagery.tiny_scene import tiny_scene
from tests.mapping.rules.drawn import mask_of, text_of

BANDS = ("blue", "green", "red", "red_edge", "nir1")
GROUPS = (
    BandGroupRow(name="M", file="m/{id}.tif", metres=2, bands=BANDS, scale=1000),
    BandGroupRow(name="A", file="a/{id}.tif", metres=4, bands=("swir1",), scale=100),
)
PLANT = (50, 80, 100, 200, 300)
WATER = (90, 80, 60, 30, 20)
EMPTY = (0, 0, 0, 0, 0)


def scene(*columns: tuple[int, ...], valid: NDArray[np.bool_] | None = None) -> TiledScene:
    """Columns of one coarse pixel each, two working pixels wide and high; A is one pixel."""
    pixels = np.array(columns, dtype=np.uint16).T[:, None, :]
    swir = np.full((1, 1, 1), 30, dtype=np.uint16)
    groups = {"M": (pixels, Affine.scale(2)), "A": (swir, Affine.scale(2 * len(columns), 2))}
    return tiny_scene((2, 2 * len(columns)), groups, valid=valid)


@pytest.mark.parametrize(
    ("index", "expected"),
    [
        ("NDVI", 0.5),
        ("NDWI", -220 / 380),
        ("EVI", 2.5 * 0.2 / (0.3 + 0.6 - 0.375 + 1)),
        ("SAVI", 1.5 * 0.2 / 0.9),
        ("CCCI", 0.2 / 0.5),
        ("CCCI_product", 0.2 * 0.5),
    ],
)
def test_indices_by_hand(index: IndexName, expected: float) -> None:
    """Reflectances are 0.05, 0.08, 0.1, 0.2 and 0.3."""
    found = IndexRaster(scene(PLANT, PLANT), index, GROUPS)[:]
    assert found.shape == (2, 4)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_bands_of_two_groups() -> None:
    """0.3 in near infrared and 0.3 in short-wave infrared, whose numbers are 300 and 30."""
    index = NormalisedDifference(name="x", a="M.nir1", b="A.swir1")
    np.testing.assert_allclose(IndexRaster(scene(PLANT), index, GROUPS)[:], 0, atol=1e-6)


def test_bands_are_interpolated_before_the_index() -> None:
    """Centres of working pixels lie 1/4 and 3/4 of the way between those of two coarse pixels."""
    found = IndexRaster(scene(PLANT, WATER), "NDVI", GROUPS)[:][0]
    nir, red = 300 - 280 * 0.25, 100 - 40 * 0.25
    assert found[0] == pytest.approx(0.5)
    assert found[1] == pytest.approx((nir - red) / (nir + red))
    assert found[3] == pytest.approx(-0.5)


@pytest.mark.parametrize("index", ["NDVI", "NDWI", "CCCI", "CCCI_product"])
def test_no_index_where_its_bands_are_empty(index: IndexName) -> None:
    found = IndexRaster(scene(PLANT, EMPTY, EMPTY), index, GROUPS)[:]
    assert np.isnan(found[:, 4:]).all()
    assert np.isfinite(found[:, :2]).all()


def test_no_ratio_where_the_lower_index_is_zero() -> None:
    grey = (100, 100, 100, 60, 100)
    assert np.isnan(IndexRaster(scene(grey), "CCCI", GROUPS)[:]).all()
    assert (IndexRaster(scene(grey), "CCCI_product", GROUPS)[:] == 0).all()


def test_no_index_where_a_scene_is_invalid() -> None:
    valid = mask_of("#.##", "####")
    found = IndexRaster(scene(PLANT, PLANT, valid=valid), "NDVI", GROUPS)[:]
    np.testing.assert_array_equal(np.isnan(found), ~valid)


def test_an_index_is_computed_once() -> None:
    values = scene_indices(scene(PLANT), GROUPS)
    assert values("NDVI") is values("NDVI")
    index = NormalisedDifference(name="x", a="M.nir1", b="A.swir1")
    same = NormalisedDifference(name="x", a="M.nir1", b="A.swir1")
    other = NormalisedDifference(name="x", a="M.red", b="A.swir1")
    assert values(index) is values(same)
    assert values(index) is not values(other)


VALUES = np.array([[0.0, 0.1, 0.2, 0.3, np.nan, 0.3]], dtype=np.float32)
MASK = mask_of("#..###")
ANSWERED = mask_of("#####.")


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"above": 0.1, "how": "replace"}, "..##.."),
        ({"above": 0.05, "below": 0.25, "how": "replace"}, ".##..."),
        ({"below": 0.05, "how": "replace"}, "#....."),
        ({"above": 0.15, "how": "add"}, "#.####"),
        ({"above": 0.15, "how": "within"}, "...#.."),
    ],
)
def test_what_is_found(row: dict[str, object], expected: str) -> None:
    """The fifth pixel has no index, the sixth no answer; a threshold itself is not above."""
    rule = IndexRow.model_validate({"rule": "index", "of": 7, "index": "NDVI", **row})
    found = apply(MASK[None], [rule], [7], 1, ANSWERED, lambda _: VALUES)
    assert text_of(found[0]) == [expected]
