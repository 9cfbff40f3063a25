"""From what is asked for to the job: the configuration with what was found and tuned before."""

from __future__ import annotations

from pathlib import Path

from pipeline.config import Config
from pipeline.errors import ConfigError
from pipeline.stages.asked import Asked
from pipeline.stages.job import SEARCH, TUNE, TUNED, Job


def resolve(
    asked: Asked, folder: Path, needs_found: bool = False, needs_tuned: bool = False
) -> Job:
    """The job of a run, with what a search and tuning have found if they are to be used.

    Args:
        asked: The options.
        folder: Of the run.
        needs_found: Whether it is an error that a search which is to be used has found nothing yet.
        needs_tuned: Likewise of tuning.

    Raises:
        ConfigError: If the configuration can't be used.
    """
    written = asked.load()
    found = _found(written, folder, needs_found)
    untuned = written if found is None else asked.load(found)
    tuned = _tuned(untuned, folder, needs_tuned)
    whole = untuned if tuned is None else asked.load(found, tuned)
    return Job(whole, folder, written=written, untuned=untuned, asked=asked)


def _found(config: Config, folder: Path, needed_now: bool) -> Path | None:
    """File of what a search has found, if it is to be used."""
    use = config.search.use
    found = folder / SEARCH / f"{use}.yaml"
    if use == "nothing":
        return None
    if needed_now and not found.exists():
        raise ConfigError(
            f"search.use: {use} takes over what a search has found, but there is no {found}; run "
            "`make search` with the same CONFIG and RUN first, or set search.use to nothing"
        )
    return found if found.exists() else None


def _tuned(config: Config, folder: Path, needed_now: bool) -> Path | None:
    """File of what tuning has found, if it is to be used."""
    tuned = folder / TUNE / TUNED
    if not config.tune.use:
        return None
    if needed_now and not tuned.exists():
        raise ConfigError(
            f"tune.use takes over what tuning has found, but there is no {tuned}; run `make tune` "
            "with the same CONFIG and RUN first, or set tune.use to false"
        )
    return tuned if tuned.exists() else None
