"""The networks' section: what models share is drawn once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipeline.config.network import UNet
from pipeline.errors import ArtifactError
from pipeline.learning.weights import NetworkRecord
from pipeline.reporting.page.blocks import Facts, Group, Picture, Table, Text
from pipeline.reporting.report.network import network_section
from pipeline.reporting.report.network_record import Measures, ReportedNetwork

MEASURES = Measures(1234, 5_600_000, 2_500_000, 44)
RECORD = NetworkRecord(
    UNet(width=4, depth=2),
    ("M.red", "NDVI"),
    (3, 7),
    kinds=("band", "NDVI"),
    wavelengths=(660.0, None),
)


def _network(
    models: tuple[str, ...] = ("all",), measures: Measures | None = MEASURES
) -> ReportedNetwork:
    classes = tuple((f"<i>{name}", "Water") for name in models)
    return ReportedNetwork(RECORD, models, classes, 32, 2.5, measures)


def test_one_network_by_hand() -> None:
    section = network_section([_network()])
    picture, facts, table = section.blocks
    assert isinstance(picture, Picture)
    assert b"&lt;i&gt;all" in picture.data
    assert b"1,234 weights" in picture.data
    assert isinstance(facts, Facts)
    assert dict(facts.rows) == {
        "input channels": "2",
        "patch in training": "32 × 32 pixels, 80 m on the ground",
        "weights": "1,234",
        "a pixel's answer depends on": "44 × 44 pixels, 110 m on the ground",
        "multiply-adds of a patch": "6 million",
        "memory of a patch in training": "2.5 MB",
    }
    assert isinstance(table, Table)
    assert table.rows == (("M.red", "band", "M", 660.0), ("NDVI", "NDVI", "", None))


def test_a_small_network_is_told_exactly() -> None:
    one = replace(RECORD, channels=("P.pan",), kinds=("band",), wavelengths=(625.0,))
    network = replace(_network(), record=one, measures=replace(MEASURES, multiply_adds=389_120))
    picture, facts, *_ = network_section([network]).blocks
    assert isinstance(picture, Picture)
    assert "from 1 input channel to 2 maps" in picture.alt
    assert isinstance(facts, Facts)
    assert dict(facts.rows)["multiply-adds of a patch"] == "389,120"


def test_models_that_share_a_network_are_named() -> None:
    section = network_section([_network(("roads", "water"))])
    text, picture, *_ = section.blocks
    assert isinstance(text, Text)
    assert "roads: <i>roads, Water; water: <i>water, Water" in text.text
    assert isinstance(picture, Picture)
    assert b"its 1." in picture.data
    assert b"&lt;i&gt;" not in picture.data


def test_different_networks_have_a_heading_each() -> None:
    section = network_section([_network((name,)) for name in ("a", "b", "c")])
    groups = [block for block in section.blocks if isinstance(block, Group)]
    assert [(group.title, group.folded) for group in groups] == [
        ("Network of a", False),
        ("Network of b", False),
        ("Network of c", True),
    ]


def test_what_cannot_be_built_is_told() -> None:
    section = network_section([_network(measures=None)])
    assert isinstance(section.blocks[0], Text)
    assert section.blocks[0].kind == "warning"
    assert not any(isinstance(block, Picture) for block in section.blocks)


def test_measures_are_read_back() -> None:
    assert Measures.from_json(MEASURES.to_json()) == MEASURES
    with pytest.raises(ArtifactError, match="damaged"):
        Measures.from_json({"parameters": 1})
