"""What a stage works with: the configuration, its own folder and the results before it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.artifacts import MANIFEST, Item, StageFolder, load_stage
from pipeline.chain import Stage
from pipeline.chain import stage as stage_row
from pipeline.code_version import code_version
from pipeline.config import Config
from pipeline.config.load import section_values
from pipeline.errors import ArtifactError, ConfigError
from pipeline.files import is_safe_name
from pipeline.items import read_object
from pipeline.stages.asked import Asked

RUNS = Path("data/runs")
SEARCH = "search"
TUNE = "tune"
TUNED = "tuned.yaml"
SCENE = "scene-"
STATISTICS = "statistics-"
PLAN = "plan-"
HOW_FAR = "progress.json"
"""File in the log of an unfinished training: ``step`` and ``steps``."""
_DIGITS = 16
"""Of a digest, as many as tell items of one stage apart."""


@dataclass(frozen=True)
class Job:
    """One run of the chain.

    Attributes:
        config: The resolved configuration.
        run: Folder of the run, ``data/runs/<run>``.
        since: When its inputs were stored, in ns; 0 if they were not.
        written: The configuration without what a search has found, where that is not the same.
        untuned: The configuration without what tuning has found, where that is not the same.
        asked: The options of the command, where a command asked.
    """

    config: Config
    run: Path
    since: int = 0
    written: Config | None = None
    untuned: Config | None = None
    asked: Asked | None = None

    @property
    def before_search(self) -> Config:
        """The configuration as it was written: what a search starts from."""
        return self.written or self.config

    @property
    def before_tune(self) -> Config:
        """The configuration without what tuning has found: what tuning starts from."""
        return self.untuned or self.config

    def open(self, stage: str) -> StageFolder:
        """The stage's own folder, to be used as a context manager."""
        row = stage_row(stage)
        return StageFolder(
            self.run / stage,
            stage,
            code_version(row.module),
            since=self.since,
            made_from=lambda: made_from(self.run, row),
        )

    def settings(self, stage: str) -> dict[str, Any]:
        """The part of the configuration that the stage's results depend on, as JSON."""
        configs = {SEARCH: self.before_search, TUNE: self.before_tune}
        config = configs.get(stage, self.config)
        return dict(section_values(config, stage_row(stage).sections))

    def results(self, stage: str) -> dict[str, Item]:
        """Items of an earlier stage by name.

        Raises:
            ArtifactError: If that stage has not finished.
        """
        folder = self.run / stage
        if not (folder / MANIFEST).exists():
            raise ArtifactError(f"{folder}: `{stage}` has not finished; run `make {stage}` first")
        return load_stage(folder)

    def scenes(self, stage: str) -> dict[str, Item]:
        """Items of an earlier stage that belong to one scene each, by the scene's id."""
        items = self.results(stage).items()
        return {name.removeprefix(SCENE): item for name, item in items if name.startswith(SCENE)}


def made_from(run: Path, row: Stage) -> dict[str, Any]:
    """What a stage would be made from now, as the run's files tell; see :data:`MADE_FROM`.

    Returns:
        ``inputs``, as stored for Make, and ``upstream``: digests of the items of each stage before
        it that is there. Either may be empty.
    """
    before = (
        stage for stage in (*row.upstream, *row.optional) if (run / stage / MANIFEST).exists()
    )
    return {
        "inputs": read_object(run / "inputs" / f"{row.name}.json"),
        "upstream": {stage: digests(run / stage) for stage in before},
    }


def digests(folder: Path) -> dict[str, str]:
    """Short digests of the items that a stage's manifest names; none if it can't be read."""
    items = read_object(folder / MANIFEST).get("items")
    if not isinstance(items, dict):
        return {}
    entries = {name: entry for name, entry in items.items() if isinstance(entry, dict)}
    return {name: str(entry.get("digest"))[:_DIGITS] for name, entry in entries.items()}


def run_folder(run: str) -> Path:
    """Folder of a named run.

    Raises:
        ConfigError: If the name can't be a folder's.
    """
    if not is_safe_name(run):
        raise ConfigError(
            f"RUN={run!r}: the name of a run is made of letters, digits, '.', '_' and '-'"
        )
    return RUNS / run


def open_job(config: Config, run: str) -> Job:
    """The job of a named run, see :func:`run_folder`."""
    return Job(config, run_folder(run))
