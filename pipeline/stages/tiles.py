"""Cache the band groups and masks of every used scene for random windows.

Items: ``scene-<id>`` (see ``pipeline.imagery.tiles``), ``grid-<model>-<id>`` for each model with a
working grid of its own, and ``statistics-<model>`` (statistics.json: the input recipe of a model
with the statistics of the labelled scenes).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import shapely
from affine import Affine

from pipeline.artifacts import Item, StageFolder
from pipeline.config import Config
from pipeline.config.dataset import BandGroupRow
from pipeline.config.models import ModelRow
from pipeline.errors import ArtifactError, DatasetError
from pipeline.files import read_json, write_json
from pipeline.imagery.channels import Channels
from pipeline.imagery.faults import Faults
from pipeline.imagery.features import InputRecipe
from pipeline.imagery.labels import draw_masks
from pipeline.imagery.scene import Scene, working_shape
from pipeline.imagery.statistics import measure
from pipeline.imagery.survey import read_scene
from pipeline.imagery.targets import draw_targets
from pipeline.imagery.tiles import pack, write_grid, write_tiles
from pipeline.imagery.transform import rescaled
from pipeline.imagery.validity import valid_on_grid
from pipeline.progress import say, track
from pipeline.stages.grids import Grid, grid_item, grid_tiles, other_grids, own_grid
from pipeline.stages.job import SCENE, STATISTICS, Job
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
        made = sum(name.startswith(SCENE) for name in stage.built)
        labelled = [scene for scene in sources if "labels.json" in sources[scene].files]
        for row in job.config.models:
            _statistics(job, stage, row, labelled)
        stage.summary = {"scenes": len(sources), "labelled": len(labelled)}
    say(f"tiles: {len(sources)} scenes, {made} made, {len(sources) - made} unchanged")


def _make(config: Config, stage: StageFolder, scene: str, source: Item, raw: RawFiles) -> None:
    """Make a scene's cache, and the grids that models have of their own, where they are missing."""
    rows = [config.dataset.group(name) for name in config.used_groups()]

    @cache
    def read() -> Scene:
        record = read_json(source.path("scene.json"))
        _check_unchanged(config.dataset.folder, record, rows, raw)
        return read_scene(scene, record, rows, config.dataset.folder, config.scenes.nodata)

    def build(grid: Grid, with_bands: bool) -> Callable[[Path], None]:
        return lambda folder: _write(config, folder, read(), source, grid, with_bands)

    common = {
        "scene": source.digest,
        "codes": config.dataset.codes,
        "nodata": config.scenes.nodata,
    }
    own = own_grid(config)
    stage.item(SCENE + scene, {**common, **own.to_json()}, build(own, with_bands=True))
    for name, grid in other_grids(config).items():
        inputs = {**common, **grid.to_json()}
        stage.item(grid_item(name, scene), inputs, build(grid, with_bands=False))


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
    config: Config, folder: Path, scene: Scene, source: Item, grid: Grid, with_bands: bool
) -> None:
    """Write a scene's grid, with its band groups or alone."""
    codes, labelled = config.dataset.codes, "labels.json" in source.files
    texts = read_json(source.path("labels.json")) if labelled else {}
    labels = {int(code): shapely.from_wkt(text) for code, text in texts.items()}
    groups = tuple(group for group in scene.groups if group.name in grid.groups)
    shape = working_shape(scene.shape, scene.metres, grid.metres)
    to_working = Affine.scale(shape[1] / scene.shape[1], shape[0] / scene.shape[0])
    to_map = rescaled(scene.to_map, scene.shape, shape)
    valid = valid_on_grid(groups, to_working, shape, grid.resampling)
    field = pack(draw_masks(labels, codes, to_map, shape) & valid, valid)
    common = (scene.id, groups, to_working, to_map, grid.metres, field, len(codes), labelled)
    if with_bands:
        write_tiles(folder, *common)
        return
    target = None
    if labelled and grid.targets is not None:
        target = draw_targets(labels, codes, to_map, shape, grid.metres, grid.targets)
    write_grid(folder, *common, target)


def _statistics(job: Job, stage: StageFolder, row: ModelRow, labelled: Sequence[str]) -> None:
    """Make a model's input recipe from the labelled scenes, and from no other.

    Raises:
        DatasetError: If there is none.
    """
    config = job.config
    if not labelled:
        table = config.dataset.folder / config.dataset.labels
        raise DatasetError(f"{table}: has labels for no scene; a training needs some")
    channels, resampling = Channels.of(config, row.features), row.features.resampling
    tiles = grid_tiles(config, row, stage.items)
    chosen = {scene: tiles[scene] for scene in labelled}
    inputs = {
        "scenes": {scene: tile.digest for scene, tile in chosen.items()},
        "channels": channels.to_json(),
        "resampling": resampling,
    }

    def build(folder: Path) -> None:
        scenes = [tile.open() for tile in chosen.values()]
        recipe = InputRecipe(channels, resampling, measure(scenes, channels, resampling))
        write_json(folder / "statistics.json", recipe.to_json())

    stage.item(f"{STATISTICS}{row.name}", inputs, build)
