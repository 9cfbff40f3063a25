"""The ledger of a search: a file that only grows, one line per trial and budget.

It is the search's memory: nothing else is read when a search goes on. So a line is on the disk
before the next trial is proposed, a line that was cut off by a crash is told from a damaged one,
and a damaged one is never passed over.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from pipeline.errors import ArtifactError
from pipeline.files import flush_folder
from pipeline.progress import say
from pipeline.search.entry import Entry
from pipeline.search.line import from_line, to_line

_WAY_OUT = (
    "remove the line by hand, and those of the same trial's later rungs with it, or move the file "
    "away to start the search again"
)


class Ledger:
    """A ledger that one process writes; see :func:`open_ledger`.

    Attributes:
        path: The file.
        entries: Its entries, in the order of the file.
    """

    def __init__(self, path: Path) -> None:
        data = _read(path)
        whole = data[: data.rfind(b"\n") + 1]
        rest = data[len(whole) :]
        self.path = path
        self.entries = _entries(path, whole)
        self._known = {(entry.trial, entry.budget) for entry in self.entries}
        self._size = len(data)
        if rest:
            self._mend(rest, len(whole))

    def append(self, entry: Entry) -> None:
        """Write an entry, and return when it is on the disk.

        Raises:
            ArtifactError: If the line can't be written whole, or another process has changed the
                file. The file is then as it was.
            ValueError: If the entry is none that a ledger may hold: a score that is not a finite
                number, or a trial and budget that it has already.
        """
        if (entry.trial, entry.budget) in self._known:
            raise ValueError(f"{self.path} has trial {entry.trial} at {entry.budget} steps already")
        line = to_line(entry)
        self._write(line)
        # As it is read back: a search that goes on must see what one without a break sees.
        self.entries.append(from_line(line))
        self._known.add((entry.trial, entry.budget))

    def _mend(self, rest: bytes, whole: int) -> None:
        """Deal with a last line that has no newline."""
        try:
            entry = from_line(rest + b"\n")
        except ValueError:
            say(
                f"{self.path}: the last line was cut off when the search was ended; it is removed, "
                "and the trial that was being written runs again"
            )
            self._cut(whole)
            return
        if (entry.trial, entry.budget) in self._known:
            raise _damaged(self.path, len(self.entries) + 1, _repeats(entry))
        self._write(b"\n")
        self.entries.append(entry)
        self._known.add((entry.trial, entry.budget))

    def _cut(self, size: int) -> None:
        try:
            _truncate(self.path, size)
        except OSError as error:
            raise ArtifactError(
                f"{self.path}: its torn last line can't be removed ({error.strerror}); make the "
                "file writable"
            ) from error
        self._size = size

    def _write(self, data: bytes) -> None:
        """Append bytes in one piece, or leave the file as it is."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            is_new = not self.path.exists()
            handle = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        except OSError as error:
            raise self._unwritten(str(error)) from error
        try:
            self._write_to(handle, data)
            if is_new:
                flush_folder(self.path.parent)
        finally:
            os.close(handle)
        self._size += len(data)

    def _write_to(self, handle: int, data: bytes) -> None:
        size = os.fstat(handle).st_size
        if size != self._size:
            raise ArtifactError(
                f"{self.path}: has {size} bytes where this search left {self._size}; one process "
                "at a time writes a ledger, so end the other and run the command again"
            )
        try:
            written = os.write(handle, data)
            if written == len(data):
                os.fsync(handle)
                return
            reason = f"only {written} of {len(data)} bytes were written"
        except OSError as error:
            reason = str(error)
        try:
            os.ftruncate(handle, size)
            os.fsync(handle)
        except OSError:
            pass  # the torn line is removed when the file is read next
        raise self._unwritten(reason)

    def _unwritten(self, reason: str) -> ArtifactError:
        return ArtifactError(
            f"{self.path}: a finished trial can't be added ({reason}); none of the "
            f"{len(self.entries)} entries before it is lost; make room on the disk or the file "
            "writable, and run the command again: only trials that are not in it run again"
        )


def open_ledger(path: Path) -> Ledger:
    """The ledger in a file, for a search that goes on; a missing or empty file has no entries.

    A last line without its end, as a crash leaves it, is removed from the file.

    Raises:
        ArtifactError: If a line is damaged or repeats a trial and budget, or the file can't be
            read.
    """
    return Ledger(path)


def read_ledger(path: Path) -> list[Entry]:
    """The entries of a file that a search may be writing to; the file is not touched.

    A last line without its end is passed over.

    Raises:
        ArtifactError: As :func:`open_ledger`.
    """
    data = _read(path)
    return _entries(path, data[: data.rfind(b"\n") + 1])


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise ArtifactError(
            f"{path}: can't be read ({error.strerror}); it is the ledger of a search, a file"
        ) from error


def _entries(path: Path, data: bytes) -> list[Entry]:
    entries: list[Entry] = []
    known: set[tuple[int, int]] = set()
    for number, line in enumerate(_lines(data), start=1):
        try:
            entry = from_line(line)
        except ValueError as error:
            raise _damaged(path, number, str(error)) from None
        if (entry.trial, entry.budget) in known:
            raise _damaged(path, number, _repeats(entry))
        known.add((entry.trial, entry.budget))
        entries.append(entry)
    return entries


def _lines(data: bytes) -> Iterable[bytes]:
    """Lines with their ends; a carriage return ends none."""
    return (line + b"\n" for line in data.split(b"\n")[:-1])


def _repeats(entry: Entry) -> str:
    return f"it repeats trial {entry.trial} at {entry.budget} steps"


def _damaged(path: Path, number: int, what: str) -> ArtifactError:
    return ArtifactError(f"{path}, line {number}: damaged, {what}; {_WAY_OUT}")


def _truncate(path: Path, size: int) -> None:
    handle = os.open(path, os.O_WRONLY)
    try:
        os.ftruncate(handle, size)
        os.fsync(handle)
    finally:
        os.close(handle)
