"""Files out of archives: each whole or not at all, and none over another."""

from __future__ import annotations

import os
import shutil
import zlib
from pathlib import Path
from typing import IO, Final
from zipfile import BadZipFile, ZipFile, is_zipfile

from dstl_download.archive import Plan, plan_of
from dstl_download.contest import Part
from pipeline.errors import DownloadError
from pipeline.files import TEMPORARY, flush, flush_folder
from pipeline.progress import track

_CHUNK: Final = 1 << 20


def unpack(path: Path, part: Part, folder: Path) -> tuple[dict[str, int], list[str]]:
    """Unpack an archive, or put a table in its place.

    Args:
        path: The archive, or the table itself.
        part: What is in it.
        folder: Of the dataset.

    Returns:
        Bytes of each file by its path in the folder, and names of what was left out.

    Raises:
        DownloadError: If the archive is damaged or not to be trusted, or a file is in the way.
    """
    if part.is_table and not is_zipfile(path):
        size = path.stat().st_size
        with path.open("rb") as source:
            _place(source, folder / part.name, size, _checksum(path))
        return {part.name: size}, []
    try:
        with ZipFile(path) as archive:
            plan = plan_of(path, archive, part)
            for name, entry in track(list(plan.taken.items()), f"unpacking {part.name}"):
                with archive.open(entry) as source:
                    _place(source, folder / name, entry.file_size, entry.CRC)
    except (BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise DownloadError(
            f"{path}: is damaged ({error}); delete it, and run the command again"
        ) from None
    return {name: entry.file_size for name, entry in plan.taken.items()}, list(plan.left_out)


def bytes_to_unpack(path: Path, part: Part, folder: Path) -> int:
    """Bytes of the files that are still to be unpacked.

    Raises:
        DownloadError: If the archive is damaged or not to be trusted.
    """
    if part.is_table and not is_zipfile(path):
        return path.stat().st_size
    plan = read_plan(path, part)
    there = {name for name in plan.taken if (folder / name).exists()}
    return sum(entry.file_size for name, entry in plan.taken.items() if name not in there)


def read_plan(path: Path, part: Part) -> Plan:
    """What is unpacked of an archive, see :func:`plan_of`."""
    try:
        with ZipFile(path) as archive:
            return plan_of(path, archive, part)
    except BadZipFile as error:
        raise DownloadError(
            f"{path}: is damaged ({error}); delete it, and run the command again"
        ) from None


def _place(source: IO[bytes], target: Path, size: int, checksum: int) -> None:
    """Write a file beside its place, then rename it; leave one that is the same already."""
    if os.path.lexists(target):
        if _is_same(target, size, checksum):
            return
        raise DownloadError(
            f"{target}: is there, and is not the contest's; it is never overwritten: move it away, "
            "or choose another folder"
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f"{TEMPORARY}{target.name}")
    try:
        with temporary.open("wb") as file:
            shutil.copyfileobj(source, file, _CHUNK)
        if temporary.stat().st_size != size:
            raise DownloadError(f"{target}: unpacks to another size than is declared")
        flush(temporary)
        temporary.rename(target)
    finally:
        temporary.unlink(missing_ok=True)
    flush_folder(target.parent)


def _is_same(path: Path, size: int, checksum: int) -> bool:
    return path.is_file() and path.stat().st_size == size and _checksum(path) == checksum


def _checksum(path: Path) -> int:
    """CRC-32 of a file's bytes."""
    total = 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            total = zlib.crc32(chunk, total)
    return total
