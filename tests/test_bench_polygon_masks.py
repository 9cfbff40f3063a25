"""Generated masks for the benchmark of polygons: shares, parts, shapes, seeds."""

from __future__ import annotations

import sys

import numpy as np
import pytest
import shapely

from tests.chain_project import ROOT

sys.path.insert(0, str(ROOT / "scripts"))

from polygon_bench import masks, methods, shapes


@pytest.mark.parametrize("layer", masks.LAYERS, ids=lambda layer: layer.name)
def test_masks_have_the_shares_and_parts_of_the_contest(layer: masks.Layer) -> None:
    mask = masks.generate(layer, masks.FULL, 3)
    assert mask.shape == masks.FULL
    assert mask.mean() == pytest.approx(layer.share, rel=0.05)
    assert masks.count_parts(mask) == pytest.approx(layer.parts, rel=0.03)


def test_crops_have_holes_and_vehicles_are_small() -> None:
    by_name = {layer.name: layer for layer in masks.LAYERS}
    crops = methods.shapes(masks.generate(by_name["crops"], masks.FULL, 0))
    holes = shapely.get_num_interior_rings(crops)
    assert (holes >= 3).sum() > len(crops) / 2
    cars = methods.shapes(masks.generate(by_name["small vehicles"], masks.FULL, 0))
    assert 8 <= shapely.area(cars).min() <= shapely.area(cars).max() <= 60


def test_masks_depend_on_the_seed_alone() -> None:
    trees = next(layer for layer in masks.LAYERS if layer.name == "trees")
    one, again, other = (masks.generate(trees, (300, 320), seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, again)
    assert (one != other).any()
    assert masks.parts_on(trees, (300, 320)) == round(1934 * 300 * 320 / (3348 * 3392))


def test_predictions_are_near_the_truth_and_ragged() -> None:
    trees = next(layer for layer in masks.LAYERS if layer.name == "trees")
    truth = masks.generate(trees, (300, 320), 0)
    found = masks.as_predicted(truth, 5)
    np.testing.assert_array_equal(found, masks.as_predicted(truth, 5))
    assert 0.5 < (found & truth).sum() / (found | truth).sum() < 0.99
    assert not masks.as_predicted(np.zeros((30, 40), bool), 0).any()


def test_circles_stay_apart_or_are_left_out() -> None:
    rng = np.random.default_rng(0)
    radii = np.array([3.0, 30.0, 8.0, 1.0])
    centres = shapes.scattered(rng, radii, (50, 40), gap=1)
    assert np.isnan(centres[1]).all(), "no room for 30 pixels in 40"
    kept = [0, 2, 3]
    for place in kept:
        x, y = centres[place]
        assert radii[place] + 1 <= x <= 50 - radii[place] - 1
        assert radii[place] + 1 <= y <= 40 - radii[place] - 1
        for other in kept:
            if other != place:
                apart = np.hypot(*(centres[place] - centres[other]))
                assert apart >= radii[place] + radii[other] + 1


def test_outlines_have_the_area_that_is_asked() -> None:
    rng = np.random.default_rng(0)
    made = shapes.sized(lambda place, radius: shapes.blob(rng, place, radius), np.array([9.0, 400]))
    assert [outline.area for outline, _ in made] == pytest.approx([9, 400])
    for outline, radius in made:
        assert np.hypot(*shapely.get_coordinates(outline).T).max() == pytest.approx(radius)
    slim = shapes.rectangle(rng, np.zeros(2), 1.0, 0.25)
    sides = np.hypot(*np.diff(shapely.get_coordinates(slim), axis=0).T)
    assert sides.min() / sides.max() == pytest.approx(0.25)
