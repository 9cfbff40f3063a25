"""Scenes stay within their bytes; what the viewer reads of them is whole."""

import base64
import io
import json
from pathlib import Path

import numpy as np
import pytest
import shapely
from affine import Affine
from PIL import Image

from pipeline.config.dataset import BandGroupRow
from pipeline.config.report import Composite
from pipeline.imagery.bit_field import pack
from pipeline.imagery.scene import BandGroup
from pipeline.imagery.tiles import TiledScene, open_tiles, write_tiles
from pipeline.reporting.viewer.scene_files import (
    fit_layers,
    fit_pictures,
    pictures_limit,
    scene_json,
    text_bytes,
)
from pipeline.reporting.viewer.shapes import Shapes
from tests.reporting.viewer.decoding import polygons_of

GROUPS = [BandGroupRow(name="M", file="{id}.tif", metres=1, bands=("a", "b", "c"))]
CHOSEN = [Composite(name="all", bands=("M.a", "M.b", "M.c")), Composite(name="a", bands=("M.a",))]
SHAPE = (300, 500)


@pytest.fixture
def scene(tmp_path: Path) -> TiledScene:
    pixels = np.random.default_rng(0).integers(1, 4000, (3, *SHAPE), dtype=np.uint16)
    field = pack(np.zeros((1, *SHAPE), bool), np.ones(SHAPE, bool))
    still = Affine.identity()
    group = BandGroup("M", pixels, None, still)
    write_tiles(tmp_path, "a", (group,), still, still, 2.0, field, 1, labelled=False)
    return open_tiles(tmp_path)


def sizes(scene: TiledScene, side: int, limit: int) -> tuple[list[tuple[int, int]], int]:
    pictures = fit_pictures(scene, CHOSEN, GROUPS, side, limit)
    found = []
    for picture in pictures:
        with Image.open(io.BytesIO(picture.data)) as image:
            found.append(image.size)
    return found, text_bytes(pictures)


def test_pictures_shrink_until_they_fit(scene: TiledScene) -> None:
    whole, size = sizes(scene, 1024, 10**7)
    assert whole == [(500, 300)] * 2
    small, less = sizes(scene, 1024, size // 4)
    assert less <= size // 4
    assert 80 <= small[0][0] < 500
    assert sizes(scene, 1024, 1)[0] == [(80, 48)] * 2  # 0.16 of 500: no smaller
    assert sizes(scene, 200, 10**7)[0] == [(200, 120)] * 2


def test_layers_leave_room_for_pictures() -> None:
    rng = np.random.default_rng(0)
    corners = rng.random((400, 2)) * 200
    boxes = shapely.box(corners[:, 0], corners[:, 1], corners[:, 0] + 7.3, corners[:, 1] + 5.1)
    many = Shapes(1, boxes, shapely.area(boxes))
    few = many.taken(np.arange(3))
    found = fit_layers({"few": [few], "many": [many]}, SHAPE, 5000)
    assert found["few"].size < 200
    assert 2000 < found["many"].size < 3000 - found["few"].size
    used = found["few"].size + found["many"].size
    assert 0 < pictures_limit(found, 5000) <= 5000 - used
    assert pictures_limit(found, 100) == 0


def test_block_of_a_scene(scene: TiledScene) -> None:
    pictures = fit_pictures(scene, CHOSEN, GROUPS, 128, 10**6)
    square = shapely.box(1, 2, 4, 8)
    one = Shapes(3, np.array([square]), np.array([72.0]))
    layers = {key: row.record for key, row in fit_layers({"p": [one]}, SHAPE, 10**4).items()}
    block = json.loads(scene_json(scene, pictures, layers))
    assert (block["shape"], block["metres"]) == ([300, 500], 2.0)
    assert [row["name"] for row in block["pictures"]] == ["all (M: a, b, c)", "a (M: a)"]
    head, _, data = block["pictures"][1]["uri"].partition(",")
    assert head == "data:image/webp;base64"
    assert base64.b64decode(data) == pictures[1].data
    layer = block["layers"]["p"]
    assert polygons_of(layer["groups"][0], layer["step"])[0].equals(square)
    assert set(json.dumps(layers)).isdisjoint("<>&")
