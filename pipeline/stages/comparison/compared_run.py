"""A run as it lies on disk, read for a comparison; what is missing or damaged is said."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar

from pydantic import TypeAdapter, ValidationError

from pipeline.artifacts import MANIFEST, Item, load_item
from pipeline.chain import CHAIN
from pipeline.config.dataset import BandGroupRow, ClassRow
from pipeline.config.yaml_file import read_yaml
from pipeline.errors import ArtifactError, ConfigError, PipelineError
from pipeline.files import LONGEST_ITEM, is_safe_name
from pipeline.items import read_object
from pipeline.mapping.wording import and_more
from pipeline.reporting.compare.learning_section import Curve
from pipeline.reporting.compare.scored import Scored
from pipeline.reporting.compare.settings_section import Record
from pipeline.reporting.report.scored_run import polygon_scores
from pipeline.reporting.report.training_record import read_training
from pipeline.stages.comparison.scored_file import read_scored
from pipeline.stages.currency import stale_stage
from pipeline.stages.job import SCENE, run_folder

T = TypeVar("T")
R = TypeVar("R", BandGroupRow, ClassRow)
_CONFIG: Final = "config.yaml"
_CLASSES: Final = TypeAdapter(tuple[ClassRow, ...])
_GROUPS: Final = TypeAdapter(tuple[BandGroupRow, ...])
_NAMED: Final = 20
_WAYS: Final = {"chosen": "of all folds", "cross_fitted": "of the other folds", "at_half": "0.5"}


@dataclass(frozen=True)
class ComparedRun:
    """What a run has to be compared by.

    Attributes:
        folder: Its folder.
        record: Its configuration, code and pixel scores.
        classes: Its classes; none if its configuration can't be read.
        groups: Its band groups, likewise.
        scored: Its polygon score; None if it has none.
        curves: How its networks learned.
        scenes: Items of stage scenes by a scene's id.
        polygons: Items of stage polygons, likewise.
        solution: True polygons of its test scenes, if its configuration names any.
        problems: What is missing or damaged.
    """

    folder: Path
    record: Record
    classes: tuple[ClassRow, ...]
    groups: tuple[BandGroupRow, ...]
    scored: Scored | None
    curves: tuple[Curve, ...]
    scenes: Mapping[str, Item]
    polygons: Mapping[str, Item]
    solution: Path | None
    problems: tuple[str, ...]

    @property
    def name(self) -> str:
        """Its name."""
        return self.folder.name

    def tile(self, scene: str) -> Item | None:
        """A scene's tiles, if they are there: they may be large, so only some are looked at."""
        return load_item(self.folder / "tiles" / f"{SCENE}{scene}")

    @property
    def is_empty(self) -> bool:
        """Whether nothing can be compared."""
        return self.record.config is None and self.scored is None and not self.polygons


def read_run(name: str) -> ComparedRun:
    """A run by its name.

    Raises:
        ConfigError: If there is no such run; known ones are named.
    """
    folder = run_folder(name)
    if not folder.is_dir():
        known = ", ".join(_known(folder.parent)) or "none"
        raise ConfigError(f"RUNS: {name}: there is no {folder}; the runs are: {known}")
    return _Reader(folder).run()


def _known(runs: Path) -> list[str]:
    """Names of the newest runs."""
    if not runs.is_dir():
        return []
    with os.scandir(runs) as entries:
        found = [
            (-entry.stat().st_mtime_ns, entry.name)
            for entry in entries
            if entry.is_dir() and is_safe_name(entry.name)
        ]
    names = [name for _, name in sorted(found)]
    return names if len(names) <= _NAMED else [*names[:_NAMED], f"{len(names) - _NAMED} more"]


