"""Folders of other people's data: what is proposed for each, key by key."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from affine import Affine

from pipeline.config import Config, load_config
from pipeline.errors import ConfigError, DatasetError, ImageryError
from pipeline.imagery.layouts.discovery import find_scenes
from pipeline.proposal.machine import Machine
from pipeline.proposal.propose import propose
from pipeline.proposal.written import Proposal
from tests import dataset_folders as folders

MACHINE = Machine(2, 8.0, 0.0)
CLASSES = "classes: [{code: 1, name: any}]"


def _proposed(folder: Path) -> tuple[dict[str, Any], Proposal]:
    """What is proposed for a folder: its keys, and all of it. It is a configuration."""
    found = propose(folder, "x", MACHINE, "/tables/x.csv")
    tree: dict[str, Any] = yaml.safe_load(found.text)
    Config.model_validate(tree)
    return tree, found


def _classes(tree: dict[str, Any]) -> list[tuple[int, str]]:
    return [(row["code"], row["name"]) for row in tree["dataset"]["classes"]]


def test_aerial_chips_with_index_masks(tmp_path: Path) -> None:
    tree, found = _proposed(folders.write_naip(tmp_path / "naip"))
    (group,) = tree["dataset"]["groups"]
    assert group["file"] == "images/{id}.tif"
    assert group["bands"] == ["red", "green", "blue", "nir"]
    assert (group["metres"], group["scale"]) == (0.6, 255)
    assert "select" not in group, "the fourth band is none of opacity"
    assert _classes(tree) == [(1, "class 1"), (2, "class 2")]
    assert tree["dataset"]["labels"] == {
        "kind": "mask",
        "file": "masks/{id}.png",
        "code": "index",
        "values": {1: 1, 2: 2},
        "background": [0, 3],
    }
    assert "# - {code: 3, name: class 3" in found.text, "what is too rare is named"
    assert tree["augment"]["cell"] == pytest.approx(120), "chips of 38 m touch"
    assert tree["augment"]["patch"] == 64
    assert tree["features"]["indices"] == ["NDVI", "NDWI", "EVI", "SAVI"]
    assert any("name the classes" in question for question in found.questions)


@pytest.mark.parametrize("pattern", ["{z}/{x}/{y}.png", "tiles/{x}-{y}-{z}.jpg"])
def test_tiles_of_a_web_map_with_footprints(tmp_path: Path, pattern: str) -> None:
    tree, found = _proposed(folders.write_web_tiles(tmp_path / "town", pattern))
    (group,) = tree["dataset"]["groups"]
    assert group["file"] == pattern
    assert group["bands"] == ["red", "green", "blue"]
    # 64 pixels of a tile at zoom 18, 50.5 degrees north: 40075017 m / 2^18 / 64 x cos(latitude).
    assert group["metres"] == pytest.approx(2.389 * 0.656, rel=0.01)
    assert tree["dataset"]["classes"] == [
        {"code": 1, "name": "Building", "colour": "#d55e00", "countable": True}
    ]
    assert tree["dataset"]["labels"] == {"kind": "vector", "file": "buildings.geojson"}
    assert tree["augment"]["cell"] > 200
    assert not found.questions


@pytest.mark.parametrize("products", [1, 2])
def test_products_hold_bands_again_and_extras(tmp_path: Path, products: int) -> None:
    folder = folders.write_products(tmp_path / "products", products)
    found = propose(folder, "x", MACHINE, str(tmp_path / "x.csv"))
    tree = yaml.safe_load(found.text.replace("!decide", "").replace("classes:  []", CLASSES))
    dataset = Config.model_validate(tree).dataset
    assert [(one.metres, one.select) for one in dataset.groups] == [
        (10, folders.SENTINEL_2[10]),
        (20, folders.SENTINEL_2[20]),
        (60, ("B09",)),
    ]
    if found.table is not None:
        (tmp_path / "x.csv").write_text(found.table)
    scenes = find_scenes(dataset)
    assert len(scenes) == products
    assert [path.name[-11:] for path in scenes[0].files["g60m"].paths] == ["B09_60m.tif"]
    assert [len(one.files["g20m"].paths) for one in scenes] == [6] * products


def test_scene_with_a_coloured_truth(tmp_path: Path) -> None:
    tree, _ = _proposed(folders.write_coloured_scene(tmp_path))
    (group,) = tree["dataset"]["groups"]
    assert (group["file"], group["metres"], group["scale"]) == ("{id}.tif", 2, 10_000)
    assert group["bands"] == ["b1", "b2", "b3", "b4", "b5"]
    labels = tree["dataset"]["labels"]
    assert (labels["file"], labels["code"]) == ("truth.png", "colours")
    assert set(labels["values"]) == {"#0000ff", "#008000", "#ffff00"}
    assert {row["colour"] for row in tree["dataset"]["classes"]} == set(labels["values"])
    assert tree["dataset"]["blocks"] == 85
    assert tree["augment"]["folds"] == 2


def test_sentinel_2_in_files_of_several_resolutions(tmp_path: Path) -> None:
    tree, found = _proposed(folders.write_sentinel_2(tmp_path, together=False))
    fine, middle, coarse = tree["dataset"]["groups"]
    assert [row["name"] for row in (fine, middle, coarse)] == ["m10", "m20", "m60"]
    assert {row["file"] for row in (fine, middle, coarse)} == {"{id}_{band}.tif"}
    assert fine["select"] == ["B02", "B03", "B04", "B08"]
    assert fine["bands"] == ["blue", "green", "red", "nir"]
    assert fine["wavelengths"] == [492, 560, 665, 833]
    assert middle["select"] == ["B05", "B06", "B07", "B8A", "B11", "B12"]
    assert (middle["metres"], coarse["metres"]) == (20, 60)
    assert tree["scenes"]["registration"] == "none"
    assert tree["dataset"]["labels"] == {
        "kind": "vector",
        "file": "labels/landuse.shp",
        "column": "landuse",
        "values": {"crops": 1, "water": 2, "forest": 3},
    }
    assert tree["polygons"]["min_area"] == 400
    assert any(text.startswith("dataset.labels.rest") for text in found.questions)


def test_sentinel_2_in_one_file(tmp_path: Path) -> None:
    tree, _ = _proposed(folders.write_sentinel_2(tmp_path, together=True))
    (group,) = tree["dataset"]["groups"]
    assert len(group["bands"]) == 13
    assert (group["bands"][8], group["bands"][10]) == ("nir_narrow", "cirrus")
    assert tree["features"]["indices"] == ["NDVI", "NDWI", "EVI", "SAVI", "CCCI"]


def test_bands_that_are_no_light_are_left_out(tmp_path: Path) -> None:
    tree, found = _proposed(folders.write_landsat(tmp_path / "landsat_chips"))
    (group,) = tree["dataset"]["groups"]
    assert group["select"] == [1, 2, 3, 4, 5, 6, 7]
    assert group["bands"] == ["coastal", "blue", "green", "red", "nir", "swir1", "swir2"]
    assert (group["metres"], group["scale"]) == (30, 10_000)
    assert "Left out: band 8, as it has only 3 different values" in found.text
    assert "Left out: band 9" in found.text
    assert tree["dataset"]["labels"]["values"] == {255: 1}
    assert any("how large is a pixel" in question for question in found.questions)


def _chip(path: Path, number: int, bands: int = 4) -> folders.Ground:
    on = folders.ground(number, (48, 48), 2)
    pixels = folders.light(number, on, bands, 100, 4000).astype(np.uint16)
    folders.write_tiff(path, pixels)
    return on


def test_folders_that_split_a_dataset_are_listed_in_a_table(tmp_path: Path) -> None:
    for split in ("train", "val"):
        for number in range(3):
            on = _chip(tmp_path / split / "images" / f"{number}.tif", number)
            folders.write_png(tmp_path / split / "masks" / f"{number}.png", on)
    tree, found = _proposed(tmp_path)
    assert tree["dataset"]["scenes"] == "/tables/x.csv"
    assert found.table is not None
    rows = found.table.splitlines()
    assert rows[:2] == ["id,image,labels", "train_0,train/images/0.tif,train/masks/0.png"]
    assert len(rows) == 7


def test_bands_without_any_id_are_listed_in_a_table(tmp_path: Path) -> None:
    on = folders.ground(1, (96, 96), 2)
    pixels = folders.light(1, on, 3, 100, 4000).astype(np.uint16)
    to_map = Affine.translation(4e5, 5e6) @ Affine.scale(10, -10)
    for number, name in enumerate(("B02", "B03", "B8A")):
        folders.write_tiff(
            tmp_path / f"{name}.tif", pixels[number : number + 1], "EPSG:32633", to_map
        )
    for code, layer in ((1, "water"), (2, "forest")):
        one = folders.outlines(on, to_map, (code,)).drop(columns="code").set_crs("EPSG:32633")
        one.to_file(tmp_path / "map.gpkg", layer=layer)
    tree, found = _proposed(tmp_path)
    assert found.table == "id,image\nscene,{band}.tif\n"
    assert tree["dataset"]["groups"][0]["select"] == ["B02", "B03", "B8A"]
    labels = tree["dataset"]["labels"]
    assert set(labels["values"]) == {"water", "forest"}
    assert "column" not in labels, "the layers tell the classes"


def test_polygons_that_name_no_system(tmp_path: Path) -> None:
    to_map = Affine.translation(5e5, 4e6) @ Affine.scale(1, -1)
    on = folders.ground(3, (96, 96), 2)
    pixels = folders.light(3, on, 3, 20, 230).astype(np.uint8)
    folders.write_tiff(tmp_path / "img.tif", pixels, "EPSG:32617", to_map)
    table = folders.outlines(on, to_map, (1, 2))
    features = [
        {
            "type": "Feature",
            "properties": {"class_id": int(code)},
            "geometry": one.__geo_interface__,
        }
        for code, one in zip(table.code, table.geometry, strict=True)
    ]
    text = json.dumps({"type": "FeatureCollection", "features": features})
    (tmp_path / "drawn.geojson").write_text(text)
    tree, found = _proposed(tmp_path)
    assert tree["dataset"]["labels"]["crs"] == "EPSG:32617"
    assert tree["dataset"]["labels"]["values"] == {"1": 1, "2": 2}
    assert "GUESS: the file names no system" in found.text


def test_one_band_per_class_and_files_that_cannot_be_used(tmp_path: Path) -> None:
    for number in range(6):
        on = _chip(tmp_path / "x" / f"p{number}.tif", number, 3 if number == 2 else 4)
        planes = np.stack([on == code for code in (1, 2)]).astype(np.uint8)
        folders.write_tiff(tmp_path / "y" / f"p{number}.tif", planes)
    (tmp_path / "x" / "p9.tif").write_bytes(b"not an image")
    tree, found = _proposed(tmp_path)
    labels = tree["dataset"]["labels"]
    assert (labels["file"], labels["code"]) == ("y/{id}.tif", "bands")
    assert labels["values"] == {1: 1, 2: 2}
    assert tree["scenes"]["skip_bad"] is True
    assert any("2 images can't be used" in text for text in found.questions)
    assert "x/p2.tif: 3 bands" in found.text


def test_without_labels_the_file_says_which_line_to_edit(tmp_path: Path) -> None:
    _chip(tmp_path / "data" / "a.tif", 1)
    found = propose(tmp_path / "data", "x", MACHINE, "x.csv")
    path = tmp_path / "x.yaml"
    path.write_text(found.text)
    line = next(n for n, row in enumerate(found.text.splitlines(), 1) if "!decide" in row)
    with pytest.raises(ConfigError, match=rf"decide(.|\n)*line {line}"):
        load_config(path)
    edited = found.text.replace("!decide []", "[{code: 1, name: Water}]")
    assert Config.model_validate(yaml.safe_load(edited)).dataset.labels is None


def test_the_contest_own_layout(contest: Path) -> None:
    tree, _ = _proposed(contest)
    dataset = tree["dataset"]
    assert dataset["layout"] == "contest"
    assert [row["name"] for row in dataset["groups"]] == ["RGB", "P", "M", "A"]
    assert dataset["groups"][2]["bands"][5] == "red_edge"
    assert tree["tiles"]["metres"] == 0.62
    assert "unit_metres" not in dataset


def test_nothing_to_look_at(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="no such folder"):
        propose(tmp_path / "none", "x", MACHINE, "x.csv")
    (tmp_path / "a.tif").write_bytes(b"II*\0")
    with pytest.raises(ImageryError, match=r"no image that can be read \(a\.tif"):
        propose(tmp_path, "x", MACHINE, "x.csv")
