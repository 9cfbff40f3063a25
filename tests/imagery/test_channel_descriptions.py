"""What input channels are, and centres of bands in a configuration."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from pipeline.config.dataset import BandGroupRow, Dataset
from pipeline.imagery.channels import Channel, Channels, GroupBands, Index, group_of, kind_of

MADE = Channels(
    groups=(
        GroupBands("M", ("red", "nir"), 1.0, (660.0, 830.0)),
        GroupBands("P", ("pan",), 1.0),
    ),
    bands=True,
    log=True,
    shape=True,
    contrast=(5.0, 38.75),
    indices=(Index("NDVI", "NDVI", (1, 0)),),
)


def test_descriptions_in_the_order_of_the_names() -> None:
    assert MADE.descriptions == (
        Channel("M.red", "band", "M", 660.0),
        Channel("M.nir", "band", "M", 830.0),
        Channel("P.pan", "band", "P", None),
        Channel("shape M.red", "shape", "M", 660.0),
        Channel("shape M.nir", "shape", "M", 830.0),
        Channel("contrast 5 m M.red", "contrast 5 m", "M", 660.0),
        Channel("contrast 5 m M.nir", "contrast 5 m", "M", 830.0),
        Channel("contrast 38.75 m M.red", "contrast 38.75 m", "M", 660.0),
        Channel("contrast 38.75 m M.nir", "contrast 38.75 m", "M", 830.0),
        Channel("contrast 5 m P.pan", "contrast 5 m", "P", None),
        Channel("contrast 38.75 m P.pan", "contrast 38.75 m", "P", None),
        Channel("NDVI", "NDVI", "M", None),
    )
    assert MADE.names == tuple(row.name for row in MADE.descriptions)


def test_kind_and_group_can_be_told_by_the_name() -> None:
    for row in MADE.descriptions[:-1]:
        assert (kind_of(row.name), group_of(row.name)) == (row.kind, row.group)
    assert (kind_of("NDVI"), group_of("NDVI")) == ("NDVI", "")


def test_wavelengths_survive_json_and_may_be_missing_there() -> None:
    assert Channels.from_json(MADE.to_json()) == MADE
    record = MADE.to_json()
    del record["groups"][0]["wavelengths"]
    assert {row.wavelength for row in Channels.from_json(record).descriptions} == {None}


def _row(**change: Any) -> BandGroupRow:
    row = {"name": "M", "file": "{id}.tif", "metres": 1, "bands": ["red", "nir"]}
    return BandGroupRow(**row | change)


def test_wavelengths_of_a_group() -> None:
    assert _row().wavelengths is None
    assert _row(wavelengths=[660, 832.5]).wavelengths == (660.0, 832.5)


@pytest.mark.parametrize(
    ("wavelengths", "message"),
    [
        ([660], "1 numbers don't fit 2 bands"),
        ([0.66, 0.83], "greater than or equal to 100"),
        ([660, float("inf")], "finite"),
    ],
)
def test_wrong_wavelengths(wavelengths: list[float], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        _row(wavelengths=wavelengths)


@pytest.mark.parametrize("name", ["demo", "dstl", "dstl_swir"])
def test_every_band_of_the_configurations_has_its_centre(name: str) -> None:
    centres = {
        "RGB": (660, 545, 480),
        "P": (625,),
        "M": (425, 480, 545, 605, 660, 725, 832.5, 950),
        "A": (1210, 1570, 1660, 1730, 2165, 2205, 2260, 2330),
    }
    tree = yaml.safe_load(Path(f"configs/{name}.yaml").read_text())
    for group in Dataset.model_validate(tree["dataset"]).groups:
        assert group.wavelengths == centres[group.name]