class _Reader:
    """Reads a run's folder and keeps what is wrong with it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._problems: list[str] = []

    def run(self) -> ComparedRun:
        config = self._try(self._config)
        classes = self._rows(config, "classes", _CLASSES)
        groups = self._rows(config, "groups", _GROUPS)
        scored = self._try(lambda: self._scored(self._items("score").get("table")))
        trained = [self._folder / "train" / name for name in self._listed("train")]
        curves = [self._try(partial(_curve, folder)) for folder in trained]
        scenes, polygons = (_by_scene(self._items(stage)) for stage in ("scenes", "polygons"))
        self._look()
        return ComparedRun(
            folder=self._folder,
            record=Record(self._folder.name, config, self._code(), self._pixels()),
            classes=classes,
            groups=groups,
            scored=scored,
            curves=tuple(curve for curve in curves if curve),
            scenes=scenes,
            polygons=polygons,
            solution=None if config is None else _solution(config),
            problems=tuple(self._problems),
        )

    def _try(self, read: Callable[[], T]) -> T | None:
        try:
            return read()
        except PipelineError as error:
            self._problems.append(str(error))
            return None

    def _config(self) -> dict[str, Any]:
        path = self._folder / _CONFIG
        config = read_yaml(path, missing="is missing, so nothing is known of the run's settings")
        if not isinstance(config, dict):
            raise ConfigError(f"{path}: holds no configuration")
        return config

    def _rows(
        self, config: Mapping[str, Any] | None, key: str, kind: TypeAdapter[tuple[R, ...]]
    ) -> tuple[R, ...]:
        """Rows of a list of section ``dataset``; none if they can't be read."""
        if config is None:
            return ()
        try:
            return kind.validate_python(config["dataset"][key])
        except (KeyError, TypeError, ValidationError):
            self._problems.append(f"{self._folder / _CONFIG}: dataset.{key}: can't be read")
            return ()

    def _items(self, stage: str) -> dict[str, Item]:
        """Items of a stage that are whole; none if it has not finished."""
        folder = self._folder / stage
        found = {name: load_item(folder / name) for name in self._listed(stage)}
        broken = sorted(name for name, item in found.items() if item is None)
        if broken:
            self._problems.append(
                f"{folder / broken[0]}{and_more(len(broken) - 1)}: damaged or removed, so it is "
                f"left out; run `{stage}` again"
            )
        return {name: item for name, item in found.items() if item is not None}

    def _listed(self, stage: str) -> list[str]:
        """Names of the items that a finished stage has."""
        listed = read_object(self._folder / stage / MANIFEST).get("items")
        names = listed if isinstance(listed, dict) else {}
        return [name for name in names if is_safe_name(name, LONGEST_ITEM)]

    def _scored(self, item: Item | None) -> Scored | None:
        if item is None:
            return None
        path = item.path("score.json")
        scores = polygon_scores(read_object(path))
        if scores is None:
            raise ArtifactError(f"{path}: is no score of ours; run `score` again")
        return read_scored(self._folder.name, scores, item.path("scenes.csv"))

    def _code(self) -> dict[str, str]:
        """Version of the code that made each stage."""
        codes = {
            row.name: read_object(self._folder / row.name / MANIFEST).get("code") for row in CHAIN
        }
        return {stage: code for stage, code in codes.items() if isinstance(code, str)}

    def _pixels(self) -> dict[str, float]:
        means = read_object(self._folder / "evaluate" / "scores" / "scores.json").get("means")
        if not isinstance(means, dict):
            return {}
        found = {_WAYS[way]: value for way, value in means.items() if way in _WAYS}
        return {way: float(value) for way, value in found.items() if isinstance(value, int | float)}

    def _look(self) -> None:
        """Say what a person should know of how current the run is."""
        manifests = {stage: self._folder / stage / MANIFEST for stage in ("polygons", "score")}
        last = next((s for s in ("score", "polygons") if manifests[s].exists()), None)
        if not manifests["score"].exists():
            self._problems.append("has no polygon score; `make score` makes it")
        if last is not None and (old := stale_stage(self._folder, last)) is not None:
            self._problems.append(
                f"is out of date from stage {old} on; `make {last}` brings it up to date"
            )


def _solution(config: Mapping[str, Any]) -> Path | None:
    dataset = config.get("dataset")
    if not isinstance(dataset, dict):
        return None
    folder, name = dataset.get("folder"), dataset.get("solution")
    return Path(folder) / name if isinstance(folder, str) and isinstance(name, str) else None


def _by_scene(items: Mapping[str, Item]) -> dict[str, Item]:
    return {
        name.removeprefix(SCENE): item for name, item in items.items() if name.startswith(SCENE)
    }


def _curve(folder: Path) -> Curve:
    """Steps and held-out mean Jaccard index; none where nothing was held out.

    Raises:
        ArtifactError: If the training's files are missing or damaged.
    """
    history = folder / "history.csv"
    try:
        text = history.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise ArtifactError(f"{history}: can't be read ({error}); run `train` again") from None
    rows = read_training(folder.name, text, read_object(folder / "training.json")).rows
    return [(row.step, row.mean) for row in rows if math.isfinite(row.mean)]
