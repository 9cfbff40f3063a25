"""Items of many scenes, made one after the other or side by side; the results are the same.

A stage says by a *recipe* what a scene's items are: from the job and the scene's id to their
orders. Whoever works on a scene, this process or a worker, asks the same recipe, so that nothing
but text has to travel.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar
from weakref import ReferenceType, ref

from pipeline.artifacts import Item, StageFolder
from pipeline.imagery.faults import Faults
from pipeline.progress import track
from pipeline.stages.job import Job

T = TypeVar("T")


@dataclass(frozen=True)
class Order:
    """An item to be made.

    Attributes:
        name: Of the item.
        inputs: All that its result depends on, as JSON; see :meth:`StageFolder.item`.
        build: Writes its files into the empty folder that it is given.
    """

    name: str
    inputs: Mapping[str, Any]
    build: Callable[[Path], None]


Recipe = Callable[[Job, str], Sequence[Order]]
"""A module's function: from the job and a scene's id to the orders of the scene's items.

What all scenes have in common it asks of functions that are :func:`kept_for_job`.
"""


def kept_for_job(make: Callable[[Job], T]) -> Callable[[Job], T]:
    """Remember what a function gave for the job that it was asked for last.

    Recipes are called once per scene, and would read the same records each time. A job is
    one object: each :func:`make_items` has its own, so nothing is remembered from one to the next.
    """
    last: list[tuple[ReferenceType[Job], T]] = []

    @wraps(make)
    def kept(job: Job) -> T:
        if not last or last[0][0]() is not job:
            last[:] = [(ref(job), make(job))]
        return last[0][1]

    return kept


def make_items(
    job: Job,
    folder: StageFolder,
    recipe: Recipe,
    names: Sequence[str],
    title: str,
    faults: Faults | None = None,
) -> dict[str, Item]:
    """Make the items of many scenes where they are not there or no longer true.

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
    """
    own = replace(job)
    found: dict[str, Item] = {}
    for name in track(names, title):
        with _gathered(faults):
            found.update(dict(_made(own, folder, recipe, name)))
    return found


def _made(job: Job, folder: StageFolder, recipe: Recipe, name: str) -> Iterator[tuple[str, Item]]:
    """The items of one scene, made here."""
    for order in recipe(job, name):
        yield order.name, folder.item(order.name, order.inputs, order.build)


def _gathered(faults: Faults | None) -> AbstractContextManager[None]:
    return nullcontext() if faults is None else faults.gather()
