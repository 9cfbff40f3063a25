"""The drift of tiles that were cut in whole pixels, worked out by hand."""

from __future__ import annotations

import pytest

from pipeline.imagery.mosaic import GridId, drift, full_tiles, region_of
from pipeline.learning.folds import place_of


def test_id_parts() -> None:
    assert GridId.of("6040_1_3") == GridId("6040", 1, 3)
    assert GridId.of("6040_1000_12345") == GridId("6040", 1000, 12345)
    assert GridId.of("6040_1") is None
    assert region_of("6040_1_3") == "6040"
    assert region_of("chip") == "chip"


@pytest.mark.parametrize("scene", ["6040_1_3", "6040_1000_0", "r_0_99999", "chip", "a_1", "a_b_c"])
def test_offsets_and_folds_take_the_same_ids_apart(scene: str) -> None:
    twins = place_of(scene, (("0", region_of(scene)),)) != place_of(scene)
    assert twins == (region_of(scene) != scene)


def test_full_tiles_are_the_largest_of_a_region() -> None:
    shapes = {"6040_1_0": (134, 136), "6040_4_4": (133, 134), "6120_2_0": (134, 137)}
    assert full_tiles(shapes) == {"6040": (134, 136), "6120": (134, 137)}


def test_drift_grows_with_row_and_column() -> None:
    # 136 pixels are cut where the map has 135.6: 0.4 pixels more per column.
    assert drift("6040_0_0", (134, 136), (134, 135.6)) == (0, 0)
    assert drift("6040_1_3", (134, 136), (133.9, 135.6)) == pytest.approx((0.1, 1.2))


def test_other_ids_do_not_drift() -> None:
    assert drift("chip", (134, 136), (130.0, 130.0)) == (0, 0)
