"""Colours of classes."""

from __future__ import annotations

import colorsys
from typing import Final

PALETTE: Final = (
    *("#d55e00", "#0072b2", "#117733", "#ddcc77", "#cc79a7", "#56b4e9", "#666666", "#b07d3c"),
    *("#332288", "#f0e442", "#882255", "#44aa99"),
)
"""Colours that most people can tell apart, also those who see no difference of red and green."""
_BY_WORD: Final = {
    "water": "#0072b2",
    "river": "#0072b2",
    "lake": "#56b4e9",
    "forest": "#117733",
    "tree": "#117733",
    "crop": "#ddcc77",
    "field": "#ddcc77",
    "cultivated": "#ddcc77",
    "grass": "#44aa99",
    "road": "#666666",
    "track": "#b07d3c",
    "building": "#d55e00",
    "artificial": "#d55e00",
    "urban": "#d55e00",
    "bare": "#b07d3c",
    "car": "#332288",
    "vehicle": "#332288",
}
_HUES: Final = (
    *("red", "orange", "yellow", "green", "green", "cyan", "cyan", "blue", "blue", "violet"),
    *("magenta", "pink"),
)
"""Names of twelve hues, 30 degrees apart."""


def colours_of(names: list[str], wanted: list[str | None]) -> list[str]:
    """A colour of its own for each class.

    Args:
        names: Names of the classes.
        wanted: Colour that the labels give a class, or None.
    """
    found: list[str] = []
    for name, own in zip(names, wanted, strict=True):
        usual = next((c for word, c in _BY_WORD.items() if word in name.lower()), None)
        free = [colour for colour in (own, usual, *PALETTE) if colour and colour not in found]
        found.append(free[0] if free else _spread(len(found)))
    return found


def _spread(number: int) -> str:
    """One of endless many colours."""
    r, g, b = colorsys.hsv_to_rgb((0.618 * number) % 1, 0.6, 0.85)
    return f"#{round(255 * r):02x}{round(255 * g):02x}{round(255 * b):02x}"


def colour_word(colour: str) -> str:
    """What people call a colour: ``#008000`` is dark green."""
    r, g, b = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    hue, saturation, value = colorsys.rgb_to_hsv(r, g, b)
    if saturation < 0.15:
        return "black" if value < 0.15 else "white" if value > 0.9 else "grey"
    word = _HUES[round(hue * 12) % 12]
    return f"dark {word}" if value < 0.6 else f"pale {word}" if saturation < 0.5 else word
