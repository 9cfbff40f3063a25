"""Files that are written whole or not at all, and told apart by their content."""

from __future__ import annotations

import hashlib
import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from pipeline.errors import ArtifactError

TEMPORARY = ".tmp-"
"""Prefix of every file and folder that is not finished."""
LONGEST_ITEM = 240
"""Letters of an item's name: a scene's id of 100, and before that what of the scene it holds."""
_SAFE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def is_safe_name(name: str, most: int = 100) -> bool:
    """Whether a name from outside, of at most so many letters, may become that of a file."""
    return len(name) <= most and _SAFE_NAME.fullmatch(name) is not None


def to_json(value: Any) -> str:
    """JSON text of a value, the same text for the same value."""
    return json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def digest_of(value: Any) -> str:
    """SHA-256 of a JSON value."""
    return hashlib.sha256(to_json(value).encode()).hexdigest()


def hash_file(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_bytes(path: Path, data: bytes, mtime_ns: int | None = None) -> None:
    """Write a file so that a crash leaves the old content or the new, never a part.

    Args:
        path: The file.
        data: All of its bytes.
        mtime_ns: Its time of modification, if not now.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{TEMPORARY}{path.name}-{os.getpid()}")
    with temporary.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    if mtime_ns is not None:
        os.utime(temporary, ns=(mtime_ns, mtime_ns))
    temporary.replace(path)
    flush_folder(path.parent)


def write_json(path: Path, value: Any, mtime_ns: int | None = None) -> None:
    """Write a JSON file atomically; see :func:`write_bytes`."""
    write_bytes(path, to_json(value).encode(), mtime_ns)


def replace_if_different(path: Path, value: Any) -> bool:
    """Write a JSON file only if its content changes, so that Make sees no newer file.

    Returns:
        True if the file was written.
    """
    data = to_json(value).encode()
    if path.exists() and path.read_bytes() == data:
        return False
    write_bytes(path, data)
    return True


def read_json(path: Path) -> Any:
    """Read a JSON file that a stage wrote.

    Raises:
        ArtifactError: If the file is missing or is not JSON.
    """
    try:
        return json.loads(path.read_text())
    except FileNotFoundError:
        raise ArtifactError(f"{path}: missing; run the stage that writes it first") from None
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise ArtifactError(f"{path}: damaged ({error}); remove it and run its stage") from error


@dataclass(frozen=True)
class FileRecord:
    """One file as it was when it was written."""

    size: int
    mtime_ns: int
    sha256: str

    @classmethod
    def of(cls, path: Path) -> Self:
        """Record of a file on disk."""
        status = path.stat()
        return cls(status.st_size, status.st_mtime_ns, hash_file(path))

    def matches(self, path: Path) -> bool:
        """Whether the file still has this content; its bytes are read only if its time changed."""
        try:
            status = path.stat()
        except OSError:
            return False
        if status.st_size != self.size:
            return False
        return status.st_mtime_ns == self.mtime_ns or hash_file(path) == self.sha256


def flush(path: Path) -> None:
    """Wait until a file's bytes are on the disk."""
    with path.open("rb") as file:
        os.fsync(file.fileno())


def flush_folder(folder: Path) -> None:
    """Wait until a folder's names are on the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
