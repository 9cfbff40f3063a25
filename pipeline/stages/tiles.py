"""Cache the band groups and masks of every used scene for random windows.

Items: ``scene-<id>`` (see ``pipeline.imagery.tiles``) and ``statistics`` (statistics.json: the
input recipe with the statistics of the labelled scenes).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import shapely
from affine import Affine

from pipeline.artifacts import Item, StageFolder
from pipeline.config import Config
from pipeline.config.dataset import BandGroupRow
from pipeline.errors import ArtifactError, DatasetError
from pipeline.files import read_json, write_json
from pipeline.imagery.channels import Channels
from pipeline.imagery.faults import Faults
from pipeline.imagery.features import InputRecipe
from pipeline.imagery.labels import draw_masks
from pipeline.imagery.scene import working_shape
from pipeline.imagery.statistics import measure
from pipeline.imagery.survey import read_scene
from pipeline.imagery.tiles import open_tiles, pack, write_tiles
from pipeline.imagery.transform import rescaled
from pipeline.imagery.validity import valid_on_grid
from pipeline.progress import say, track
from pipeline.stages.job import SCENE, Job
from pipeline.stages.raw_files import RawFiles


def run(job: Job) -> None:
    """Run the stage."""
    sources = job.scenes("scenes")
    raw, faults = RawFiles(job.run / "scenes"), Faults()
    with job.open("tiles") as stage:
        for scene, source in track(sources.items(), "tiles"):
            with faults.gather():
                _make(job.config, stage, scene, source, raw)
        faults.report(DatasetError)
        made = len(stage.built)
        labelled = [
            stage.items[SCENE + scene]
            for scene, source in sources.items()
            if "labels.json" in source.files
        ]
        _statistics(job.config, stage, labelled)
        stage.summary = {"scenes": len(sources), "labelled": len(labelled)}
    say(f"tiles: {len(sources)} scenes, {made} made, {len(sources) - made} unchanged")


def _make(config: Config, stage: StageFolder, scene: str, source: Item, raw: RawFiles) -> None:
    """Make a scene's cache if it is not there."""
    rows = [config.dataset.group(name) for name in config.used_groups()]
    inputs = {
        "scene": source.digest,
        "metres": config.tiles.metres,
        "groups": [row.name for row in rows],
        "codes": config.dataset.codes,
        "nodata": config.scenes.nodata,
        "resampling": config.features.resampling,
    }

    def build(folder: Path) -> None:
        record = read_json(source.path("scene.json"))
        _check_unchanged(config.dataset.folder, record, rows, raw)
        texts = read_json(source.path("labels.json")) if "labels.json" in source.files else None
        _write(config, folder, record, rows, texts)

    stage.item(SCENE + scene, inputs, build)


def _check_unchanged(
    folder: Path, record: Mapping[str, Any], rows: list[BandGroupRow], raw: RawFiles
) -> None:
    """Whether the raw files are those that the stage before has read.

    Raises:
        ArtifactError: Naming the file that is not.
    """
    known = {group["name"]: group["sha256"] for group in record["groups"]}
    for row in rows:
        path = folder / row.file.format(id=record["id"])
        if not path.is_file() or raw.hash(path) != known[row.name]:
            raise ArtifactError(f"{path}: has changed since `scenes` read it; run `scenes` again")


def _write(
    config: Config,
    folder: Path,
    record: Mapping[str, Any],
    rows: list[BandGroupRow],
    texts: Mapping[str, str] | None,
) -> None:
    """Read a scene's files and write its cache."""
    codes = config.dataset.codes
    scene = read_scene(record["id"], record, rows, config.dataset.folder, config.scenes.nodata)
    shape = working_shape(scene.shape, scene.metres, config.tiles.metres)
    to_working = Affine.scale(shape[1] / scene.shape[1], shape[0] / scene.shape[0])
    to_map = rescaled(scene.to_map, scene.shape, shape)
    labels = {int(code): shapely.from_wkt(text) for code, text in (texts or {}).items()}
    masks = draw_masks(labels, codes, to_map, shape)
    valid = valid_on_grid(scene.groups, to_working, shape, config.features.resampling)
    field = pack(masks & valid, valid)
    write_tiles(
        folder,
        scene.id,
        scene.groups,
        to_working,
        to_map,
        config.tiles.metres,
        field,
        len(codes),
        labelled=texts is not None,
    )


def _statistics(config: Config, stage: StageFolder, labelled: list[Item]) -> None:
    """Make the input recipe from the labelled scenes, and from no other.

    Raises:
        DatasetError: If there is none.
    """
    if not labelled:
        table = config.dataset.folder / config.dataset.labels
        raise DatasetError(f"{table}: has labels for no scene; a training needs some")
    channels, resampling = Channels.of(config), config.features.resampling
    inputs = {
        "scenes": {item.name: item.digest for item in labelled},
        "channels": channels.to_json(),
        "resampling": resampling,
    }

    def build(folder: Path) -> None:
        scenes = [open_tiles(item.folder) for item in labelled]
        recipe = InputRecipe(channels, resampling, measure(scenes, channels, resampling))
        write_json(folder / "statistics.json", recipe.to_json())

    stage.item("statistics", inputs, build)
