"""What comes before every stage: the resolved configuration, and what Make compares by time.

``inputs/<stage>.json`` holds all that the stage's results depend on besides the stages before it,
see :mod:`pipeline.stages.inputs`. Each file is replaced only if its content differs, so Make reruns
only what depends on the change.
"""

from __future__ import annotations

import fcntl
from pathlib import Path

from pipeline.artifacts import build_item, discard_damaged, load_item
from pipeline.chain import CHAIN
from pipeline.code_version import code_version
from pipeline.config.model import Generate
from pipeline.errors import DatasetError
from pipeline.files import digest_of, replace_if_different, write_bytes
from pipeline.progress import bar, say
from pipeline.stages.asked import note_asked
from pipeline.stages.inputs import inputs_of
from pipeline.stages.job import Job


def prepare(job: Job, begins: bool = False) -> None:
    """Store the configuration and the stages' inputs; generate the demo's scenes if it says so.

    Args:
        job: The run.
        begins: Whether Make begins here: what a stage makes from now on is new to its summary.
    """
    folder = job.config.dataset.folder
    if job.config.generate is not None:
        _generate(folder, job.config.generate)
    if not folder.is_dir():
        raise DatasetError(
            f"{folder}: no such folder of scenes; put the raw files there or name it with DATA=..."
        )
    text = job.config.to_yaml()
    stored = job.run / "config.yaml"
    if not stored.exists() or stored.read_text() != text:
        write_bytes(stored, text.encode())
    for row in CHAIN:
        replace_if_different(job.run / "inputs" / f"{row.name}.json", inputs_of(job, row))
    note_asked(job.run, job.asked, begins)


def forget_damaged(job: Job) -> None:
    """Make compares manifests only: drop those of stages whose files were altered or deleted."""
    for row in CHAIN:
        if discard_damaged(job.run / row.name):
            say(f"{job.run / row.name}: a result was altered or deleted; `{row.name}` runs again")


def _generate(folder: Path, generate: Generate) -> None:
    """Fill the dataset's folder with generated scenes, unless it holds just these.

    One process at a time: runs share the folder.
    """
    module = "pipeline.imagery.generated.dataset"
    key = digest_of({"generate": generate.model_dump(), "code": code_version(module)})
    if _holds(folder, key):
        return
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (folder.parent / f".lock-{folder.name}").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not _holds(folder, key):  # another run may have made them while this one waited
            _replace(folder, key, generate)


def _holds(folder: Path, key: str) -> bool:
    item = load_item(folder)
    return item is not None and item.key == key


def _replace(folder: Path, key: str, generate: Generate) -> None:
    if folder.exists() and any(folder.iterdir()) and not (folder / "item.json").exists():
        raise DatasetError(
            f"{folder}: holds files that were not generated, and they are never overwritten; "
            "choose another dataset.folder, or remove the section generate from the configuration"
        )
    _build(folder, key, generate)


def _build(folder: Path, key: str, generate: Generate) -> None:
    from pipeline.imagery.generated.dataset import generate_dataset  # noqa: PLC0415 - demo only
    from pipeline.imagery.generated.spec import GeneratorSpec  # noqa: PLC0415

    spec = GeneratorSpec(
        seed=generate.seed,
        train_places=generate.train_places,
        test_places=generate.test_places,
        twins=generate.twins,
        size=(generate.smallest, generate.largest),
    )
    with bar() as display:
        task = display.add_task("generating scenes", unit="scene")
        build_item(
            folder,
            key,
            lambda temporary: generate_dataset(
                temporary,
                spec,
                lambda done, total: display.update(task, completed=done, total=total),
            ),
        )
    say(f"generate: scenes of seed {generate.seed} in {folder}")
