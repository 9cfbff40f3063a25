"""Hashes of raw files, taken once: gigabytes are not read again to learn that nothing changed."""

from __future__ import annotations

import json
from pathlib import Path

from pipeline.files import hash_file, write_json

BOOK = ".hashes.json"


class RawFiles:
    """Hashes by path, believed as long as a file's size and time are what they were.

    Attributes:
        path: Where the hashes are kept between runs.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / BOOK
        self._entries: dict[str, list[int | str]] = _read(self.path)
        self._changed = False

    def hash(self, path: Path) -> str:
        """SHA-256 of a file's bytes."""
        status = path.stat()
        name = str(path.resolve())
        stamp: list[int | str] = [status.st_size, status.st_mtime_ns]
        known = self._entries.get(name)
        if known is not None and known[:2] == stamp:
            return str(known[2])
        sha256 = hash_file(path)
        self._entries[name] = [*stamp, sha256]
        self._changed = True
        return sha256

    def save(self) -> None:
        """Keep the hashes for the next run."""
        if self._changed:
            write_json(self.path, self._entries)


def _read(path: Path) -> dict[str, list[int | str]]:
    """Hashes that were kept; a book that is damaged counts as empty, since it only saves time."""
    try:
        entries = json.loads(path.read_text())
        return {
            name: [int(size), int(time), str(sha)] for name, (size, time, sha) in entries.items()
        }
    except (OSError, ValueError, TypeError, AttributeError):
        return {}
