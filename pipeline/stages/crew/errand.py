"""What a worker is asked: a scene's items, as text; and what it answers.

The worker asks the recipe what the items are made of. It builds those whose keys are the driver's,
each in a temporary folder that is renamed when it is whole: a worker that is killed leaves nothing
that anybody takes for a result.
"""

from __future__ import annotations

import importlib
import sys
import traceback
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from pipeline.artifacts import build_item, load_item
from pipeline.config import Config
from pipeline.errors import ArtifactError, PipelineError, WorkError
from pipeline.progress import hushed
from pipeline.stages.crew.order import Recipe
from pipeline.stages.job import Job
from pipeline.workers.lanes import open_lanes
from pipeline.workers.task import Lost


@dataclass(frozen=True)
class Errand:
    """A scene's items to be made.

    Attributes:
        call: Of all errands of one ``make_items`` the same, and of no other.
        run: Folder of the run, as the driver names it.
        config: The resolved configuration, as JSON text.
        stage: Name of the stage.
        module: Module of the recipe.
        recipe: Its name there.
        scene: Id of the scene.
        keys: Of the items that are to be made, by name.
    """

    call: str
    run: str
    config: str
    stage: str
    module: str
    recipe: str
    scene: str
    keys: Mapping[str, str]


def steady() -> AbstractContextManager[None]:
    """Context in which items are made: their bytes don't depend on how many threads there are."""
    return open_lanes() if "torch" in sys.modules else nullcontext()


def run_errand(argument: Mapping[str, Any]) -> dict[str, Any]:
    """Make a scene's items.

    Args:
        argument: The fields of :class:`Errand`.

    Returns:
        Nothing, or what went wrong; see :func:`failure`.
    """
    errand = Errand(**argument)
    try:
        with hushed():  # progress is shown by the driver
            _make(errand)
    except PipelineError as error:
        return {"kind": type(error).__name__, "text": str(error)}
    except OSError as error:
        return {"errno": error.errno, "text": error.strerror, "file": str(error.filename or "")}
    except Exception:  # a mistake of the pipeline: the driver stops, and shows where it is
        return {"trace": traceback.format_exc()}
    return {}


def failure(scene: str, answer: Mapping[str, Any] | Lost) -> Exception | None:
    """The error that a worker met, as it would have been raised in this process.

    Args:
        scene: Its scene.
        answer: What :func:`run_errand` returned, or why it did not.
    """
    if isinstance(answer, Lost):
        return WorkError(f"{scene}: {answer.reason}")
    if "kind" in answer:
        kinds = {kind.__name__: kind for kind in PipelineError.__subclasses__()}
        return kinds.get(answer["kind"], PipelineError)(answer["text"])
    if "errno" in answer:
        return OSError(answer["errno"], answer["text"], answer["file"] or None)
    if "trace" in answer:
        return RuntimeError(f"{scene}: a worker failed:\n{answer['trace']}")
    return None


def _make(errand: Errand) -> None:
    job = _job(errand.call, errand.run, errand.config)
    recipe: Recipe = getattr(importlib.import_module(errand.module), errand.recipe)
    folder = job.open(errand.stage)  # not entered: the driver holds it
    if not folder.folder.is_dir():
        raise WorkError(
            f"{folder.folder}: a worker in {Path.cwd()} does not see this folder of the run; start "
            "Dask's workers in the folder in which the command runs, on a disk that all share"
        )
    orders = {order.name: order for order in recipe(job, errand.scene)}
    for name, key in errand.keys.items():
        order = orders.get(name)
        if order is None or folder.key(order.inputs) != key:
            raise ArtifactError(
                f"{folder.folder / name}: files, settings or code are not the same for a worker as "
                "for the command that asked it; if nothing is being changed, start the workers "
                "again, and run the command again"
            )
        there = load_item(folder.folder / name)
        if there is None or there.key != key:  # one that was killed here may have made it
            with steady():
                build_item(folder.folder / name, key, order.build)


@lru_cache(maxsize=1)
def _job(call: str, run: str, config: str) -> Job:  # noqa: ARG001 - each call has its own
    return Job(Config.model_validate_json(config), Path(run))
