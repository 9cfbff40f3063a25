"""Indices find their bands, or the configuration says which are missing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline.config.load import load_config
from pipeline.config.spectral import index_bands
from pipeline.errors import ConfigError
from tests.contest_folder import GROUPS, contest_config, contest_tree

CONFIGS = Path(__file__).parent.parent / "configs"


def load(folder: Path, present: tuple[str, ...], **features: Any) -> None:
    path = folder / "c.yaml"
    path.write_text(yaml.safe_dump(contest_tree(Path("raw"), present, features=features)))
    load_config(path)


def test_bands_of_one_group() -> None:
    rows = contest_config(Path("raw"), tuple(GROUPS)).dataset.groups
    assert index_bands("CCCI", rows) == (("M", "nir1"), ("M", "red_edge"), ("M", "red"))
    assert index_bands("NDWI", rows) == (("M", "green"), ("M", "nir1"))


@pytest.mark.parametrize("index", ["NDVI", "NDWI", "EVI", "SAVI", "CCCI"])
def test_index_without_its_bands(tmp_path: Path, index: str) -> None:
    with pytest.raises(ConfigError, match=rf"features\.indices: {index} needs the bands .* of A"):
        load(tmp_path, ("A",), indices=[index])


def test_bands_of_a_group_that_is_not_used(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"NDVI needs .*use their group in features\.groups"):
        load(tmp_path, ("RGB", "M"), indices=["NDVI"], groups=["RGB"])


def test_named_band_that_is_not_there(tmp_path: Path) -> None:
    index = {"name": "x", "a": "M.nir1", "b": "A.swir1"}
    load(tmp_path, ("M", "A"), indices=[index])
    with pytest.raises(ConfigError, match=r"x needs the band 'A\.swir1', which is none of M\.coa"):
        load(tmp_path, ("M",), indices=[index])


def test_index_named_twice(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="NDVI stands there twice"):
        load(tmp_path, ("M",), indices=["NDVI", {"name": "NDVI", "a": "M.red", "b": "M.blue"}])


@pytest.mark.parametrize("path", sorted(CONFIGS.glob("*.yaml")), ids=lambda path: path.stem)
def test_configurations_that_are_delivered(path: Path) -> None:
    config = load_config(path)
    colours = [row.colour.lower() for row in config.dataset.classes]
    assert len(set(colours)) == len(colours)
