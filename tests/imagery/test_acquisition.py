from __future__ import annotations

import numpy as np
import pytest
from affine import Affine
from shapely import box

from pipeline.errors import DatasetError
from pipeline.imagery import acquisition
from pipeline.imagery.acquisition import labelled_image, offset_of
from pipeline.imagery.frame import Frame

SIDE = 40
FRAME = Frame("A", (SIDE, SIDE), 2.0, Affine.scale(0.1, -0.1), (SIDE, SIDE), Affine.identity())
SHAPES = {1: box(1, -3, 2.6, -1).wkt, 5: box(0.4, -1.5, 1, -0.2).wkt}


def image(right: int, down: int) -> np.ndarray:
    """Pixels (1, H, W) that show the labels moved by whole pixels."""
    pixels = np.full((1, SIDE, SIDE), 100.0)
    pixels[0, 10:30, 10:26] = 500
    pixels[0, 2:15, 4:10] = 900
    pixels += np.random.default_rng(0).normal(0, 5, pixels.shape)
    return np.roll(pixels, (down, right), (1, 2))


def test_offset_is_where_the_content_lies_off_the_map() -> None:
    found = offset_of([labelled_image(image(3, -2), FRAME, SHAPES)], 2.0, 12.0)
    assert found["right_metres"] == pytest.approx(6, abs=0.5)
    assert found["down_metres"] == pytest.approx(-4, abs=0.5)
    assert found["gain"] > 10
    assert found["note"] == ""


def test_what_lies_out_of_reach_is_not_claimed() -> None:
    found = offset_of([labelled_image(image(8, 0), FRAME, SHAPES)], 2.0, 6.0)
    assert (found["right_metres"], found["down_metres"]) == (0, 0)
    assert "scenes.max_shift of 6 m" in found["note"]


def test_fine_images_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(acquisition, "MAX_PIXELS", SIDE * SIDE - 1)
    with pytest.raises(DatasetError, match=r"too fine .* set scenes\.align_to_labels to false"):
        labelled_image(image(0, 0), FRAME, SHAPES)
