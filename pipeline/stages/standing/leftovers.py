"""What lies in a stage's folder besides what its manifest promises: work that was not finished."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from pipeline.files import FileRecord
from pipeline.items import PUBLISHED, RECORD, load_item, read_object
from pipeline.stages.job import HOW_FAR, SEARCH

_SMALL: Final = 2**20
"""Bytes up to which a file whose time has changed is read to see whether it is another one."""


def unfinished(folder: Path) -> list[str]:
    """Items that were begun and are not made, in words.

    Args:
        folder: Of a stage.
    """
    if folder.name == SEARCH:
        return list(_trials(folder))
    found = []
    for work in sorted((folder / ".work").glob("*-*")):
        name, _, key = work.name.rpartition("-")
        item = load_item(folder / name)
        if item is None or not item.key.startswith(key):
            found.append(f"{name} {_how_far(work)}")
    return found


def _how_far(work: Path) -> str:
    state = read_object(work / "tensorboard" / HOW_FAR)
    match state:
        case {"step": int(step), "steps": int(steps)}:
            return f"at step {step} of {steps}"
    return "begun"


def _trials(folder: Path) -> Iterator[str]:
    """How far each search is."""
    for ledger in sorted(folder.glob("*.jsonl")):
        with ledger.open("rb") as file:
            count = sum(1 for _ in file)
        yield f"{ledger.stem}: {count} results so far"


def made_so_far(folder: Path) -> int:
    """Items of a stage that are made, whether the stage has finished or not."""
    return sum(1 for _ in folder.glob(f"[!.]*/{RECORD}"))


def first_damage(folder: Path, names: list[str]) -> str | None:
    """The first file of a finished stage that is gone or altered; None if all seem whole.

    Large files are not read: of these, the size tells.

    Args:
        folder: Of the stage.
        names: Items that its manifest names.
    """
    for name in names:
        record = read_object(folder / name / RECORD)
        files = record.get("files")
        if not isinstance(files, dict):
            return f"{name}/{RECORD}"
        for file, entry in files.items():
            if not _seems_whole(folder / name / file, entry):
                return f"{name}/{file}"
    for copy, entry in read_object(folder / PUBLISHED).items():
        of = entry.get("item") if isinstance(entry, dict) else None
        if of in names and not _seems_whole(folder / copy, entry.get("copy")):
            return copy
    return None


def _seems_whole(path: Path, entry: object) -> bool:
    try:
        record = FileRecord(**entry)  # type: ignore[arg-type]  # what is no table is an error, too
        if record.size > _SMALL:
            return path.stat().st_size == record.size
        return record.matches(path)
    except (OSError, TypeError, ValueError):
        return False
