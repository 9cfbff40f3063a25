"""Which file belongs to which of several patterns."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Final

from pipeline.errors import DatasetError, ImageryError
from pipeline.files import is_safe_name
from pipeline.imagery.faults import Faults
from pipeline.imagery.layouts.patterns import Match, matches, spelled_out
from pipeline.imagery.rasters.web_tiles import check_tile

ID_RULE: Final = (
    "an id is made of at most 100 letters, digits, '_', '-' and '.', starts with a letter or digit"
)


def claim(
    folder: Path, patterns: Iterable[str], taken: Collection[Path] = ()
) -> dict[str, dict[str, Match]]:
    """Files by pattern and scene's id.

    A file that several patterns fit belongs to the one that spells out the most; of equals, to the
    first.

    Args:
        folder: The dataset's folder.
        patterns: Patterns, each other than the others.
        taken: Files that are none of theirs.

    Raises:
        DatasetError: If a file's name gives no id, or no tile of a web map, or that of another.
    """
    faults, owned = Faults(), set(taken)
    found: dict[str, dict[str, Match]] = {}
    for pattern in sorted(dict.fromkeys(patterns), key=lambda text: -spelled_out(text)):
        found[pattern] = {}
        for match in sorted(matches(folder, pattern), key=lambda match: match.path):
            if match.path in owned:
                continue
            owned.add(match.path)
            other = found[pattern].setdefault(match.id, match)
            if other is not match:
                faults.add(
                    f"{shown(match.path)}: is scene {match.id}, as is {shown(other.path)}; remove "
                    "one of them"
                )
            for message in _wrong(match):
                faults.add(f"{shown(match.path)}: {message}")
    faults.report(DatasetError)
    return found


def check_ids(places: Mapping[str, str], faults: Faults) -> None:
    """Note ids that differ in upper and lower case alone: they name files.

    Args:
        places: Where each id stands, for messages.
        faults: Where to.
    """
    known: dict[str, str] = {}
    for name, place in places.items():
        other = known.setdefault(name.lower(), name)
        if other != name:
            faults.add(
                f"{place}: scene {name} and scene {other} ({places[other]}) differ in upper and "
                "lower case alone, and name files on disks that don't tell these apart; rename one"
            )


def id_fault(name: str) -> str | None:
    """Why a text can't be a scene's id; None if it can."""
    if is_safe_name(name):
        return None
    return f"{name[:120]!r} can't be a scene's id; {ID_RULE}"


def shown(path: Path) -> str:
    """A path as text that any terminal takes."""
    return str(path).encode("utf-8", "backslashreplace").decode()


def _wrong(match: Match) -> Iterable[str]:
    if match.tile is None:
        fault = id_fault(match.id)
        if fault is not None:
            yield f"{fault}; rename the file"
        return
    try:
        check_tile(match.tile)
    except ImageryError as error:
        yield str(error)
