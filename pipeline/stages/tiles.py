"""Cache the band groups and masks of every used scene for random windows.

Items: ``scene-<id>`` (see ``pipeline.imagery.tiles``), ``grid-<model>-<id>`` for each model with a
working grid of its own, and ``statistics-<model>`` (statistics.json: the input recipe of a model
with the statistics of the labelled scenes).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import shapely
from affine import Affine
from numpy.typing import NDArray

from pipeline.artifacts import Item, StageFolder
from pipeline.config import Config
from pipeline.config.models import ModelRow
from pipeline.errors import ArtifactError, DatasetError
from pipeline.files import read_json, write_json
from pipeline.imagery.bit_field import pack
from pipeline.imagery.channels import Channels
from pipeline.imagery.faults import Faults
from pipeline.imagery.features import InputRecipe
from pipeline.imagery.group_cache import Neighbour, cache_group
from pipeline.imagery.intake import Source
from pipeline.imagery.labels import draw_masks
from pipeline.imagery.layouts.neighbours import Placed, neighbours
from pipeline.imagery.scene import BandGroup, working_shape
from pipeline.imagery.statistics import measure
from pipeline.imagery.targets import draw_targets
from pipeline.imagery.tiles import Draw, WorkingGrid, open_groups, write_grid
from pipeline.imagery.transform import rescaled
from pipeline.imagery.validity import valid_rows
from pipeline.progress import say
from pipeline.stages.crew import Order, kept_for_job, make_items
from pipeline.stages.grids import Grid, grid_item, grid_tiles, other_grids, own_grid
from pipeline.stages.job import SCENE, STATISTICS, Job
from pipeline.stages.raw_files import RawFiles

_IGNORED = -1
"""Stands for the ground of which nothing is known, among class codes."""
Polygons = Mapping[int, shapely.MultiPolygon]


def run(job: Job) -> None:
    """Run the stage."""
    sources, faults = job.scenes("scenes"), Faults()
    with job.open("tiles") as stage:
        make_items(job, stage, orders, list(sources), "tiles", faults)
        faults.report(DatasetError)
        made = sum(name.startswith(SCENE) for name in stage.built)
        labelled = [scene for scene in sources if "labels.json" in sources[scene].files]
        for row in job.config.models if job.config.ensemble.trained is None else ():
            _statistics(job, stage, row, labelled)
        stage.summary = {"scenes": len(sources), "labelled": len(labelled)}
    say(f"tiles: {len(sources)} scenes, {made} made, {len(sources) - made} unchanged")


@kept_for_job
def _scenes(job: Job) -> dict[str, Item]:
    return job.scenes("scenes")


@kept_for_job
def _records(job: Job) -> dict[str, Any]:
    """What is known of every scene."""
    return {scene: read_json(item.path("scene.json")) for scene, item in _scenes(job).items()}


@kept_for_job
def _neighbours(job: Job) -> Mapping[str, Sequence[str]]:
    """Scenes that show what lies around a scene, by its id."""
    context = job.config.scenes.context
    if not context:
        return {}
    placed = {
        scene: Placed(
            Affine(*record["to_space"]), (record["shape"][0], record["shape"][1]), record["space"]
        )
        for scene, record in _records(job).items()
    }
    finest = min(record["metres"] for record in _records(job).values())
    return neighbours(placed, context / finest)


@kept_for_job
def _raw(job: Job) -> RawFiles:
    return RawFiles(job.run / "scenes")


def orders(job: Job, scene: str) -> list[Order]:
    """The cache of a scene, and the grids that models have of their own."""
    config, item = job.config, _scenes(job)[scene]
    around = _neighbours(job).get(scene, ())
    own, used = own_grid(config), config.used_groups()
    common: dict[str, Any] = {
        "scene": item.digest,
        "codes": config.dataset.codes,
        "context": [config.scenes.context, {one: _scenes(job)[one].digest for one in around}],
    }

    def cache(folder: Path) -> None:
        record = read_json(item.path("scene.json"))
        _check_unchanged(job, record, used)
        groups = [_cached(job, folder, record, name, around) for name in used]
        _write(config, folder, record, item, groups, own)

    def grid_only(grid: Grid) -> Callable[[Path], None]:
        def build(folder: Path) -> None:
            record = read_json(item.path("scene.json"))
            stored = open_groups(job.run / "tiles" / f"{SCENE}{scene}")
            groups = [group for group in stored if group.name in grid.groups]
            _write(config, folder, record, item, groups, grid)

        return build

    found = [Order(f"{SCENE}{scene}", {**common, **own.to_json()}, cache)]
    for name, grid in other_grids(config).items():
        inputs = {**common, **grid.to_json()}
        found.append(Order(grid_item(name, scene), inputs, grid_only(grid)))
    return found


def _check_unchanged(job: Job, record: Mapping[str, Any], used: Sequence[str]) -> None:
    """Whether the raw files are those that the stage before has read.

    Raises:
        ArtifactError: Naming the file that is not.
    """
    raw = _raw(job)
    for group in record["groups"]:
        source = Source.from_json(group["source"])
        if group["name"] not in used:
            continue
        for file, known in zip(source.files, source.sha256, strict=True):
            path = job.config.dataset.folder / file
            if not path.is_file() or raw.hash(path) != known:
                raise ArtifactError(
                    f"{path}: has changed since `scenes` read it; run `scenes` again"
                )


def _cached(
    job: Job, folder: Path, record: Mapping[str, Any], name: str, around: Sequence[str]
) -> BandGroup:
    """A group copied into the cache, with what its neighbours show around it."""
    own = _group(record, name)
    to_reference = Affine(*own["to_reference"])
    to_space = Affine(*record["to_space"]) @ to_reference
    neighbours = []
    for other in around:
        there = _records(job)[other]
        group = _group(there, name)
        affine = Affine(*there["to_space"]) @ Affine(*group["to_reference"])
        neighbours.append(Neighbour(Source.from_json(group["source"]), ~to_space @ affine))
    margin = math.ceil(job.config.scenes.context / own["metres"])
    source = Source.from_json(own["source"])
    root = job.config.dataset.folder
    return cache_group(folder, root, source, to_reference, margin, neighbours)


def _group(record: Mapping[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(group for group in record["groups"] if group["name"] == name)
    return found


def _write(
    config: Config,
    folder: Path,
    record: Mapping[str, Any],
    item: Item,
    groups: Sequence[BandGroup],
    grid: Grid,
) -> None:
    """Write a working grid of a scene."""
    reference = (record["shape"][0], record["shape"][1])
    shape = working_shape(reference, record["metres"], grid.metres)
    to_working = Affine.scale(shape[1] / reference[1], shape[0] / reference[0])
    to_map = rescaled(Affine(*record["to_map"]), reference, shape)
    codes, labels = config.dataset.codes, _labels(item)
    written = WorkingGrid(
        scene=record["id"],
        shape=shape,
        metres=grid.metres,
        to_working=to_working,
        to_map=to_map,
        classes=len(codes),
        labelled="labels.json" in item.files,
        crs=record["crs"],
    )
    target = None
    if written.labelled and grid.targets is not None:
        target = draw_targets(labels, codes, to_map, shape, grid.metres, grid.targets)
    draw = _drawing(labels, codes, groups, written, grid)
    write_grid(folder, groups, written, draw, target)


def _labels(item: Item) -> Polygons:
    """Labels of a scene by class code, with the ground of which nothing is known."""
    texts = read_json(item.path("labels.json")) if "labels.json" in item.files else {}
    labels = {int(code): shapely.from_wkt(text) for code, text in texts.items()}
    if "ignored.json" in item.files:
        ignored = read_json(item.path("ignored.json"))["ignored"]
        labels[_IGNORED] = shapely.from_wkt(ignored)
    return labels


def _drawing(
    labels: Polygons,
    codes: Sequence[int],
    groups: Sequence[BandGroup],
    written: WorkingGrid,
    grid: Grid,
) -> Draw:
    """Gives rows of a working grid's bit field."""
    width = written.shape[1]

    def draw(rows: slice) -> NDArray[Any]:
        to_map = written.to_map @ Affine.translation(0, rows.start)
        shape = (rows.stop - rows.start, width)
        valid = valid_rows(groups, written.to_working, rows, width, grid.resampling)
        masks = draw_masks(labels, codes, to_map, shape)
        ignored = None
        if _IGNORED in labels:
            ignored = draw_masks(labels, (_IGNORED,), to_map, shape)[0]
        return pack(masks, valid, ignored)

    return draw


def _statistics(job: Job, stage: StageFolder, row: ModelRow, labelled: Sequence[str]) -> None:
    """Make a model's input recipe from the labelled scenes, and from no other.

    Raises:
        DatasetError: If there is none.
    """
    config = job.config
    if not labelled:
        named = config.dataset.labels
        table = named if isinstance(named, str) else getattr(named, "file", "dataset.labels")
        raise DatasetError(
            f"{config.dataset.folder / table}: has labels for no scene; a training needs some"
        )
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
