"""The driver of workers: what has to be made is handed out, and taken up in the scenes' order."""

from __future__ import annotations

import importlib
import shutil
import uuid
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass, field, replace

from pipeline.artifacts import Item, StageFolder, load_item
from pipeline.config.work import Work
from pipeline.errors import ArtifactError, PipelineError
from pipeline.files import LONGEST_ITEM, TEMPORARY, is_safe_name
from pipeline.imagery.faults import Faults
from pipeline.progress import bar, track
from pipeline.stages.crew.errand import Errand, failure, run_errand
from pipeline.stages.crew.order import Recipe
from pipeline.stages.job import Job
from pipeline.workers.opening import Workers, open_workers
from pipeline.workers.share import cores


@dataclass
class _Scene:
    """One scene's items.

    Attributes:
        name: Id of the scene.
        keys: Of its items, by name.
        there: Those that need not be made.
        error: Why there is nothing to be made, or why it was not.
    """

    name: str
    keys: dict[str, str] = field(default_factory=dict)
    there: dict[str, Item] = field(default_factory=dict)
    error: Exception | None = None

    @property
    def missing(self) -> dict[str, str]:
        """Keys of the items that have to be made."""
        return {name: key for name, key in self.keys.items() if name not in self.there}


def make_side_by_side(
    job: Job,
    folder: StageFolder,
    recipe: Recipe,
    names: Sequence[str],
    title: str,
    faults: Faults | None,
) -> dict[str, Item]:
    """See :func:`pipeline.stages.crew.make_items`."""
    scenes = _look(job, folder, recipe, names, title, stop=faults is None)
    waiting = [scene for scene in scenes if scene.missing and scene.error is None]
    if waiting:
        errand = _errand(job, folder, recipe)
        try:
            _make(job.config.work, errand, waiting, title, stop=faults is None)
        finally:
            _sweep(folder, waiting)
    found: dict[str, Item] = {}
    for scene in scenes:
        with nullcontext() if faults is None else faults.gather(scene.name):
            found.update(_take_up(folder, scene))
    return found


def _look(
    job: Job, folder: StageFolder, recipe: Recipe, names: Sequence[str], title: str, *, stop: bool
) -> list[_Scene]:
    """What there is of each scene; with ``stop``, no further than the first error."""
    scenes: list[_Scene] = []
    for name in track(names, f"{title}: what is there"):
        scene = _Scene(name)
        scenes.append(scene)
        try:
            _compare(job, folder, recipe, scene)
        except PipelineError as error:
            scene.error = error
            if stop:
                break
    return scenes


def _compare(job: Job, folder: StageFolder, recipe: Recipe, scene: _Scene) -> None:
    for order in recipe(job, scene.name):
        if not is_safe_name(order.name, LONGEST_ITEM):
            raise ArtifactError(f"{order.name!r} can't be the name of a folder")
        key = scene.keys[order.name] = folder.key(order.inputs)
        item = load_item(folder.folder / order.name)
        if item is not None and item.key == key:
            scene.there[order.name] = item


def _errand(job: Job, folder: StageFolder, recipe: Recipe) -> Errand:
    """What all errands have in common."""
    module, name = recipe.__module__, getattr(recipe, "__qualname__", "")
    if getattr(importlib.import_module(module), name, None) is not recipe:
        raise ValueError(f"{module}.{name}: workers import a recipe by this name, and can't")
    return Errand(
        call=uuid.uuid4().hex,
        run=str(job.run),
        config=job.config.model_dump_json(),
        stage=folder.stage,
        module=module,
        recipe=name,
        scene="",
        keys={},
    )


def _make(
    settings: Work, errand: Errand, scenes: Sequence[_Scene], title: str, *, stop: bool
) -> None:
    """Have all scenes made; with ``stop``, begin none after the first error."""
    # The rest is for memory: Dask's and torch's start is not free.
    size = min(settings.workers or cores(), len(scenes))
    with (
        open_workers(run_errand, settings.backend, size, settings.scheduler, "work") as workers,
        bar() as display,
    ):
        task = display.add_task(title, total=len(scenes), unit="scene")
        _hand_out(workers, errand, scenes, lambda: display.advance(task), stop=stop)


def _hand_out(
    workers: Workers,
    errand: Errand,
    scenes: Sequence[_Scene],
    advance: Callable[[], None],
    *,
    stop: bool,
) -> None:
    """Give scenes to workers in order, and note their errors.

    Those that come before a scene have all begun when it has, and are waited for: of several
    errors, the first by order is found whatever the timing.
    """
    waiting, running = deque(scenes), dict[int, _Scene]()
    while waiting or running:
        while waiting and len(running) < workers.size:
            scene = waiting.popleft()
            asked = replace(errand, scene=scene.name, keys=scene.missing)
            running[workers.submit(asdict(asked), f"scene {scene.name}")] = scene
        ticket, answer = workers.wait()
        scene = running.pop(ticket)
        scene.error = failure(scene.name, answer)
        if scene.error is not None and (stop or not isinstance(scene.error, PipelineError)):
            waiting.clear()
        advance()


def _take_up(folder: StageFolder, scene: _Scene) -> Mapping[str, Item]:
    """Register a scene's items as if they had been made here."""
    if scene.error is not None:
        raise scene.error
    made = {name: load_item(folder.folder / name) for name in scene.missing}
    found: dict[str, Item] = {}
    for name, key in scene.keys.items():
        item = scene.there.get(name) or made[name]
        if item is None or item.key != key:
            raise ArtifactError(
                f"{folder.folder / name}: a worker has made it, and it can't be read here; run the "
                "command again, and if that is no help, see that all share the disk"
            )
        found[name] = item
    folder.items.update(found)
    folder.built.extend(made)
    return found


def _sweep(folder: StageFolder, scenes: Sequence[_Scene]) -> None:
    """Remove what workers that were killed have left half-made."""
    for scene in scenes:
        for name in scene.keys:
            for left in (f"{TEMPORARY}{name}", f"{TEMPORARY}{name}-old"):
                shutil.rmtree(folder.folder / left, ignore_errors=True)
