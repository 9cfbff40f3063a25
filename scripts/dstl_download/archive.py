"""What may be unpacked of an archive from elsewhere, decided before anything is written."""

from __future__ import annotations

import stat
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path, PurePosixPath
from typing import Final
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from dstl_download.contest import Part
from pipeline.errors import DownloadError
from pipeline.progress import printable

RATIO: Final = 100
"""How many times its size an archive may unpack to. Images come to three, tables to thirty."""
ENTRIES: Final = 10_000
SPARE: Final = 2
"""How many times what a part is known to take it may take."""
_HEADER: Final = 30
"""Bytes before an entry's name, at least."""
_ENCRYPTED: Final = 1


@dataclass(frozen=True)
class Plan:
    """What is unpacked of an archive.

    Attributes:
        taken: Entries, by the path that they get in the dataset's folder.
        left_out: Names of other files.
    """

    taken: dict[str, ZipInfo]
    left_out: Sequence[str]

    @property
    def bytes(self) -> int:
        """Of all files that are taken."""
        return sum(entry.file_size for entry in self.taken.values())


def plan_of(path: Path, archive: ZipFile, part: Part) -> Plan:
    """Check all of an archive and choose what is wanted of it.

    Args:
        path: Of the archive.
        archive: The same, open.
        part: What should be in it.

    Raises:
        DownloadError: If anything in it would be written elsewhere, over something, as something
            else than a file, or is larger than it can honestly be.
    """
    entries = archive.infolist()
    _check_sizes(path, entries, part)
    for entry in entries:
        reason = _refusal(entry)
        if reason:
            raise _refused(path, entry, reason)
    _check_twins(path, entries)
    files = [entry for entry in entries if not entry.is_dir()]
    taken = {entry.filename: entry for entry in files if part.files.fullmatch(entry.filename)}
    if not taken:
        raise DownloadError(f"{path}: holds no file of {part.name}; delete it, and download again")
    if len(taken) > part.limit:
        raise DownloadError(f"{path}: has {len(taken)} files of {part.name}, over {part.limit}")
    left_out = [printable(entry.filename) for entry in files if entry.filename not in taken]
    return Plan(taken, left_out)


def _refusal(entry: ZipInfo) -> str:
    """Why an entry can't be trusted; empty if it can."""
    name, place = entry.filename, PurePosixPath(entry.filename)
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if entry.orig_filename != name or not name.isprintable() or "\\" in name or ":" in name:
        return "its name holds characters that no file of the contest has"
    if place.is_absolute() or ".." in place.parts or not place.parts:
        return "it would be written outside of the folder"
    if kind not in (0, stat.S_IFDIR if entry.is_dir() else stat.S_IFREG):
        return "it is a link or a device, no file"
    if entry.flag_bits & _ENCRYPTED:
        return "it is encrypted"
    if entry.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
        return f"it is packed by method {entry.compress_type}, which the contest doesn't use"
    return ""


def _check_sizes(path: Path, entries: Sequence[ZipInfo], part: Part) -> None:
    packed = path.stat().st_size
    unpacked = sum(entry.file_size for entry in entries)
    if len(entries) > ENTRIES:
        raise DownloadError(f"{path}: has {len(entries)} entries, over {ENTRIES}; delete it")
    if unpacked > RATIO * packed or unpacked > SPARE * part.unpacked:
        raise DownloadError(
            f"{path}: {packed} bytes would unpack to {unpacked}, which {part.name} can't be; "
            "delete it, and download again"
        )
    placed = sorted(entries, key=lambda entry: entry.header_offset)
    starts = [entry.header_offset for entry in placed]
    for entry, (start, following) in zip(placed, pairwise([*starts, packed]), strict=True):
        if start + _HEADER + len(entry.filename) + entry.compress_size > following:
            raise _refused(path, entry, "it overlaps with another")


def _check_twins(path: Path, entries: Sequence[ZipInfo]) -> None:
    """Two names that some file system takes for one would overwrite each other."""
    seen: set[str] = set()
    for entry in entries:
        name = unicodedata.normalize("NFC", entry.filename.rstrip("/")).casefold()
        if name in seen:
            raise _refused(path, entry, "its name stands there twice, but for the case of letters")
        seen.add(name)


def _refused(path: Path, entry: ZipInfo, reason: str) -> DownloadError:
    return DownloadError(
        f"{path}: {printable(entry.filename)!r}: {reason}; nothing of the archive was unpacked. "
        "Delete it, and download again"
    )
