"""What was read out of the package's sources, kept on disk: every command asks for it again."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

Reading = tuple[str, frozenset[str]]
"""What a source means, as text, and the names that it imports."""


class SourceMemory:
    """Readings by module, each true of one text of the module's source.

    A file that can't be read, was written by another reader or is damaged counts as empty; one that
    can't be written costs time only.

    Args:
        file: JSON; beside Python's own compiled files, and as little worth keeping.
        reader: Tells apart the code that reads, and Python's version: what others read is not used.
    """

    def __init__(self, file: Path, reader: str) -> None:
        self._file, self._reader = file, reader
        self._rows = _rows_of(file, reader)
        self._changed = False

    def reading(self, module: str, source: str, read: Callable[[], Reading]) -> Reading:
        """What a module's source says, read only if it was not read before."""
        digest = hashlib.sha256(source.encode()).hexdigest()
        row = self._rows.get(module)
        if row is None or row[0] != digest:
            text, names = read()
            row = self._rows[module] = (digest, text, sorted(names))
            self._changed = True
        return row[1], frozenset(row[2])

    def save(self) -> None:
        """Write what is new, so that other processes find a whole file, the old or the new."""
        if not self._changed or sys.dont_write_bytecode:
            return
        temporary = self._file.with_name(f"{self._file.name}.{os.getpid()}")
        with suppress(OSError):
            self._file.parent.mkdir(exist_ok=True)
            temporary.write_text(json.dumps({"reader": self._reader, "rows": self._rows}))
            temporary.replace(self._file)
            self._changed = False


def _rows_of(file: Path, reader: str) -> dict[str, tuple[str, str, list[str]]]:
    with suppress(OSError, ValueError):
        found = json.loads(file.read_text())
        if isinstance(found, dict) and found.get("reader") == reader and _is_whole(found):
            return {module: tuple(row) for module, row in found["rows"].items()}
    return {}


def _is_whole(found: dict[str, Any]) -> bool:
    """Whether rows are what was written: digest, text and names."""
    rows = found.get("rows")
    return isinstance(rows, dict) and all(
        isinstance(row, list)
        and len(row) == 3
        and isinstance(row[0], str)
        and isinstance(row[1], str)
        and isinstance(row[2], list)
        and all(isinstance(name, str) for name in row[2])
        for row in rows.values()
    )
