"""One result of a stage: a folder that is renamed into place when it is whole."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.errors import ArtifactError
from pipeline.files import (
    TEMPORARY,
    FileRecord,
    digest_of,
    flush,
    flush_folder,
    hash_file,
    replace_if_different,
    write_json,
)

RECORD = "item.json"
PUBLISHED = "published.json"


@dataclass(frozen=True)
class Item:
    """One finished result: a scene's tiles, a fold's weights ...

    ``digest`` is the hash of all its files: what a later stage puts in its own keys.
    """

    name: str
    folder: Path
    key: str
    files: Mapping[str, FileRecord]

    @property
    def digest(self) -> str:
        """SHA-256 over the names and contents of the files."""
        return digest_of({name: record.sha256 for name, record in self.files.items()})

    def path(self, name: str) -> Path:
        """Path of one of the files.

        Raises:
            ArtifactError: If the item has no such file.
        """
        if name not in self.files:
            raise ArtifactError(f"{self.folder}: has no file {name}; run its stage again")
        return self.folder / name


def load_item(folder: Path) -> Item | None:
    """The item in a folder, or None if there is none that is whole."""
    try:
        record = json.loads((folder / RECORD).read_text())
        files = {name: FileRecord(**entry) for name, entry in record["files"].items()}
        item = Item(record["name"], folder, record["key"], files)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    if all(file.matches(folder / name) for name, file in files.items()):
        return item
    return None


def build_item(folder: Path, key: str, build: Callable[[Path], None]) -> Item:
    """Build an item beside its place and rename it into place when it is whole."""
    temporary = folder.with_name(f"{TEMPORARY}{folder.name}")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    try:
        build(temporary)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    paths = sorted(path for path in temporary.rglob("*") if path.is_file())
    for path in paths:
        flush(path)
    files = {path.relative_to(temporary).as_posix(): FileRecord.of(path) for path in paths}
    records = {name: vars(record) for name, record in files.items()}
    write_json(temporary / RECORD, {"name": folder.name, "key": key, "files": records})
    _swap(temporary, folder)
    return Item(folder.name, folder, key, files)


def _swap(temporary: Path, folder: Path) -> None:
    """Put a finished folder in the place of an older one."""
    trash = folder.with_name(f"{TEMPORARY}{folder.name}-old")
    shutil.rmtree(trash, ignore_errors=True)
    if folder.exists():
        folder.rename(trash)
    temporary.rename(folder)
    flush_folder(folder.parent)
    shutil.rmtree(trash, ignore_errors=True)


def publish(item: Item, name: str, path: Path) -> None:
    """Keep a copy of an item's file at a path that others rely on, beside the item's folder.

    Nothing is written if the copy is there and unaltered; it changes in one step. The stage's
    folder records the copy, so that :func:`copies_are_whole` knows of it.
    """
    if not path.is_file() or hash_file(path) != item.files[name].sha256:
        temporary = path.with_name(f"{TEMPORARY}{path.name}")
        shutil.copyfile(item.path(name), temporary)
        flush(temporary)
        temporary.replace(path)
        flush_folder(path.parent)
    book = item.folder.parent / PUBLISHED
    copies = read_object(book)
    copies[path.name] = {"item": item.name, "file": name, "copy": vars(FileRecord.of(path))}
    replace_if_different(book, copies)


def withdraw(folder: Path, item: Item) -> None:
    """Remove copies of files that an item no longer has.

    Args:
        folder: The stage's folder.
        item: The item that was published there.
    """
    book = folder / PUBLISHED
    copies = read_object(book)
    gone = [
        name
        for name, entry in copies.items()
        if entry["item"] == item.name and entry["file"] not in item.files
    ]
    for name in gone:
        (folder / name).unlink(missing_ok=True)
        del copies[name]
    if gone:
        replace_if_different(book, copies)


def copies_are_whole(folder: Path, items: Mapping[str, Item]) -> bool:
    """Whether the copies that were published in a folder still hold their items' bytes."""
    try:
        for name, entry in read_object(folder / PUBLISHED).items():
            item, copy = items.get(entry["item"]), FileRecord(**entry["copy"])
            if item is None:
                continue
            if item.files[entry["file"]].sha256 != copy.sha256 or not copy.matches(folder / name):
                return False
    except (KeyError, TypeError):
        return False
    return True


def read_object(path: Path) -> dict[str, Any]:
    """A JSON object that a stage wrote; empty if there is none."""
    try:
        value = json.loads(path.read_text())
    except (OSError, ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
