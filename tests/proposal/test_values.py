"""What numbers and attributes say: ranges, bands that are no light, the class's column, colours."""

from __future__ import annotations

import numpy as np
import pytest
import yaml
from affine import Affine
from hypothesis import given
from hypothesis import strategies as st

from pipeline.proposal.band_guesses import Told, guess_bands
from pipeline.proposal.class_column import class_columns
from pipeline.proposal.class_guesses import Counted, class_guesses
from pipeline.proposal.colours import colour_word, colours_of
from pipeline.proposal.guesses import SceneGuess
from pipeline.proposal.machine import Machine
from pipeline.proposal.pixel_values import BandValues, band_values, not_light, scale_of
from pipeline.proposal.places import divide
from pipeline.proposal.recipe import choose_recipe
from pipeline.proposal.yaml_text import YamlText, flow


def _values(
    high: float, distinct: int = 3000, fill: float | None = None, between: float = 1
) -> BandValues:
    return BandValues(0, high, high, distinct, fill, between)


def test_numbers_by_hand() -> None:
    (one,) = band_values([np.array([[1, 2, 3, -9999]], np.int16)])
    assert (one.top, one.distinct, one.fill, one.between) == (3, 4, -9999, 0)
    rows = [np.array([[level, level + 2.0]]) for level in (0, 10, 20, 30, 40)]
    # Within a scene the variance is 1, that of the means 1, 11, 21, 31, 41 is 200.
    assert band_values(rows)[0].between == pytest.approx(200)


def test_bands_that_are_no_light() -> None:
    light = [_values(3000), _values(2500), _values(4000), _values(3500)]
    assert not_light(light, "int16") == {}
    odd = [*light, _values(192, 3), _values(2000, 2500, -9999.0), _values(2000, 2500, None, 150)]
    reasons = not_light(odd, "int16")
    assert sorted(reasons) == [4, 5, 6]
    assert "3 different" in reasons[4]
    assert "-9999" in reasons[5]
    assert "heights" in reasons[6]
    assert not_light([_values(200, 180), _values(255, 90)], "uint8") == {}


@pytest.mark.parametrize(
    ("dtype", "top", "metres", "wanted"),
    [
        ("uint8", 255, 0.6, 255),
        ("float32", 0.9, 10, 1),
        ("float32", 250, 1, 255),
        ("uint16", 2040, 0.31, 2047),
        ("uint16", 2040, 10, 10_000),
        ("uint16", 210, 1, 255),
        ("int16", 9000, 30, 10_000),
        ("uint16", 60_000, 10, 65_535),
    ],
)
def test_scale(dtype: str, top: float, metres: float, wanted: float) -> None:
    assert scale_of(dtype, [_values(top)], metres)[0] == wanted


def _names(bands: int, dtype: str, metres: float | None, words: tuple[str, ...] = ()) -> list[str]:
    told = [Told(number) for number in range(1, bands + 1)]
    return [band.name for band in guess_bands(told, dtype, metres, words)[0]]


def test_bands_of_well_known_sensors() -> None:
    assert _names(13, "uint16", 10)[7:11] == ["nir", "nir_narrow", "vapour", "cirrus"]
    assert _names(12, "uint16", 10)[9:] == ["vapour", "swir1", "swir2"]
    assert _names(4, "uint16", 10) == ["blue", "green", "red", "nir"]
    assert _names(4, "uint8", 0.6) == ["red", "green", "blue", "nir"]
    assert _names(3, "uint8", None) == ["red", "green", "blue"]
    assert _names(7, "int16", None, ("landsat",))[4:] == ["nir", "swir1", "swir2"]
    assert _names(7, "int16", None) == [f"b{n}" for n in range(1, 8)]


def test_bands_by_their_descriptions() -> None:
    told = [Told(1, "B8A"), Told(2, "Red edge"), Told(3, "B4 (665 nm)", 664.5)]
    bands, reason = guess_bands([*told[:2], Told(3, "B04", 664.5)], "uint16", None, ())
    assert [band.name for band in bands] == ["nir_narrow", "red_edge", "red"]
    assert bands[2].nanometres == 664.5
    assert "names" in reason
    landsat = [Told(n, f"SR_B{n}") for n in (2, 3, 4, 5)]
    assert [b.name for b in guess_bands(landsat, "uint16", 30, ())[0]] == [
        "blue",
        "green",
        "red",
        "nir",
    ]


