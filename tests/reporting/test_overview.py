"""The picture of a run shows polygons where they are, in their colours."""

import numpy as np
import pytest
import shapely
from PIL import Image

from pipeline.config.dataset import ClassRow
from pipeline.reporting.overview import SceneView, draw_overview

RED, BLUE = (
    ClassRow(code=1, name="Red", colour="#ff0000"),
    ClassRow(code=2, name="Blue", colour="#0000ff"),
)
_LEFT, _TOP, _PANEL, _GAP = 28, 58, 420, 16


def view(truth: bool) -> SceneView:
    predicted = {1: shapely.box(0, 0, 10, 10), 2: shapely.box(0, 0, 4, 4)}
    return SceneView(
        name="a",
        picture=np.full((5, 5, 3), 128, np.uint8),
        shape=(20, 20),
        predicted=predicted,
        truth={2: shapely.box(14, 14, 18, 18)} if truth else None,
    )


def pixel(picture: Image.Image, panel: int, column: float, row: float) -> tuple[int, int, int]:
    """Colour at a place of a panel, given in pixels of the working grid."""
    left = _LEFT + panel * (_PANEL + _GAP)
    place = (round(left + column * _PANEL / 20), round(_TOP + row * _PANEL / 20))
    red, green, blue = np.asarray(picture)[place[1], place[0]]
    return int(red), int(green), int(blue)


def test_polygons_lie_where_they_are_small_ones_on_top() -> None:
    picture = draw_overview([view(truth=True)], [BLUE, RED])
    assert picture.width == 2 * _LEFT + 3 * _PANEL + 2 * _GAP
    assert pixel(picture, 0, 2, 2) == (128, 128, 128)
    red, green, blue = pixel(picture, 1, 7, 7)
    assert red > max(green, blue) + 100
    red, green, blue = pixel(picture, 1, 2, 2)
    assert blue > max(red, green) + 100
    assert len(set(pixel(picture, 1, 16, 16))) == 1
    red, green, blue = pixel(picture, 2, 16, 16)
    assert blue > max(red, green) + 100


def test_without_truth_there_are_two_panels() -> None:
    picture = draw_overview([view(truth=False)] * 2, [RED, BLUE])
    assert picture.width == 2 * _LEFT + 2 * _PANEL + _GAP
    assert picture.height > 2 * _PANEL


@pytest.mark.parametrize("shape", [(1, 400), (400, 1), (3, 3)])
def test_scenes_of_any_shape(shape: tuple[int, int]) -> None:
    one = SceneView("thin", np.zeros((2, 2, 3), np.uint8), shape, {}, {})
    assert draw_overview([one], [RED]).width > 0
