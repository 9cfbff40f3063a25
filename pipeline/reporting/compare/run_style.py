"""How runs are told apart in charts: by colour and by marker."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

_COLOURS: Final = ("#0072b2", "#e08a00", "#009e73", "#a3195b", "#332288", "#56b4e9")
"""Told apart by colour-blind readers; markers tell the same where there is no colour."""
_MARKERS: Final = "osD^vP"
MOST: Final = len(_MARKERS)
"""Runs that can be told apart."""


@dataclass(frozen=True)
class RunStyle:
    """Colour and marker of a run."""

    colour: str
    marker: str


def run_style(place: int) -> RunStyle:
    """Style of a run by its place among those that are compared, from 0 on."""
    return RunStyle(_COLOURS[place % MOST], _MARKERS[place % MOST])
