"""Empty pixels are not predicted; ground past a moved group's edge is."""

from pathlib import Path

import numpy as np
from affine import Affine

from pipeline.imagery.bit_field import pack
from pipeline.imagery.scene import BandGroup
from pipeline.imagery.tiles import open_tiles, write_tiles
from pipeline.mapping.prediction.coverage import predictable


def test_moved_group_and_empty_pixel(tmp_path: Path) -> None:
    pixels = np.ones((1, 4, 6), np.uint16)
    groups = (
        BandGroup("P", pixels, None, Affine.identity()),
        BandGroup("M", pixels, None, Affine.translation(2, 0)),
    )
    valid = np.ones((4, 6), bool)
    valid[:, :2] = False  # M does not reach these columns
    valid[3, 5] = False  # empty in a file
    field = pack(np.zeros((1, 4, 6), bool), valid)
    identity = Affine.identity()
    write_tiles(tmp_path, "a", groups, identity, identity, 1.0, field, 1, labelled=True)
    wanted = np.ones((4, 6), bool)
    wanted[3, 5] = False
    np.testing.assert_array_equal(predictable(open_tiles(tmp_path)), wanted)
