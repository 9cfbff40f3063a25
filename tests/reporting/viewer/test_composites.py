"""Which pictures scenes get, and that they lie where the polygons lie."""

import io
from pathlib import Path

import numpy as np
import pytest
from affine import Affine
from PIL import Image

from pipeline.config import Config
from pipeline.config.dataset import BandGroupRow
from pipeline.config.report import Composite, Report
from pipeline.imagery.bit_field import pack
from pipeline.imagery.scene import BandGroup
from pipeline.imagery.tiles import TiledScene, open_tiles, write_tiles
from pipeline.reporting.viewer.composites import (
    caption,
    composites,
    draw_composite,
    natural_side,
    webp_bytes,
)
from tests.stages.tiled_run import CONFIG

GREY = Composite(name="Grey", bands=("P.pan",))


def group(name: str, metres: float, *bands: str) -> BandGroupRow:
    return BandGroupRow(name=name, file=f"{name}/{{id}}.tif", metres=metres, bands=bands)


PAN = group("P", 0.5, "pan")


def shown(*groups: BandGroupRow) -> dict[str, tuple[str, ...]]:
    return {row.name: row.bands for row in composites(Report(), groups)}


def scene(folder: Path, pixels: np.ndarray, to_grid: Affine, shape: tuple[int, int]) -> TiledScene:
    """A scene of one group P on a working grid (H, W)."""
    field = pack(np.zeros((1, *shape), bool), np.ones(shape, bool))
    one, still = BandGroup("P", pixels, None, to_grid), Affine.identity()
    write_tiles(folder, "a", (one,), still, still, 1.0, field, 1, labelled=False)
    return open_tiles(folder)


def bright(picture: np.ndarray) -> tuple[float, ...]:
    """Edges of what is bright (left, top, right, bottom), as shares of the picture.

    A pixel at an edge that is half covered is half bright.
    """
    light = picture[..., 0].astype(float) / picture[..., 0].max()
    found = []
    for axis in (0, 1):
        profile = light.max(axis=axis)
        middle = np.average(np.arange(len(profile)) + 0.5, weights=profile)
        found.append((middle - profile.sum() / 2, middle + profile.sum() / 2, len(profile)))
    (left, right, width), (top, bottom, height) = found
    return left / width, top / height, right / width, bottom / height


def test_pictures_by_the_names_of_bands() -> None:
    rgb = group("RGB", 0.3, "red", "green", "blue")
    many = group("M", 1.2, "blue", "green", "red", "nir1", "nir2")
    assert shown(many, PAN, rgb) == {
        "True colour": ("RGB.red", "RGB.green", "RGB.blue"),
        "False colour": ("M.nir1", "M.red", "M.green"),
    }
    far = group("N", 20, "swir1", "SWIR2", "nir")
    assert shown(far, group("V", 10, "green", "red")) == {
        "False colour": ("N.nir", "V.red", "V.green"),
        "Short-wave infrared": ("N.SWIR2", "N.nir", "V.red"),
    }


def test_pictures_where_names_tell_nothing() -> None:
    """The last, middle and first eighth of eight bands, as in the picture of a run."""
    eight = group("A", 7.5, *(f"swir{n}" for n in range(1, 9)))
    assert shown(eight) == {"Short-wave infrared": ("A.swir7", "A.swir5", "A.swir2")}
    assert shown(PAN, group("X", 2, "a", "b", "c")) == {"Colour": ("X.a", "X.b", "X.c")}
    assert shown(PAN, group("X", 2, "a", "b")) == {"Grey": ("P.pan",)}


def test_captions_name_the_bands() -> None:
    assert caption(GREY) == "Grey (P: pan)"
    same = Composite(name="x", bands=("M.c", "M.b", "M.a"))
    assert caption(same) == "x (M: c, b, a)"
    mixed = Composite(name="x", bands=("M.c", "N.b", "M.a"))
    assert caption(mixed) == "x (M.c, N.b, M.a)"


