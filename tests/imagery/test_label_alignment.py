"""An offset between image and labels is found from the labels, or not claimed."""

from __future__ import annotations

import numpy as np
import pytest
from rasterio.features import rasterize
from shapely.affinity import affine_transform
from shapely.geometry import MultiPolygon, box

from pipeline.imagery.label_alignment import LabelledImage, align_to_labels

LABELS = MultiPolygon([box(5, 6, 12, 9), box(20, 4, 24, 22), box(3, 20, 15, 27)])
SIDE = 32


def _image(rows: float, columns: float, seed: int = 0) -> LabelledImage:
    """An image whose pixels show the labels moved by (-rows, -columns)."""
    fine = affine_transform(LABELS, [8, 0, 0, 8, -8 * columns, -8 * rows])
    share = rasterize([fine], out_shape=(SIDE * 8, SIDE * 8)).reshape(SIDE, 8, SIDE, 8)
    noise = np.random.default_rng(seed).normal(0, 20, (2, SIDE, SIDE))
    gains = np.array([600, -200])[:, None, None]
    return LabelledImage(1000 + gains * share.mean((1, 3)) + noise, {1: LABELS})


@pytest.mark.parametrize(("rows", "columns"), [(0, 0), (1, -2), (0.5, 1.25), (-2.25, 0.75)])
def test_known_offset_is_found(rows: float, columns: float) -> None:
    found = align_to_labels([_image(rows, columns)], reach=4)
    assert found is not None
    assert found.rows == pytest.approx(rows, abs=0.25)
    assert found.columns == pytest.approx(columns, abs=0.25)
    assert (found.gain > 10) == (rows != 0 or columns != 0)


def test_images_of_one_acquisition_are_pooled() -> None:
    found = align_to_labels([_image(1, 1, seed) for seed in range(3)], reach=3)
    assert found is not None
    alone = align_to_labels([_image(1, 1, 0)], reach=3)
    assert alone is not None
    assert found.gain > 2 * alone.gain


def test_offset_beyond_reach_is_not_claimed() -> None:
    assert align_to_labels([_image(0, 6)], reach=2) is None


def test_no_labels_no_offset() -> None:
    image = LabelledImage(_image(0, 0).pixels, {1: MultiPolygon()})
    assert align_to_labels([image], reach=2) is None
