"""Which channels stand in for which."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pipeline.imagery.channels import Channel
from pipeline.learning.channel_match import match_channels


def band(name: str, wavelength: float | None, kind: str = "band") -> Channel:
    return Channel(name, kind, name.partition(".")[0], wavelength)


RGB = (band("RGB.red", 660), band("RGB.green", 545), band("RGB.blue", 480))


def test_nearest_in_wavelength_never_cyclically() -> None:
    new = [band("M.blue", 470), band("M.edge", 725), band("M.nir", 830), band("M.green", 550)]
    found = match_channels(new, RGB, 200)
    assert [row.names for row in found] == [
        ("RGB.blue",),
        ("RGB.red",),
        ("RGB.red",),
        ("RGB.green",),
    ]
    assert [row.distance for row in found] == [10, 65, 170, 5]
    assert str(found[1]) == "M.edge: RGB.red, 65 nm away"


def test_beyond_the_limit_the_mean_of_the_kind() -> None:
    near, far = match_channels([band("M.nir", 860), band("M.nir2", 861)], RGB, 200)
    assert (near.source, near.distance) == ((0,), 200)
    assert (far.source, far.distance) == ((0, 1, 2), None)
    assert str(far) == "M.nir2: mean of RGB.red, RGB.green, RGB.blue"


def test_only_channels_of_the_same_kind_stand_in() -> None:
    source = [*RGB, band("shape RGB.red", 660, "shape"), Channel("NDVI", "NDVI", "M", None)]
    new = [
        band("shape M.nir", 700, "shape"),
        Channel("NDVI", "NDVI", "A", None),
        Channel("EVI", "EVI", "A", None),
        band("contrast 5 m M.red", 660, "contrast 5 m"),
    ]
    found = match_channels(new, source, 200)
    assert [row.source for row in found] == [(3,), (4,), (), ()]
    assert str(found[2]) == "EVI: drawn anew"
    assert str(found[1]) == "NDVI: NDVI"


def test_without_wavelengths_names_decide() -> None:
    source = [band("M.a", None), band("M.b", None)]
    same, other = match_channels([band("M.b", None), band("M.c", None)], source, 200)
    assert (same.source, same.distance) == ((1,), None)
    assert other.source == (0, 1)


def test_of_equally_near_ones_the_namesake() -> None:
    source = [band("RGB.red", 660), band("M.red", 660)]
    found = match_channels([band("M.red", 660), band("X.red", 660)], source, 200)
    assert [row.source for row in found] == [(1,), (0,)]


@given(st.permutations(range(8)))
def test_every_channel_finds_itself(order: list[int]) -> None:
    source = [band(f"M.{i}", 400 + 50 * i) for i in range(8)]
    found = match_channels([source[i] for i in order], source, 0)
    assert [row.source for row in found] == [(i,) for i in order]
