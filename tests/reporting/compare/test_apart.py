"""Where predictions differ: squares whose areas one can count, and pixels one can see."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image
from shapely import MultiPolygon, box

from pipeline.mapping.jaccard import Overlap
from pipeline.reporting.compare.apart import Apart, apart, ranked
from pipeline.reporting.compare.difference_picture import difference_picture


def square(left: float, top: float, side: float = 2) -> MultiPolygon:
    return MultiPolygon([box(left, top, left + side, top + side)])


def test_share_of_summed_classes() -> None:
    """Road: 2 of 6 shared; tree: only the first has it (4); water: both the same (4)."""
    first = {"road": square(0, 0), "tree": square(5, 5), "water": square(9, 9)}
    other = {"road": square(1, 0), "water": square(9, 9), "own": square(0, 0)}
    found = apart("b", "s", first, other, ("road", "tree", "water", "none"))
    assert found.classes["road"] == Overlap(2, 2, 2)
    assert found.classes["tree"] == Overlap(0, 0, 4)
    assert found.classes["none"] == Overlap()
    assert found.share == pytest.approx(1 - 6 / 14)
    assert found.most in ("road", "tree")


def test_nothing_differs_where_nothing_is() -> None:
    found = apart("b", "s", {}, {}, ("road",))
    assert (found.share, found.most) == (0.0, None)
    same = apart("b", "s", {"road": square(0, 0)}, {"road": square(0, 0)}, ("road",))
    assert (same.share, same.most) == (0.0, None)


def test_scenes_are_ranked_by_the_run_that_differs_most() -> None:
    def row(run: str, scene: str, only: float) -> Apart:
        return Apart(run, scene, {"road": Overlap(1 - only, only, 0)})

    found = [row("b", "x", 0.1), row("c", "x", 0.3), row("b", "y", 0.2), row("b", "z", 0)]
    assert ranked(found) == ["x", "y"]


def test_picture_shows_who_has_what() -> None:
    """Left: only the first; right: only the other; below: both, as other classes; else grey."""
    first = {1: [box(0, 0, 4, 4)], 2: [box(4, 4, 8, 8)]}
    other = {1: [box(4, 4, 8, 8)], 2: [box(8, 0, 12, 4)]}
    keys = [("one", "#0000ff"), ("two", "#ff0000")]
    data = difference_picture(None, (12, 12), first, other, keys)
    image = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
    step = 480 // 12
    assert image.shape[1] == 480
    assert tuple(image[2 * step, 2 * step]) == (0, 0, 255)
    assert tuple(image[2 * step, 10 * step]) == (255, 0, 0)
    assert tuple(image[6 * step, 6 * step]) == (0x1F, 0x23, 0x28)
    assert tuple(image[10 * step, 2 * step]) == (238, 238, 238)


def test_picture_of_a_narrow_scene_has_room_for_its_legend() -> None:
    photo = np.zeros((50, 3, 3), np.uint8)
    data = difference_picture(photo, (600, 30), {}, {}, [("a" * 90, "#0000ff"), ("b", "#ff0000")])
    image = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
    assert image.shape[:2] == (480 + 3 * 34 + 8, 480)
    assert tuple(image[100, 5]) == (168, 168, 168)
