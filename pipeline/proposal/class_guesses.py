"""Classes from what labels hold: codes, names, colours, and which are too rare to learn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pipeline.proposal.colours import colour_word, colours_of
from pipeline.proposal.guesses import ClassGuess

FEWEST_PLACES: Final = 2
"""A class that is seen at fewer places can't be learned at one and tried at another."""
LEAST_SHARE: Final = 1e-4
"""Share of the labelled ground below which a class is left out."""
_MOST_CODE: Final = 10_000
_KNOWN: Final = (
    *("water", "flood", "building", "roof", "road", "tree", "forest", "crop", "field", "vineyard"),
    *(
        "orchard",
        "cloud",
        "solar",
        "ship",
        "car",
        "vehicle",
        "glacier",
        "landslide",
        "burn",
        "fire",
    ),
    *("mangrove", "pool", "greenhouse", "wetland", "snow", "urban", "settlement", "farm", "parcel"),
)
"""What a folder of one class may be named after."""


@dataclass(frozen=True)
class Counted:
    """A value of the labels.

    Attributes:
        value: What stands in the labels.
        area: Its pixels, or square metres.
        places: In how many labelled places it was seen.
    """

    value: int | str
    area: float
    places: int


def class_guesses(
    counted: Sequence[Counted],
    total: float,
    palette: Mapping[int, str],
    words: Sequence[str],
    code: str,
    told: Mapping[int, str] | None = None,
) -> tuple[ClassGuess, ...]:
    """Classes, those of numbers in their order, others by area, the largest first.

    Args:
        counted: Values of the labels.
        total: All labelled ground, in the unit of the areas.
        palette: Colours of numbers.
        words: Words of names, which may tell what a single class is.
        code: index, bands or colours of masks; text of attributes.
        told: Names that the labels give numbers.
    """
    by_number = all(str(row.value).isdigit() and str(row.value).isascii() for row in counted)
    rows = sorted(counted, key=lambda one: int(one.value) if by_number else -one.area)
    names = _names(rows, words, code)
    if told:
        given = [told.get(row.value) if isinstance(row.value, int) else None for row in rows]
        names = _unique([own or name for own, name in zip(given, names, strict=True)])
    wanted = [
        row.value
        if code == "colours"
        else palette.get(row.value)
        if isinstance(row.value, int)
        else None
        for row in rows
    ]
    colours = colours_of(names, [str(colour) if colour else None for colour in wanted])
    usable = (
        by_number and all(0 <= int(row.value) <= _MOST_CODE for row in rows) and not _binary(rows)
    )
    codes = [int(row.value) for row in rows] if usable else list(range(1, len(rows) + 1))
    found = [
        ClassGuess(
            code=number,
            name=name,
            colour=colour,
            value=row.value,
            share=row.area / total if total else 0.0,
            places=row.places,
            rare=_rare(row, total),
        )
        for row, number, name, colour in zip(rows, codes, names, colours, strict=True)
    ]
    if all(one.rare for one in found):  # nothing would be left to learn
        found = [ClassGuess(o.code, o.name, o.colour, o.value, o.share, o.places) for o in found]
    return tuple(found)


def _binary(rows: Sequence[Counted]) -> bool:
    """Whether there is but one class, written as the largest number."""
    return len(rows) == 1 and rows[0].value == 255


def _rare(row: Counted, total: float) -> str | None:
    if row.places < FEWEST_PLACES:
        return f"seen at {row.places} place only"
    if row.area < LEAST_SHARE * total:
        return f"it covers less than {100 * LEAST_SHARE:g} % of the labelled ground"
    return None


def _names(rows: Sequence[Counted], words: Sequence[str], code: str) -> list[str]:
    if code == "text" and all(str(row.value).isdigit() for row in rows):
        return [f"class {row.value}" for row in rows]
    if code == "text":
        return _unique([str(row.value)[:80] or "unnamed" for row in rows])
    if len(rows) == 1:
        known = single_name(words)
        if known:
            return [known]
    if code == "colours":
        return _unique([f"{colour_word(str(row.value))} ({row.value})" for row in rows])
    if _binary(rows):
        return ["class 1"]
    return [f"{'band' if code == 'bands' else 'class'} {row.value}" for row in rows]


def single_name(words: Sequence[str]) -> str | None:
    """What a single class is, if a word of the names says so."""
    for word in words:
        for known in _KNOWN:
            if word in (known, f"{known}s", f"{known}es") or (known in word and len(known) > 4):
                return known.capitalize()
    return None


def _unique(names: Sequence[str]) -> list[str]:
    found: list[str] = []
    for name in names:
        found.append(name if name not in found else f"{name} {len(found) + 1}")
    return found
