"""Layers of a run: what people find in its folder and open in a map program."""

import json
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pyogrio
import pytest
import rasterio
import shapely
from affine import Affine
from numpy.typing import NDArray

from pipeline.artifacts import StageFolder, is_whole
from pipeline.config import Config
from pipeline.errors import DatasetError
from pipeline.files import write_json
from pipeline.imagery.tiles import WorkingGrid, write_grid
from pipeline.mapping.geojson import ClassObjects, to_geojson
from pipeline.mapping.polygons import trace
from pipeline.mapping.prediction.raster import write_levels
from pipeline.stages.job import SCENE, Job
from pipeline.stages.layers import write_layers

UTM = "EPSG:32633"
PLACE = Affine(10, 0, 500_000, 0, -10, 5_000_000)
SIDE = 8
Mask = NDArray[np.bool_]


def make_job(folder: Path, **polygons: Any) -> Job:
    tree = {
        "dataset": {
            "layout": "files",
            "folder": str(folder / "raw"),
            "classes": [{"code": 3, "name": "Road"}, {"code": 7, "name": "<script>'\"\n"}],
            "groups": [{"name": "M", "file": "{id}.tif", "metres": 10, "bands": ["x"]}],
        },
        "tiles": {"metres": 10},
        "network": {"kind": "unet"},
        "polygons": polygons,
    }
    return Job(Config.model_validate(tree), folder / "run")


def write_run(job: Job, masks: Mapping[str, Mask], place: Mapping[str, Affine], **crs: Any) -> None:
    """Scenes, grids and predictions of scenes with these masks of class 3; class 7 is nowhere."""
    for stage in ("scenes", "tiles", "predict"):
        with StageFolder(job.run / stage, stage, "test") as folder:
            for scene, mask in masks.items():
                grid = WorkingGrid(
                    scene, mask.shape, 10, Affine.identity(), place[scene], 2, False, crs[scene]
                )
                inputs = {"mask": mask.tolist(), "crs": crs[scene], "place": place[scene][:6]}
                folder.item(
                    f"{SCENE}{scene}",
                    inputs,
                    partial(_write, mask=mask, grid=grid, stage=stage),
                )


def _write(target: Path, mask: Mask, grid: WorkingGrid, stage: str) -> None:
    if stage == "scenes":
        place = list(grid.to_map[:6])
        record = {"crs": grid.crs, "space": grid.crs or f"image {grid.scene}"}
        write_json(target / "scene.json", {**record, "to_map": place, "to_space": place})
    elif stage == "tiles":
        field = np.zeros(mask.shape, np.uint8)
        write_grid(target, (), grid, lambda rows: field[rows])
    else:
        levels = np.stack([np.where(mask, 200, 50), np.full(mask.shape, 1)]).astype(np.uint8)
        write_levels(target / "probability.tif", levels, grid.to_map, ("3", "7"))


def _store(target: Path, text: str) -> None:
    (target / "polygons.geojson").write_text(text)


def run(job: Job, masks: Mapping[str, Mask], place: Mapping[str, Affine]) -> set[str]:
    """Stage polygons as far as layers need it; items that were made."""
    row = job.config.dataset.classes[0]
    with job.open("polygons") as folder:
        for scene, mask in masks.items():
            parts = trace(mask)
            found = ClassObjects(row, parts, np.full(len(parts), 0.8), shapely.area(parts) * 100)
            text = to_geojson([found], place[scene])
            folder.item(
                f"{SCENE}{scene}",
                {"mask": mask.tolist()},
                partial(_store, text=text),
            )
        write_layers(job, folder, list(masks))
        return set(folder.built)


def row_of_scenes() -> tuple[Mask, dict[str, Mask], dict[str, Affine]]:
    """A mask of 8 x 16 pixels, its two scenes side by side, and where they lie."""
    mask = np.zeros((SIDE, 2 * SIDE), bool)
    mask[2:4, 3:13] = True  # crosses the border
    mask[6, 1] = True
    masks = {"a": mask[:, :SIDE], "b": mask[:, SIDE:]}
    return mask, masks, {"a": PLACE, "b": PLACE @ Affine.translation(SIDE, 0)}


