"""Simplified objects that scenes' borders cut are as many, once joined, as of the undivided map."""

from dataclasses import replace
from typing import Literal

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from pipeline.mapping.geometry.outlining import Outlining, outlined
from pipeline.mapping.geometry.simplification import AREA_PER_COST
from pipeline.mapping.layers.map_objects import MapObjects
from pipeline.mapping.layers.seams import joined_across
from pipeline.mapping.masks.planes import HeldPlane, Strips
from pipeline.mapping.polygons import trace
from tests.mapping.layers.mosaic import TURNED, cut, footprints, objects, on_map

Codes = NDArray[np.uint8]
CODES = (1, 2)


def field(seed: int, side: int, sigma: float) -> Codes:
    """Classes 1 and 2 of parts of all sizes, side by side in places, on ground of neither."""
    noise = np.random.default_rng(seed).standard_normal((3, side, side))
    found: Codes = gaussian_filter(noise, (0, sigma, sigma)).argmax(axis=0).astype(np.uint8)
    return found


def one_by_one(codes: Codes) -> list[list[NDArray[np.bool_]]]:
    """Masks of the classes that are outlined together: each by itself."""
    return [[codes == code] for code in CODES]


def excluding(codes: Codes) -> list[list[NDArray[np.bool_]]]:
    """The same, of classes that exclude each other."""
    return [[codes == code for code in CODES]]


WAYS = {"one by one": one_by_one, "excluding": excluding}


def drawn(codes: Codes, way: str, row: Outlining) -> MapObjects:
    """Objects of one scene, in its pixels."""
    strips = Strips((codes.shape[0], codes.shape[1]))
    parts = []
    for masks in WAYS[way](codes):
        planes = [HeldPlane(mask) for mask in masks]
        parts += outlined([trace(mask) for mask in masks], planes, strips, [row] * len(masks))
    return MapObjects.joined(
        [objects(one, "", code) for code, one in zip(CODES, parts, strict=True)]
    )


def joined(codes: Codes, side: int, way: str, row: Outlining) -> MapObjects:
    """Objects of all scenes, joined, on the map."""
    scenes = footprints((codes.shape[0], codes.shape[1]), side, TURNED)
    tables = []
    for one, part in cut(codes, scenes, TURNED):
        found = drawn(part, way, row)
        names = np.full(len(found), one.scene, object)
        tables.append(replace(found, parts=on_map(found.parts, one.to_map), scene=names))
    return joined_across(MapObjects.joined(tables), scenes)


def check(codes: Codes, side: int, way: str, row: Outlining) -> int:
    """Compare with the undivided map; how many objects were joined."""
    found = joined(codes, side, way, row)
    assert shapely.is_valid(found.parts).all()
    for code in CODES:
        parts, whole = found.parts[found.code == code], trace(codes == code)
        assert len(parts) == len(whole)
        grounds = [shapely.union_all(one) for one in (parts, on_map(whole, TURNED))]
        moved = shapely.symmetric_difference(*grounds).area
        most = AREA_PER_COST * row.cost if row.form is None else row.reshape_cost
        assert moved <= (most + 1e-6) * grounds[1].area
    return sum(";" in scene for scene in found.scene)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("cost", [0.0, 0.015, 0.05])
@pytest.mark.parametrize("sigma", [1.5, 4.0])
def test_a_field_cut_into_four_scenes(way: str, cost: float, sigma: float) -> None:
    assert check(field(0, 160, sigma), 80, way, Outlining(cost)) > 5


@pytest.mark.parametrize("cost", [0.0, 0.015])
def test_many_scenes(cost: float) -> None:
    assert check(field(1, 200, 1.2), 20, "excluding", Outlining(cost)) > 100


@pytest.mark.parametrize("form", ["square", "round"])
def test_forms(form: Literal["square", "round"]) -> None:
    assert check(field(2, 120, 2.5), 40, "one by one", Outlining(0.015, form, 0.25)) > 20


@settings(max_examples=40, deadline=None)
@given(
    arrays(np.uint8, (9, 11), elements=st.integers(0, 2)),
    st.integers(2, 6),
    st.sampled_from(sorted(WAYS)),
    st.sampled_from([0.015, 0.2]),
)
def test_maps_of_noise(codes: Codes, side: int, way: str, cost: float) -> None:
    check(codes, side, way, Outlining(cost))
