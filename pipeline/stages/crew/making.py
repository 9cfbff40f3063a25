"""Items of many scenes in this process, and the choice of where they are made."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace

from pipeline.artifacts import Item, StageFolder
from pipeline.errors import PipelineError
from pipeline.imagery.faults import Faults
from pipeline.progress import track
from pipeline.stages.crew.errand import steady
from pipeline.stages.crew.order import Recipe
from pipeline.stages.crew.side_by_side import make_side_by_side
from pipeline.stages.job import Job


def make_items(
    job: Job,
    folder: StageFolder,
    recipe: Recipe,
    names: Sequence[str],
    title: str,
    faults: Faults | None = None,
) -> dict[str, Item]:
    """Make the items of many scenes where they are not there or no longer true.

    ``work`` of the configuration says where. Items, messages and manifest are the same everywhere;
    of several errors, the one of the scene that comes first is raised.

    Args:
        job: The run.
        folder: The stage's folder, open.
        recipe: Gives the orders of each scene; importable by its name.
        names: Ids of the scenes, in the order in which they are worked on.
        title: What is done, for the progress display.
        faults: Gathers the pipeline's errors; without it the first of them is raised.

    Returns:
        The items by their name, in the order of the scenes. Those of scenes with an error are not
        among them.

    Raises:
        WorkError: If a scene's worker died again and again.
    """
    own = replace(job)  # what recipes remember is of this call alone
    if job.config.work.backend == "inline":
        return _make_inline(own, folder, recipe, names, title, faults)
    return make_side_by_side(own, folder, recipe, names, title, faults)


def _make_inline(
    job: Job,
    folder: StageFolder,
    recipe: Recipe,
    names: Sequence[str],
    title: str,
    faults: Faults | None,
) -> dict[str, Item]:
    """One scene after another in this process."""
    found: dict[str, Item] = {}
    with steady():
        for name in track(names, title, "scene"):
            with _gathered(faults, name):
                found.update(_make_scene(job, folder, recipe, name))
    return found


def _make_scene(job: Job, folder: StageFolder, recipe: Recipe, name: str) -> dict[str, Item]:
    """The items of one scene: all of them, or an error and none."""
    made: dict[str, Item] = {}
    try:
        for order in recipe(job, name):
            made[order.name] = folder.item(order.name, order.inputs, order.build)
    except PipelineError:
        for part in made:
            del folder.items[part]
        raise
    return made


def _gathered(faults: Faults | None, name: str) -> AbstractContextManager[None]:
    return nullcontext() if faults is None else faults.gather(name)