def test_layers_of_two_scenes(tmp_path: Path) -> None:
    job = make_job(tmp_path)
    _, masks, place = row_of_scenes()
    write_run(job, masks, place, a=UTM, b=UTM)
    assert run(job, masks, place) == {"scene-a", "scene-b", "map", "cog-a", "cog-b"}
    folder = job.run / "polygons"
    frame = pyogrio.read_dataframe(folder / "map.gpkg", layer="polygons").set_index("scene")
    assert set(frame.index) == {"a", "a; b"}
    road = frame.loc["a; b"]
    assert road.geometry.equals(shapely.box(500_030, 4_999_960, 500_130, 4_999_980))
    assert road["area_m2"] == pytest.approx(2000 / 0.9996**2, abs=0.01)
    assert road["probability"] == 0.8
    assert geopandas.read_parquet(folder / "map.parquet").crs.to_epsg() == 32633
    features = json.loads((folder / "map.geojson").read_text())["features"]
    assert len(features) == 2
    assert "<script>" not in (folder / "map.qml").read_text()
    with rasterio.open(folder / "cog-b" / "probability-b.tif") as file:
        assert file.transform == place["b"]
        assert file.descriptions == ("Road", "<script>'\"\n")
    assert is_whole(folder)
    assert run(job, masks, place) == set()


def test_layers_follow_their_scenes_and_settings(tmp_path: Path) -> None:
    _, masks, place = row_of_scenes()
    job = make_job(tmp_path)
    write_run(job, masks, place, a=UTM, b=UTM)
    run(job, masks, place)
    folder = job.run / "polygons"
    first = (folder / "map.gpkg").read_bytes()
    (folder / "map.gpkg").write_bytes(b"opened and altered")
    assert not is_whole(folder)
    assert run(job, masks, place) == set()
    assert (folder / "map.gpkg").read_bytes() == first
    some = make_job(tmp_path, layers=["geopackage"])
    assert run(some, masks, place) == {"map"}
    there = {path.name for path in folder.iterdir() if path.suffix or path.name.startswith("cog")}
    kept = {"manifest.json", "made-from.json", "published.json"}
    assert there - kept == {"map.gpkg", "map.qml"}
    assert is_whole(folder)
    assert (folder / "map.gpkg").read_bytes() == first
    assert run(make_job(tmp_path, layers=[]), masks, place) == {"map"}
    assert not list(folder.glob("map.*"))
    assert is_whole(folder)


def test_images_without_coordinates(tmp_path: Path) -> None:
    """They lie over each other: nothing is joined, and there is no longitude."""
    job = make_job(tmp_path)
    _, masks, place = row_of_scenes()
    place = dict.fromkeys(masks, Affine.scale(2, -2))
    write_run(job, masks, place, a=None, b=None)
    assert run(job, masks, place) == {"scene-a", "scene-b", "map"}
    folder = job.run / "polygons"
    assert not (folder / "map.geojson").exists()
    frame = pyogrio.read_dataframe(folder / "map.gpkg", layer="polygons")
    assert frame["scene"].tolist() == ["a", "a", "b"]
    assert frame["area_m2"].tolist() == [1000, 100, 1000]
    assert frame.total_bounds.tolist() == [0, -14, 16, -4]


def test_scenes_of_two_systems(tmp_path: Path) -> None:
    job = make_job(tmp_path)
    _, masks, place = row_of_scenes()
    write_run(job, masks, place, a=UTM, b="EPSG:32634")
    run(job, masks, place)
    folder = job.run / "polygons"
    layers = {str(name) for name, _ in pyogrio.list_layers(folder / "map.gpkg")}
    assert layers == {"polygons_32633", "polygons_32634", "layer_styles"}
    assert {path.name for path in folder.glob("*.parquet")} == {
        "map_32633.parquet",
        "map_32634.parquet",
    }
    features = json.loads((folder / "map.geojson").read_text())["features"]
    west = [min(x for x, _ in one["geometry"]["coordinates"][0]) for one in features]
    assert [round(value) for value in west] == [15, 15, 21]  # six degrees from zone to zone
    assert [one["properties"]["scene"] for one in features] == ["a", "a", "b"]


def test_images_that_are_not_where_they_say(tmp_path: Path) -> None:
    job = make_job(tmp_path)
    _, masks, _ = row_of_scenes()
    place = dict.fromkeys(masks, Affine(1e12, 0, 1e15, 0, -1e12, 1e15))
    write_run(job, masks, place, a=UTM, b=UTM)
    with pytest.raises(DatasetError, match="EPSG:32633 has no ground"):
        run(job, masks, place)
    assert not (job.run / "polygons" / "map.gpkg").exists()
