"""From what the contest offers to a folder that `configs/dstl.yaml` reads."""

from __future__ import annotations

import fcntl
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from dstl_download.client import Client, fetch, list_files
from dstl_download.contest import Listed, Part, chosen
from dstl_download.unpacking import bytes_to_unpack, unpack
from pipeline.errors import DownloadError
from pipeline.files import write_json
from pipeline.items import read_object
from pipeline.progress import say

WORK: Final = ".download"
RECORD: Final = "files.json"
_GIGABYTE: Final = 10**9
_SHOWN: Final = 10


@dataclass(frozen=True)
class Place:
    """Where things lie.

    Attributes:
        data: The dataset's folder.
        keep: Whether archives stay when they are unpacked.
    """

    data: Path
    keep: bool = False

    def archive(self, listed: Listed) -> Path:
        """A file that has come whole."""
        return self.data / WORK / listed.name

    @property
    def unfinished(self) -> Path:
        """Folder of files that are on their way."""
        return self.data / WORK / "unfinished"

    def is_done(self, part: Part) -> bool:
        """Whether all files of a part were unpacked here, and are still there."""
        files = read_object(self.data / WORK / RECORD).get(part.name)
        if not isinstance(files, dict) or not files:
            return False
        paths = {self.data / name: size for name, size in files.items()}
        return all(path.is_file() and path.stat().st_size == paths[path] for path in paths)

    def note(self, part: Part, files: Mapping[str, int]) -> None:
        """Remember what was unpacked."""
        record = self.data / WORK / RECORD
        write_json(record, {**read_object(record), part.name: dict(files)})


def download(client: Client, place: Place) -> None:
    """Fetch and unpack all that is not there.

    Raises:
        DownloadError: If there is no room, or a file can't be had, is damaged or not to be trusted.
    """
    place.data.mkdir(parents=True, exist_ok=True)
    with _alone(place):
        listed = list_files(client)
        files = chosen(listed)
        used = {one.name for one in files.values()}
        _show(files, place)
        left = {part: one for part, one in files.items() if not place.is_done(part)}
        check_room(left, place, shutil.disk_usage(place.data).free)
        for part, one in left.items():
            _get(client, one, place)
            made, left_out = unpack(place.archive(one), part, place.data)
            place.note(part, made)
            _say_unpacked(part, made, left_out)
            if not place.keep:
                place.archive(one).unlink()
        others = sorted({one.name for one in listed} - used)
        if others:
            say(f"left out, as nothing here reads it: {', '.join(others)}")


def check_room(left: Mapping[Part, Listed], place: Place, free: int) -> None:
    """See that all of it will fit: archives, and what they unpack to.

    Args:
        left: What is to be fetched or unpacked, in order.
        place: Where to.
        free: Bytes that are free there.

    Raises:
        DownloadError: If it will not.
    """
    used = most = 0
    for part, one in left.items():
        path = place.archive(one)
        if _is_whole(path, one):
            unpacked = bytes_to_unpack(path, part, place.data)
        else:
            used += max(0, one.size - _size(place.unfinished / one.name))
            unpacked = part.unpacked
        used += unpacked
        most = max(most, used)
        used -= 0 if place.keep else one.size
    if most > free:
        raise DownloadError(
            f"{place.data}: needs {most / _GIGABYTE:.1f} GB for archives and what they unpack to, "
            f"and {free / _GIGABYTE:.1f} GB are free; make room, or name another folder with DATA="
        )


def _get(client: Client, one: Listed, place: Place) -> None:
    """Fetch a file, unless it is there."""
    path, folder = place.archive(one), place.unfinished
    if _is_whole(path, one):
        return
    fetch(client, one.name, folder, quiet=not sys.stderr.isatty())
    # Kaggle may send a table packed.
    came = [folder / name for name in (one.name, f"{one.name}.zip") if (folder / name).is_file()]
    if not came:
        raise DownloadError(
            f"{folder}: {one.name} did not come under this name; see docs/download.md"
        )
    size = _size(came[0])
    if one.size and came[0].name == one.name and size != one.size:
        came[0].unlink()
        raise DownloadError(
            f"{one.name}: {size} bytes came, and the contest says {one.size}; what came is "
            "deleted: run the command again"
        )
    came[0].replace(path)


def _is_whole(path: Path, one: Listed) -> bool:
    """Whether a file has come: it is renamed only then, and its size was checked."""
    return path.is_file() and (path.stat().st_size == one.size or not one.size)


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0


def _show(files: Mapping[Part, Listed], place: Place) -> None:
    """Say what there is to be done."""
    for part, one in files.items():
        if place.is_done(part):
            state = "is there"
        elif _is_whole(place.archive(one), one):
            state = "has come, and is unpacked now"
        else:
            begun = _size(place.unfinished / one.name)
            state = f"{begun / _GIGABYTE:.3f} GB of it have come" if begun else "is fetched"
        say(f"{one.name}: {one.size / _GIGABYTE:.3f} GB, {state}")


def _say_unpacked(part: Part, made: Mapping[str, int], left_out: list[str]) -> None:
    say(f"{part.name}: {len(made)} files, {sum(made.values()) / _GIGABYTE:.3f} GB")
    if left_out:
        more = f" and {len(left_out) - _SHOWN} more" if len(left_out) > _SHOWN else ""
        say(f"{part.name}: left out {', '.join(left_out[:_SHOWN])}{more}")


@contextmanager
def _alone(place: Place) -> Iterator[None]:
    """Keep a second download off the folder."""
    (place.data / WORK).mkdir(exist_ok=True)
    with (place.data / WORK / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise DownloadError(
                f"{place.data}: another process downloads into it; wait for it or stop it"
            ) from None
        yield
