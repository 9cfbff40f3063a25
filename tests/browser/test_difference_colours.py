"""The colours of the difference, which stand in the viewer's script."""

from __future__ import annotations

import re
from importlib import resources
from itertools import combinations

import numpy as np

from pipeline.reporting.report.patch_sheet import RIGHT, UNKNOWN
from pipeline.reporting.viewer.colour_vision import seen_colours

ROWS = re.findall(
    r'name: "([^"]+)", colour: "(#\w{6})", pattern: "([^"]+)"',
    (resources.files("pipeline.reporting") / "viewer/assets/20-colours.js").read_text(),
)


def test_colours_of_the_difference_are_told_apart_in_every_sight() -> None:
    """What is just noticed is 2.3; these lie far beyond it, and have patterns besides."""
    assert len(ROWS) == 5
    assert len({pattern for _, _, pattern in ROWS}) == 5
    seen = seen_colours([colour for _, colour, _ in ROWS[:3]])
    for one, two in combinations(range(3), 2):
        assert np.linalg.norm(seen[:, one] - seen[:, two], axis=-1).min() > 35


def test_patches_have_the_colours_of_the_viewer() -> None:
    colours = [colour for _, colour, _ in ROWS]
    assert [colour for _, colour in (*RIGHT, UNKNOWN)] == [*colours[:3], colours[4]]
