"""Patches made by hand: three classes of which the first is looked at."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.reporting.report.patch_facts import Patch

SIZE = 32
NAMES = ("Road", "Track", "Water")
Box = tuple[int, int, int, int]


def mask(*boxes: Box) -> NDArray[np.bool_]:
    """(32, 32), True in boxes of top, left, bottom and right."""
    drawn = np.zeros((SIZE, SIZE), bool)
    for top, left, bottom, right in boxes:
        drawn[top:bottom, left:right] = True
    return drawn


def made_patch(
    truth: dict[int, NDArray[np.bool_]], found: dict[int, NDArray[np.bool_]], **facts: Any
) -> Patch:
    """A patch of masks by position of the class; 2 m pixels far from the scene's border.

    Where nothing else is said, it is as sure as it can be, and white is missed on black.
    """
    nothing = mask()
    planes = [
        np.stack([masks.get(place, nothing) for place in range(len(NAMES))])
        for masks in (truth, found)
    ]
    given: dict[str, Any] = {
        "truth": planes[0],
        "found": planes[1],
        "valid": np.ones((SIZE, SIZE), bool),
        "place": 0,
        "names": NAMES,
        "probability": planes[1][0].astype(np.float32),
        "threshold": 0.5,
        "picture": np.repeat(planes[0][0, ..., None] * np.uint8(255), 3, axis=-1),
        "metres": 2.0,
        "margins": (100, 100, 100, 100),
    }
    return Patch(**{**given, **facts})
