"""Working grids: the run's own, and those of models with another resolution, bands or targets.

The run's grid is that of ``tiles.metres`` and of all band groups that any model uses; masks of the
score and predictions lie on it. Models that agree in what their grid depends on share one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.artifacts import Item
from pipeline.config import Config
from pipeline.config.models import ModelRow
from pipeline.config.targets import Targets
from pipeline.errors import ConfigError
from pipeline.files import read_json
from pipeline.imagery.patches import Resampling
from pipeline.imagery.tiles import TiledScene, open_tiles
from pipeline.stages.job import SCENE, Job

GRID = "grid-"


@dataclass(frozen=True)
class Grid:
    """What a working grid depends on.

    Attributes:
        metres: Resolution, metres per pixel.
        groups: Names of the band groups that must be valid.
        resampling: Interpolation that windows are cut with.
        targets: What trainings aim at, where that is not the truth; else None.
    """

    metres: float
    groups: tuple[str, ...]
    resampling: Resampling
    targets: Targets | None = None

    def to_json(self) -> dict[str, Any]:
        """All of it as JSON."""
        targets = None if self.targets is None else self.targets.model_dump(mode="json")
        return {
            "metres": self.metres,
            "groups": list(self.groups),
            "resampling": self.resampling,
            "targets": targets,
        }


@dataclass(frozen=True)
class Tile:
    """A scene as one model, or the run, sees it.

    Attributes:
        bands: The scene's cache.
        groups: Names of the band groups on its grid; None for all of the cache.
        grid: Item of the model's own grid; None for the cache's own.
    """

    bands: Item
    groups: tuple[str, ...] | None = None
    grid: Item | None = None

    @property
    def digest(self) -> dict[str, str]:
        """Content of all that is read of it, for keys: its band groups and the files of its grid.

        Where a file lies doesn't count, and neither do groups and grids of others.
        """
        bands = {name: file.sha256 for name, file in self.bands.files.items()}
        if self.grid is None:
            return bands
        own = {name: file.sha256 for name, file in self.grid.files.items()}
        names = [f"{group}.npy" for group in self.groups or ()]
        return {**{name: bands[name] for name in names}, **own}

    def file(self, name: str) -> str:
        """SHA-256 of a file of the grid."""
        return (self.grid or self.bands).files[name].sha256

    def open(self) -> TiledScene:
        """The scene, reading no pixels yet."""
        return open_tiles(self.bands.folder, None if self.grid is None else self.grid.folder)


def own_grid(config: Config) -> Grid:
    """The run's grid."""
    return Grid(config.tiles.metres, config.used_groups(), config.features.resampling)


def grid_of(config: Config, row: ModelRow) -> Grid:
    """The grid of a model."""
    targets = None if row.targets.are_truth else row.targets
    groups = config.groups_of(row.features)
    return Grid(row.tiles.metres, groups, row.features.resampling, targets)


def other_grids(config: Config) -> Mapping[str, Grid]:
    """Grids besides the run's own, by the name of the first model that has it."""
    named: dict[str, Grid] = {}
    for row in config.models:
        grid = grid_of(config, row)
        if grid != own_grid(config) and grid not in named.values():
            named[row.name] = grid
    return named


def grid_item(name: str, scene: str) -> str:
    """Name of the item of a model's grid of a scene."""
    return f"{GRID}{name}-{scene}"


def grid_tiles(config: Config, row: ModelRow | None, items: Mapping[str, Item]) -> dict[str, Tile]:
    """Every scene on the grid of a model, or of the run, in order of their ids.

    Args:
        config: The configuration.
        row: The model; None for the run.
        items: Items of the stage ``tiles`` by name.
    """
    scenes = sorted(
        (name.removeprefix(SCENE), item) for name, item in items.items() if name.startswith(SCENE)
    )
    if row is None or grid_of(config, row) == own_grid(config):
        return {scene: Tile(item) for scene, item in scenes}
    wanted = grid_of(config, row)
    name = next(name for name, grid in other_grids(config).items() if grid == wanted)
    return {
        scene: Tile(item, wanted.groups, items[grid_item(name, scene)]) for scene, item in scenes
    }


def tiles_of(job: Job, row: ModelRow | None = None) -> dict[str, Tile]:
    """Every scene on the grid of a model, or of the run, as the stage ``tiles`` left them."""
    return grid_tiles(job.config, row, job.results("tiles"))


def predicted_tiles(job: Job) -> dict[str, Tile]:
    """The scenes that are labelled or to be handed in, on the run's grid: what is predicted."""
    roles = {
        scene: read_json(item.path("scene.json"))["role"]
        for scene, item in job.scenes("scenes").items()
    }
    return {s: tile for s, tile in tiles_of(job).items() if roles.get(s) in ("train", "test")}


def labelled_tiles(job: Job, row: ModelRow | None = None) -> dict[str, Tile]:
    """The labelled scenes: what folds, plan and training are made from.

    Raises:
        ConfigError: If no scene has labels.
    """
    found = {scene: tile for scene, tile in tiles_of(job, row).items() if tile.open().labelled}
    if not found:
        raise ConfigError(
            f"dataset.labels: labels no scene of {job.config.dataset.folder}; a training needs "
            "labelled scenes, or ensemble.trained the name of a run that has some"
        )
    return found
