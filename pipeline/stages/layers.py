"""Layers for map programs, the last part of stage ``polygons``: all scenes in one file each.

Item ``map`` holds map.gpkg, map.geojson, map.parquet and map.qml; copies lie in the stage's
folder; items ``cog-<scene>`` hold a scene's probabilities as cloud-optimised GeoTIFF.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.artifacts import Item, StageFolder, publish, withdraw
from pipeline.config.dataset import ClassRow
from pipeline.files import read_json, write_bytes
from pipeline.imagery.tiles import open_tiles
from pipeline.mapping.layers.footprints import Footprint
from pipeline.mapping.layers.geojson_layer import geojson_lines
from pipeline.mapping.layers.ground_area import ground_areas
from pipeline.mapping.layers.lon_lat import to_lon_lat
from pipeline.mapping.layers.map_objects import MapObjects, read_objects
from pipeline.mapping.layers.probability_raster import write_cloud_optimised
from pipeline.mapping.layers.reference import is_on_earth, suffixes
from pipeline.mapping.layers.seams import joined_across
from pipeline.mapping.layers.style import qgis_style
from pipeline.mapping.layers.vector_layers import (
    layer_frame,
    write_geopackage,
    write_geoparquet,
)
from pipeline.progress import printable, say
from pipeline.stages.crew import Order, kept_for_job, make_items
from pipeline.stages.job import SCENE, Job

MAP = "map"
COG = "cog-"
_LAYER = "polygons"


@dataclass(frozen=True)
class _Scene:
    """A scene whose polygons are shown.

    Attributes:
        ground: Its name and place.
        crs: Its system as text, None if it has none.
        plane: Name of the plane in which scenes lie side by side; None if map units are not its.
        polygons: Item of its polygons.
    """

    ground: Footprint
    crs: str | None
    plane: str | None
    polygons: Item

    def to_json(self) -> list[Any]:
        """What the layers depend on."""
        place = [list(self.ground.to_map[:6]), list(self.ground.shape)]
        return [self.crs, self.plane, *place, self.polygons.digest]


def write_layers(job: Job, folder: StageFolder, scenes: Sequence[str]) -> Item:
    """Make the layers of a run, and put copies where people look for them.

    Args:
        job: The run.
        folder: Of stage ``polygons``, open, with the items of these scenes.
        scenes: Ids of the scenes.

    Returns:
        Item ``map``.

    Raises:
        DatasetError: If a coordinate reference system doesn't fit the images.
    """
    shown = _scenes(job, folder, scenes)
    settings, classes = job.config.polygons, job.config.dataset.classes
    vectors = [name for name in settings.layers if name != "cog"]
    inputs = {
        "layers": sorted(vectors),
        "classes": [[row.code, row.name, row.colour] for row in classes],
        "scenes": {one.ground.scene: one.to_json() for one in shown},
    }

    def build(target: Path) -> None:
        _write(target, shown, classes, vectors)

    item = folder.item(MAP, inputs, build)
    for name in sorted(item.files):
        publish(item, name, folder.folder / name)
    withdraw(folder.folder, item)
    if "cog" in settings.layers:
        located = [one.ground.scene for one in shown if one.crs is not None]
        make_items(job, folder, raster_orders, located, "rasters of probabilities")
    if vectors:
        say(f"polygons: layers for map programs: {folder.folder}/{MAP}.*")
    return item


def _scenes(job: Job, folder: StageFolder, scenes: Sequence[str]) -> list[_Scene]:
    """Where scenes lie, in the order of their names."""
    records, tiles = job.scenes("scenes"), job.scenes("tiles")
    found = []
    for scene in sorted(scenes):
        tile = open_tiles(tiles[scene].folder)
        record = read_json(records[scene].path("scene.json"))
        alone = record.get("to_space") != record.get("to_map")
        plane = None if alone else record.get("space")
        ground = Footprint(scene, tile.to_map, tile.shape)
        polygons = folder.items[f"{SCENE}{scene}"]
        found.append(_Scene(ground, tile.crs, plane, polygons))
    return found


def _write(
    target: Path, scenes: Sequence[_Scene], classes: Sequence[ClassRow], kinds: Sequence[str]
) -> None:
    """Write the files of item ``map``."""
    if not kinds:
        return
    names = {row.code: printable(row.name) for row in classes}
    style = qgis_style(classes)
    every = {crs: _objects(scenes, crs) for crs in dict.fromkeys(one.crs for one in scenes)}
    endings = suffixes(every)
    frames = {endings[crs]: layer_frame(objects, names, crs) for crs, objects in every.items()} or {
        "": layer_frame(MapObjects.joined([]), names, None)
    }
    write_bytes(target / f"{MAP}.qml", style.encode())
    if "geopackage" in kinds:
        layers = {f"{_LAYER}{ending}": frame for ending, frame in sorted(frames.items())}
        write_geopackage(target / f"{MAP}.gpkg", layers, style)
    if "geoparquet" in kinds:
        for ending, frame in frames.items():
            write_geoparquet(target / f"{MAP}{ending}.parquet", frame)
    located = {crs: objects for crs, objects in every.items() if crs and is_on_earth(crs)}
    if "geojson" in kinds and located:
        _write_geojson(target / f"{MAP}.geojson", located, names)


def _objects(scenes: Sequence[_Scene], crs: str | None) -> MapObjects:
    """Objects of all scenes of one system, those that borders have cut made whole."""
    planes: dict[str, list[_Scene]] = {}
    for one in scenes:
        if one.crs == crs:
            planes.setdefault(one.plane or f"scene {one.ground.scene}", []).append(one)
    objects = MapObjects.joined([_plane(members) for members in planes.values()])
    if crs is None or not is_on_earth(crs):
        return objects
    return replace(objects, area=ground_areas(objects.parts, crs))


def _plane(scenes: Sequence[_Scene]) -> MapObjects:
    """Objects of scenes that lie in one plane."""
    tables = [
        read_objects(one.polygons.path("polygons.geojson"), one.ground.scene) for one in scenes
    ]
    return joined_across(MapObjects.joined(tables), [one.ground for one in scenes])


def _write_geojson(path: Path, located: Mapping[str, MapObjects], names: Mapping[int, str]) -> None:
    shapes = [to_lon_lat(objects.parts, crs) for crs, objects in located.items()]
    objects = MapObjects.joined(list(located.values()))
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(geojson_lines(objects, np.concatenate(shapes), names))


def raster_orders(job: Job, scene: str) -> list[Order]:
    """The raster of a scene with a coordinate reference system, see :mod:`pipeline.stages.crew`."""
    prediction = _predictions(job)[scene]
    crs = str(open_tiles(_tiles(job)[scene].folder).crs)
    names = [row.name for row in job.config.dataset.classes]
    inputs = {"prediction": prediction.digest, "crs": crs, "names": names}

    def build(target: Path) -> None:
        source = prediction.path("probability.tif").absolute()
        write_cloud_optimised(target / f"probability-{scene}.tif", source, crs, names)

    return [Order(f"{COG}{scene}", inputs, build)]


@kept_for_job
def _predictions(job: Job) -> dict[str, Item]:
    return job.scenes("predict")


@kept_for_job
def _tiles(job: Job) -> dict[str, Item]:
    return job.scenes("tiles")
