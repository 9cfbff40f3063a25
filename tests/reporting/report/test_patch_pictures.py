"""Pictures of patches: what is photographed, and the colours of right and wrong."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from affine import Affine
from PIL import Image, ImageColor

from pipeline.imagery.bit_field import pack
from pipeline.imagery.patches import Window
from pipeline.imagery.scene import BandGroup
from pipeline.imagery.tiles import TiledScene, open_tiles, write_tiles
from pipeline.reporting.picture import Picture
from pipeline.reporting.report import patch_photo as module
from pipeline.reporting.report.patch_photo import photographs
from pipeline.reporting.report.patch_sheet import RIGHT, UNKNOWN, draw_patch


def _coloured(data: bytes) -> Picture:
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))


def test_each_kind_has_its_colour_below_the_photograph() -> None:
    """Four quarters: found and true, false, missed, unknown."""
    photo = np.full((96, 96, 3), (10, 200, 30), np.uint8)
    truth, found = np.zeros((2, 8, 8), bool)
    valid = np.ones((8, 8), bool)
    truth[:4, :4] = found[:4, :4] = True
    found[:4, 4:] = True
    truth[4:, :4] = True
    valid[4:, 4:] = False
    drawn = _coloured(draw_patch(photo, truth, found, valid)).astype(int)
    height = drawn.shape[0] - 96
    assert drawn.shape[1] == 96
    assert np.abs(drawn[20:80, 20:80] - (10, 200, 30)).max() < 12
    for place, (_, colour) in zip(
        ((24, 24), (24, 72), (72, 24), (72, 72)), (*RIGHT, UNKNOWN), strict=True
    ):
        seen = drawn[height + place[0], place[1]]
        # A tenth is the grey picture below.
        assert np.abs(seen - ImageColor.getrgb(colour)).max() < 32, colour


def test_ground_of_another_kind_is_dark_grey() -> None:
    photo = np.full((64, 64, 3), 250, np.uint8)
    nothing = np.zeros((8, 8), bool)
    drawn = _coloured(draw_patch(photo, nothing, nothing, ~nothing)).astype(int)
    below = drawn[-60:]
    assert np.ptp(below, axis=-1).max() < 6
    assert 100 < below.mean() < 150


def test_outlines_are_darker_than_what_they_part() -> None:
    photo = np.full((64, 64, 3), 120, np.uint8)
    truth, found = np.zeros((2, 4, 4), bool)
    truth[:, :2] = found[:, 2:] = True
    drawn = _coloured(draw_patch(photo, truth, found, np.ones((4, 4), bool))).astype(int)
    row = drawn[-20].sum(axis=-1)
    assert row[30:35].min() < 0.75 * min(row[10], row[54])


@pytest.fixture
def scene(tmp_path: Path) -> TiledScene:
    """60 x 80 working pixels; the group is twice as fine and shows its own columns and rows."""
    rows, cols = np.mgrid[:120, :160]
    pixels = np.stack((cols, rows)).astype(np.uint16)
    group = BandGroup("M", pixels, None, Affine.identity())
    field = pack(np.zeros((1, 60, 80), bool), np.ones((60, 80), bool))
    half = Affine.scale(0.5)
    write_tiles(tmp_path, "a", (group,), half, Affine.identity(), 1.0, field, 1, labelled=False)
    return open_tiles(tmp_path)


def _camera(scene: TiledScene, longer: int) -> Picture:
    """Working columns and rows that the pixels show, as they were written."""
    scale = longer / max(scene.shape)
    height, width = (round(size * scale) for size in scene.shape)
    group = scene.groups["M"]
    rows, cols = (np.mgrid[:height, :width] + 0.5) / scale
    x, y = ~group.to_working @ (cols, rows)
    assert scene.mask.shape == scene.shape
    inside = (np.clip(y, 0, group.pixels.shape[1] - 1), np.clip(x, 0, group.pixels.shape[2] - 1))
    found = group.pixels[:, inside[0].astype(int), inside[1].astype(int)]
    return np.stack((found[0], found[1], found[0] * 0), axis=-1).astype(np.uint8)


@pytest.mark.parametrize("neighbourhood", [512, 40])
@pytest.mark.parametrize("corner", [(0, 0), (20, 30), (44, 64)])
def test_windows_show_their_own_ground(
    scene: TiledScene,
    corner: tuple[int, int],
    neighbourhood: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whether all of the scene is photographed at once, or what lies around each window."""
    monkeypatch.setattr(module, "NEIGHBOURHOOD", neighbourhood)
    window = Window(*corner, 16, 16)
    (photo,) = photographs(scene, [window], 32, _camera)
    assert photo.shape == (32, 32, 3)
    inner = photo[2:-2, 2:-2].astype(int)  # edges are interpolated with what is not there
    rows, cols = np.mgrid[2:30, 2:30]
    assert np.abs(inner[..., 0] - (2 * corner[1] + cols)).max() <= 1
    assert np.abs(inner[..., 1] - (2 * corner[0] + rows)).max() <= 1


def test_windows_of_one_neighbourhood_are_photographed_once(
    scene: TiledScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[tuple[tuple[int, int], int]] = []

    def camera(part: TiledScene, longer: int) -> Picture:
        taken.append((part.shape, longer))
        return _camera(part, longer)

    windows = [Window(0, 0, 16, 16), Window(40, 60, 16, 16)]
    assert len(list(photographs(scene, windows, 32, camera))) == 2
    assert taken == [((60, 80), 160)]
    monkeypatch.setattr(module, "NEIGHBOURHOOD", 20)
    assert len(list(photographs(scene, windows, 32, camera))) == 2
    assert taken[1:] == [((20, 20), 40), ((20, 20), 40)]


def test_a_large_scene_is_read_around_its_window_only(
    scene: TiledScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "NEIGHBOURHOOD", 20)
    seen: list[tuple[int, ...]] = []

    def camera(part: TiledScene, longer: int) -> Picture:
        seen.append(part.groups["M"].pixels.shape)
        return _camera(part, longer)

    list(photographs(scene, [Window(20, 30, 10, 10)], 20, camera))
    assert seen == [(2, 42, 42)]  # two native pixels per working pixel, and one around
    far = replace(scene, groups={"M": replace(scene.groups["M"], to_working=Affine.scale(40))})
    list(photographs(far, [Window(20, 30, 10, 10)], 20, camera))
    # Rows 15 to 35 are in its first pixel, columns 25 to 45 in the first two; then one around.
    assert seen[1] == (2, 2, 3)
