"""Colour pictures of scenes."""

from dataclasses import replace
from pathlib import Path

import numpy as np
from affine import Affine

from pipeline.imagery.bit_field import pack
from pipeline.imagery.scene import BandGroup
from pipeline.imagery.tiles import TiledScene, open_tiles, write_tiles
from pipeline.reporting.picture import colour_picture, stretched


def scene(folder: Path, *groups: BandGroup, shape: tuple[int, int] = (8, 12)) -> TiledScene:
    field = pack(np.zeros((1, *shape), bool), np.ones(shape, bool))
    identity = Affine.identity()
    write_tiles(folder, "a", groups, identity, identity, 1.0, field, 1, labelled=False)
    return open_tiles(folder)


def ramp(bands: int, height: int, width: int) -> np.ndarray:
    return np.arange(1, bands * height * width + 1, dtype=np.uint16).reshape(bands, height, width)


def test_finest_group_of_three_bands(tmp_path: Path) -> None:
    pan = BandGroup("P", ramp(1, 8, 12), None, Affine.identity())
    rgb = ramp(3, 4, 6)
    rgb[1] = rgb[1, ::-1]
    colour = BandGroup("C", rgb, None, Affine.scale(2))
    many = BandGroup("M", ramp(8, 2, 3), None, Affine.scale(4))
    picture = colour_picture(scene(tmp_path, many, pan, colour))
    assert picture.shape == (8, 12, 3)
    assert picture[1, 6, 0] < picture[6, 6, 0]  # red grows downwards
    assert picture[1, 6, 1] > picture[6, 6, 1]  # green was turned upside down


def test_scene_of_one_band_is_grey(tmp_path: Path) -> None:
    picture = colour_picture(scene(tmp_path, BandGroup("P", ramp(1, 8, 12), None, Affine.scale(1))))
    assert (picture[..., 0] == picture[..., 2]).all()
    assert len(np.unique(picture)) > 10


def test_large_scenes_are_shrunk(tmp_path: Path) -> None:
    group = BandGroup("P", ramp(1, 30, 2500), None, Affine.identity())
    picture = colour_picture(scene(tmp_path, group, shape=(30, 2500)))
    assert picture.shape == (12, 1024, 3)


def test_stretching_leaves_empty_pixels_out() -> None:
    band = np.array([[0, 0, 0, 1000, 1500, 2000]], np.uint16)
    found = stretched(band)[0]
    assert found[:4].tolist() == [0, 0, 0, 0]
    assert 100 < found[4] < 200
    assert found[5] == 255
    assert stretched(np.zeros((2, 2), np.uint16)).max() == 0
    assert stretched(np.array([[np.nan, 1.0, 2.0]], np.float32)).tolist()[0][0] == 0


def test_pixels_without_data_don_t_stretch_colours(tmp_path: Path) -> None:
    """Half of the scene is -9999: the rest has the colours that it would have alone."""
    band = np.arange(1, 97, dtype=np.int16).reshape(1, 8, 12)
    alone = stretched(band[0, 4:])
    band[:, :4] = -9999
    bare = scene(tmp_path, BandGroup("P", band, None, Affine.identity()))
    empty = np.zeros((8, 12), bool)
    empty[:4] = True
    field = pack(np.zeros((1, 8, 12), bool), ~empty)
    picture = colour_picture(replace(bare, mask=field))[..., 0]
    assert (picture[:4] == 0).all()
    assert (np.abs(picture[5:].astype(int) - alone[1:]) <= 1).all()
    assert colour_picture(bare)[..., 0][5:].min() > 200