def test_pictures_of_the_configuration() -> None:
    tree = {**CONFIG, "report": {"pictures": [{"name": "z", "bands": ["M.z"]}]}}
    config = Config.model_validate(tree)
    found = composites(config.report, config.dataset.groups)
    assert [(row.name, row.bands) for row in found] == [("z", ("M.z",))]


@pytest.mark.parametrize(
    ("pictures", "says"),
    [
        ([{"name": "a", "bands": ["M.q"]}], "'M.q' is no band .* choose from M.x, M.y, M.z"),
        ([{"name": "a", "bands": ["N.x", "M.x", "M.y"]}], "report.pictures.0.bands: 'N.x'"),
        ([{"name": "a", "bands": ["M.x", "M.y"]}], "are two; name three, or one for grey"),
        ([{"name": "a", "bands": ["M.x"]}] * 2, "the name a stands there twice"),
        ([], "at least 1 item"),
    ],
)
def test_wrong_pictures_are_errors(pictures: list[object], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        Config.model_validate({**CONFIG, "report": {"pictures": pictures}})


@pytest.mark.parametrize(
    ("native", "longer"),
    [(60, 60), (120, 60), (600, 60), (1260, 60), (420, 60), (30, 60), (600, 97)],
)
def test_pictures_lie_on_the_working_grid(tmp_path: Path, native: int, longer: int) -> None:
    """A bright box from (10, 15) to (25, 20) of 30 x 30, whatever the resolutions."""
    per = native / 30
    pixels = np.full((1, native, native), 1000, np.uint16)
    pixels[0, round(15 * per) : round(20 * per), round(10 * per) : round(25 * per)] = 3000
    one = scene(tmp_path, pixels, Affine.scale(1 / per), (30, 30))
    picture = draw_composite(one, GREY, [PAN], longer)
    assert picture.shape == (longer, longer, 3)
    expected = (10 / 30, 15 / 30, 25 / 30, 20 / 30)
    assert np.allclose(bright(picture), expected, atol=0.25 / longer)


def test_pictures_of_shifted_and_wider_groups(tmp_path: Path) -> None:
    """A group that starts 2 pixels left of the scene, 3 above it, and covers more than it."""
    pixels = np.full((1, 40, 50), 1000, np.uint16)
    pixels[0, 3 + 5 : 3 + 15, 2 + 10 : 2 + 30] = 3000
    one = scene(tmp_path, pixels, Affine.translation(-2, -3), (20, 40))
    picture = draw_composite(one, GREY, [PAN], 80)
    assert picture.shape == (40, 80, 3)
    assert np.allclose(bright(picture), (10 / 40, 5 / 20, 30 / 40, 15 / 20), atol=0.25 / 40)


def test_bands_are_red_green_and_blue_in_their_order(tmp_path: Path) -> None:
    pixels = np.full((3, 9, 9), 500, np.uint16)
    for band in range(3):
        pixels[band, 3 * band : 3 * band + 3] = 900
    one = scene(tmp_path, pixels, Affine.identity(), (9, 9))
    row = group("P", 1, "a", "b", "c")
    picture = draw_composite(one, Composite(name="x", bands=("P.c", "P.a", "P.b")), [row], 9)
    assert [int(picture[line, 4].argmax()) for line in (1, 4, 7)] == [1, 2, 0]


def test_natural_side_is_that_of_the_finest_band(tmp_path: Path) -> None:
    pixels = np.ones((1, 20, 500), np.uint16)
    assert natural_side(scene(tmp_path, pixels, Affine.identity(), (20, 500)), GREY) == 500
    (tmp_path / "small").mkdir()
    small = scene(tmp_path / "small", pixels[:, :, :20], Affine.identity(), (20, 20))
    assert natural_side(small, GREY) == 384


def test_files_are_webp() -> None:
    picture = np.zeros((6, 9, 3), np.uint8)
    picture[:, 5:] = 255
    with Image.open(io.BytesIO(webp_bytes(picture, 80))) as image:
        assert (image.format, image.size) == ("WEBP", (9, 6))
        assert abs(np.asarray(image).astype(int) - picture).mean() < 12
    assert webp_bytes(picture, 80) == webp_bytes(picture, 80)
