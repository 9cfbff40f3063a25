"""What a stage has made of a scene: orders of items, and the recipe that gives them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar
from weakref import ReferenceType, ref

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

    Recipes are called once per scene, and would read the same records each time. A job is one
    object: each ``make_items`` has its own, so nothing is remembered from one to the next.
    """
    last: list[tuple[ReferenceType[Job], T]] = []

    @wraps(make)
    def kept(job: Job) -> T:
        if not last or last[0][0]() is not job:
            last[:] = [(ref(job), make(job))]
        return last[0][1]

    return kept
