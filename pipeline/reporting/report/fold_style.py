"""A colour and a marker for each fold, the same in all charts of the report."""

from __future__ import annotations

from typing import Final

_COLOURS: Final = (*("#0072b2", "#009e73", "#aa4499", "#56b4e9", "#b8860b", "#332288", "#882255"),)
"""None of them is the colour of what is best."""
_MARKERS: Final = "os^DvPX*"


def fold_look(fold: int) -> tuple[str, str]:
    """Colour and marker of a fold; both are the same only for every 56th."""
    return _COLOURS[fold % len(_COLOURS)], _MARKERS[fold % len(_MARKERS)]