def test_column_of_the_class() -> None:
    columns = {
        "fid": {str(n): 1 for n in range(40)},
        "DATE": {"2017-12-14": 20, "2017-12-13": 20},
        "LULC_ID": {"1": 30, "2": 10},
        "LULC_NAME": {"forest": 30, "": 10, "water": 0},
        "AREA": {"12.5": 20, "13.5": 20},
        "same": {"x": 40},
    }
    columns["LULC_NAME"] = {"forest": 28, "": 2, "water": 10}
    assert [one.name for one in class_columns(columns)] == ["LULC_NAME", "LULC_ID"]
    assert class_columns({"building": {"yes": 5}}) == ()
    # Names of a few among many: none is shared.
    assert class_columns({"name": {"": 90, **{f"house {n}": 1 for n in range(30)}}}) == ()


def test_classes_and_which_are_too_rare() -> None:
    rows = [Counted("a", 500, 3), Counted("b", 900, 4), Counted("c", 40, 1), Counted("d", 0.01, 3)]
    found = class_guesses(rows, 1000, {}, (), "text")
    assert [(one.name, one.code, one.rare is not None) for one in found] == [
        ("b", 1, False),
        ("a", 2, False),
        ("c", 3, True),
        ("d", 4, True),
    ]
    numbers = class_guesses([Counted(7, 5, 2), Counted(2, 5, 2)], 10, {2: "#123456"}, (), "index")
    assert (numbers[0].code, numbers[0].name, numbers[0].colour) == (2, "class 2", "#123456")
    (only,) = class_guesses([Counted(255, 5, 1)], 10, {}, ("water", "masks"), "index")
    assert (only.code, only.name, only.rare) == (1, "Water", None), (
        "the only class is never left out"
    )


@given(st.lists(st.text(max_size=8), max_size=40))
def test_each_class_has_a_colour_of_its_own(names: list[str]) -> None:
    found = colours_of(names, [None] * len(names))
    assert len(set(found)) == len(names)


def test_words_for_colours() -> None:
    words = {"#ff0000": "red", "#008000": "dark green", "#0000ff": "blue", "#ffffff": "white"}
    assert {colour: colour_word(colour) for colour in words} == words


def _scene(x: float, y: float, shape: tuple[int, int] = (64, 64)) -> SceneGuess:
    return SceneGuess(shape, Affine.translation(x, y) @ Affine.scale(1, -1), "EPSG:32633")


def test_one_scene_is_cut_into_blocks() -> None:
    places = divide({"s": _scene(5e5, 5e6, (101, 100))}, ["s"])
    assert (places.blocks, places.count, places.folds) == (51, 4, 2)
    assert (places.parts[0].place, places.parts[0].shape) == ("s_0_0", (50, 50))
    assert divide({"s": _scene(5e5, 5e6, (40, 40))}, ["s"]).blocks is None
    large = divide({"s": _scene(5e5, 5e6, (2000, 2000))}, ["s"])
    assert (large.blocks, large.count, large.folds) == (400, 25, 4)


def test_scenes_that_touch_share_squares() -> None:
    grid = {f"c{r}{c}": _scene(5e5 + 64 * c, 5e6 - 64 * r) for r in range(8) for c in range(8)}
    places = divide(grid, sorted(grid))
    assert places.cell is not None
    assert 2 * 64 <= places.cell <= 8 * 64
    assert 8 <= places.count < len(grid)
    apart = {name: _scene(5e5 + 1000 * n, 5e6) for n, name in enumerate("abcde")}
    assert divide(apart, sorted(apart)).cell is None


def test_recipe_fits_scenes_and_machine() -> None:
    small = choose_recipe(10, 31.7, [(51, 50)] * 4, 2, Machine(2, 8, 0))
    assert (small.metres, small.patch, small.patch % 8) == (5, 96, 0)
    fast = choose_recipe(10, None, [(512, 512)] * 40, 4, Machine(16, 64, 80))
    assert (fast.metres, fast.patch, fast.width, fast.steps) == (10, 256, 32, 3000)
    assert choose_recipe(1, None, [(16, 18)] * 4, 2, Machine(2, 8, 0)).patch == 16


@given(
    st.dictionaries(st.text(max_size=20), st.one_of(st.text(max_size=20), st.integers(), st.none()))
)
def test_values_on_one_line_are_read_back(tree: dict[str, object]) -> None:
    assert yaml.safe_load(f"key: {flow(tree)}") == {"key": tree}


@given(st.text(max_size=60), st.text(max_size=60))
def test_keys_and_comments_are_read_back(text: str, reason: str) -> None:
    out = YamlText()
    out.section("top")
    out.key("key", text, reason=reason)
    out.key("number", 0.1)
    assert yaml.safe_load(out.text()) == {"top": {"key": text, "number": 0.1}}
