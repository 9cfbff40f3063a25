"""Masks of a few pixels: by number, by colour table, by colour, by band."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from PIL import Image
from pydantic import ValidationError

from pipeline.config.labels import MaskLabels
from pipeline.errors import ImageryError, LabelError
from pipeline.imagery.annotations.mask_legend import legend_of
from pipeline.imagery.annotations.mask_planes import MaskPlanes
from pipeline.imagery.annotations.mask_survey import survey_mask
from pipeline.imagery.annotations.masks import check_size, open_mask
from tests.imagery.annotations.rasters import write_tiff

CODES = (4, 9)
INDEX = np.array([[0, 1, 2], [2, 1, 0]], np.uint8)
COLOURS = {0: (0, 0, 0), 1: (255, 0, 0), 2: (0, 128, 0)}
RGB = np.array([[COLOURS[value] for value in row] for row in INDEX.tolist()], np.uint8)
ONE, TWO = INDEX == 1, INDEX == 2


def labels(**keys: Any) -> MaskLabels:
    """Masks in which 1 means class 4, and 2 class 9."""
    tree = {"kind": "mask", "file": "{id}.png", "values": {1: 4, 2: 9}, **keys}
    return MaskLabels.model_validate(tree)


def coloured(**keys: Any) -> MaskLabels:
    """The same by colours."""
    return labels(**{"code": "colours", "values": {"#FF0000": 4, "#008000": 9}, **keys})


def read(path: Path, settings: MaskLabels) -> MaskPlanes:
    """All of a mask."""
    with open_mask(path, settings, CODES, path.parent) as mask:
        height, width = mask.shape
        return mask.read(slice(0, height), slice(0, width))


def check(found: MaskPlanes, one: NDArray[np.bool_] = ONE, two: NDArray[np.bool_] = TWO) -> None:
    """Check the planes of both classes, and that nothing is ignored."""
    np.testing.assert_array_equal(found.planes, [one, two])
    assert found.planes.dtype == np.bool_
    assert not found.ignored.any()


def write_png(path: Path, pixels: NDArray[Any], mode: str | None = None) -> Path:
    """A PNG; of mode P with ``COLOURS`` as its table."""
    image = Image.fromarray(pixels)
    if mode == "P":
        image = Image.frombytes("P", pixels.shape[::-1], pixels.tobytes())
        image.putpalette([part for colour in COLOURS.values() for part in colour])
    image.save(path)
    return path


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16", "uint32", "int32", "float32"])
def test_numbers_of_any_type(tmp_path: Path, dtype: str) -> None:
    check(read(write_tiff(tmp_path / "a.tif", INDEX.astype(dtype)), labels()))


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_numbers_in_png(tmp_path: Path, dtype: str) -> None:
    check(read(write_png(tmp_path / "a.png", INDEX.astype(dtype)), labels()))


def test_colour_table_by_number_and_by_colour(tmp_path: Path) -> None:
    path = write_png(tmp_path / "a.png", INDEX, "P")
    check(read(path, labels()))
    check(read(path, coloured()))
    tiff = write_tiff(tmp_path / "a.tif", INDEX, colormap=COLOURS)
    check(read(tiff, labels()))
    check(read(tiff, coloured()))


@pytest.mark.parametrize("values", [{1: 4}, {255: 4}])
def test_binary_masks(tmp_path: Path, values: dict[int, int]) -> None:
    pixels = ONE.astype(np.uint8) * next(iter(values))
    path = write_png(tmp_path / "a.png", pixels)
    check(read(path, labels(values=values)), two=np.zeros_like(ONE))
    grey = write_png(tmp_path / "grey.png", np.dstack([pixels] * 3))
    check(read(grey, labels(values=values)), two=np.zeros_like(ONE))


def test_png_of_one_bit(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    Image.fromarray(ONE).convert("1").save(path)
    (value,) = survey_mask(path).counts.keys() - {0}
    check(read(path, labels(values={value: 4})), two=np.zeros_like(ONE))
    white = coloured(values={f"#{int(value) * 0x010101:06x}": 4})
    check(read(path, white), two=np.zeros_like(ONE))


def test_colours(tmp_path: Path) -> None:
    check(read(write_png(tmp_path / "a.png", RGB), coloured()))
    check(read(write_tiff(tmp_path / "a.tif", RGB.transpose(2, 0, 1)), coloured()))


def test_transparent_pixels_are_background(tmp_path: Path) -> None:
    opacity = np.full((2, 3, 1), 255, np.uint8)
    opacity[0, 1] = 0
    path = write_png(tmp_path / "a.png", np.concatenate([RGB, opacity], axis=2))
    check(read(path, coloured()), one=ONE & (opacity[..., 0] > 0))


def test_colours_that_are_not_listed(tmp_path: Path) -> None:
    pixels = RGB.copy()
    pixels[1, 1] = (250, 5, 0)
    path = write_png(tmp_path / "a.png", pixels)
    with pytest.raises(LabelError) as error:
        read(path, coloured())
    text = str(error.value)
    assert text.startswith(f"{path}: ")
    assert "#fa0500 near #ff0000 (1 pixels, first in row 1, column 1)" in text
    assert "listed are #000000, #008000, #ff0000" in text
    one = ONE & (pixels[..., 1] != 5)
    check(read(path, coloured(other="background")), one)
    ignored = read(path, coloured(other="ignore"))
    np.testing.assert_array_equal(ignored.ignored, ONE & ~one)
    listed = coloured(ignore=["#FA0500"])
    np.testing.assert_array_equal(read(path, listed).ignored, ONE & ~one)


def test_numbers_that_are_not_listed(tmp_path: Path) -> None:
    pixels = np.zeros((4, 5), np.int16)
    pixels[2:, 3:] = [[7, -1], [7, 300]]
    path = write_tiff(tmp_path / "a.tif", pixels)
    with open_mask(path, labels(), CODES, tmp_path) as mask:
        assert mask.shape == (4, 5)
        assert not mask.read(slice(0, 2), slice(0, 5)).planes.any()
        with pytest.raises(LabelError) as error:
            mask.read(slice(1, 4), slice(2, 5))
    text = str(error.value)
    assert "7 (2 pixels, first in row 2, column 3)" in text, "places are those of the whole mask"
    assert "-1 (1 pixels, first in row 2, column 4)" in text
    assert "listed are 0, 1, 2" in text
    found = read(path, labels(ignore=[-1, 7, 300]))
    np.testing.assert_array_equal(found.ignored, pixels != 0)


def test_own_nodata_is_ignored_unless_it_is_listed(tmp_path: Path) -> None:
    pixels = np.array([[0, 1, 255]], np.uint8)
    path = write_tiff(tmp_path / "a.tif", pixels, nodata=255)
    assert read(path, labels()).ignored.tolist() == [[False, False, True]]
    path = write_tiff(tmp_path / "b.tif", pixels[:, :2], nodata=0)
    assert not read(path, labels()).ignored.any()


def test_fractions_are_no_classes(tmp_path: Path) -> None:
    path = write_tiff(tmp_path / "a.tif", np.array([[0, 1.5, 1e30, np.inf]], np.float32))
    with pytest.raises(LabelError, match=r"1\.5 \(1 pixels, first in row 0, column 1\)"):
        read(path, labels())
    path = write_tiff(tmp_path / "b.tif", np.array([[0, 1, np.nan]], np.float32))
    assert read(path, labels()).ignored.tolist() == [[False, False, True]]


def test_a_band_per_class(tmp_path: Path) -> None:
    bands = np.array([[[0, 1, 255]], [[0, 1, 1]]], np.uint8)
    path = write_tiff(tmp_path / "a.tif", bands)
    found = read(path, labels(code="bands"))
    assert found.planes.tolist() == [[[False, True, True]], [[False, True, True]]]
    found = read(path, labels(code="bands", ignore=[255]))
    assert found.planes.tolist() == [[[False, True, False]], [[False, True, True]]]
    assert found.ignored.tolist() == [[False, False, True]]
    with pytest.raises(LabelError, match=r"band 2 is not 0 in 2 pixels, first in row 0, column 1"):
        read(path, labels(code="bands", values={1: 4}))
    one = read(path, labels(code="bands", values={1: 4}, other="background"))
    assert not one.planes[1].any()
    with pytest.raises(LabelError, match=r"has no band 3; it has 2, counted from 1"):
        read(path, labels(code="bands", values={3: 4}))


def test_bands_that_do_not_fit(tmp_path: Path) -> None:
    path = write_tiff(tmp_path / "a.tif", np.zeros((2, 1, 3), np.uint8))
    with pytest.raises(LabelError, match=r"has 2 bands where dataset\.labels\.code is index"):
        read(path, labels())
    path = write_png(tmp_path / "a.png", RGB)
    with pytest.raises(LabelError, match=r"holds colours where dataset\.labels\.code is index"):
        read(path, labels())
    path = write_tiff(tmp_path / "b.tif", np.zeros((3, 1, 3), np.uint16))
    with pytest.raises(LabelError, match="holds uint16 where colours take 8 bits"):
        read(path, coloured())


def test_jpeg_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    Image.fromarray(RGB).save(path, format="JPEG")
    with pytest.raises(LabelError, match="is a JPEG, which blurs the values"):
        read(path, coloured())


@pytest.mark.parametrize("content", [b"", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"<VRTDataset/>"])
def test_files_that_are_no_masks(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(content)
    with pytest.raises(ImageryError, match=r"a\.png"):
        read(path, labels())


def test_mask_that_is_cut_short(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 3, (200, 200)).astype(np.uint8)
    path = write_png(tmp_path / "a.png", noise)
    path.write_bytes(path.read_bytes()[:3_000])
    with pytest.raises(ImageryError, match=r"a\.png"):
        read(path, labels())


def test_mask_of_another_size() -> None:
    check_size(Path("m.png"), (2, 3), Path("i.tif"), (2, 3))
    with pytest.raises(LabelError, match=r"m\.png: has 2 rows of 3 .* i\.tif has 3 of 2"):
        check_size(Path("m.png"), (2, 3), Path("i.tif"), (3, 2))


def test_settings_that_contradict_themselves(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="values and ignore both list 1"):
        labels(ignore=[1])
    with pytest.raises(ValidationError, match="doesn't fit code: colours"):
        coloured(ignore=[1])
    path = write_png(tmp_path / "a.png", INDEX)
    with pytest.raises(LabelError, match=r"2 means class 8, which dataset\.classes lacks"):
        read(path, labels(values={2: 8}))


@given(
    arrays(np.int64, (3, 4), elements=st.integers(-40_000, 70_000)),
    st.dictionaries(st.integers(1, 300), st.sampled_from(CODES), min_size=1),
    st.sampled_from(["background", "ignore"]),
)
def test_legend_agrees_with_a_dictionary(
    pixels: NDArray[np.int64], values: dict[int, int], other: str
) -> None:
    pixels[0, 0] = next(iter(values))
    settings = labels(values=values, other=other)
    roles = legend_of(settings, CODES).roles_of(pixels)
    rest = {"background": -1, "ignore": -2}[other]
    expected = {0: -1, **{value: CODES.index(code) for value, code in values.items()}}
    assert roles.tolist() == [
        [expected.get(value, rest) for value in row] for row in pixels.tolist()
    ]
    short = pixels.astype(np.int16)
    np.testing.assert_array_equal(
        legend_of(settings, CODES).roles_of(short),
        legend_of(settings, CODES).roles_of(short.astype(np.int64)),
    )
