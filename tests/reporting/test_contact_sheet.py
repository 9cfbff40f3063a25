"""The contact sheet: eight views at their places, masks under them."""

from __future__ import annotations

import numpy as np

from pipeline.config.dataset import ClassRow
from pipeline.learning import d4
from pipeline.reporting import contact_sheet as module
from pipeline.reporting.contact_sheet import PANEL, contact_sheet

CLASSES = (
    ClassRow(code=1, name="Buildings", colour="#ff0000"),
    ClassRow(code=2, name="A class whose name is far too long for its column", colour="#0000ff"),
)


def _panel(sheet: np.ndarray, element: int, below: int) -> np.ndarray:
    left = module._MARGIN + element % 4 * (PANEL + module._GAP)
    cell = module._CAPTION + 2 * PANEL + module._GAP // 2
    top = module._MARGIN + module._TITLE + element // 4 * (cell + 2 * module._GAP)
    top += module._CAPTION + below * (PANEL + module._GAP // 2)
    return sheet[top : top + PANEL, left : left + PANEL].astype(int)


def test_every_view_is_its_element_of_the_first() -> None:
    rng = np.random.default_rng(0)
    picture = rng.integers(0, 255, (32, 32, 3), dtype=np.uint8)
    masks = np.zeros((2, 32, 32), bool)
    masks[0, :16, 16:] = True  # upper right
    valid = np.ones((32, 32), bool)
    valid[-4:] = False
    sheet = np.asarray(contact_sheet(picture, masks, valid, CLASSES, "scene a"))
    for below in (0, 1):
        first = _panel(sheet, 0, below).transpose(2, 0, 1)
        for element in d4.ELEMENTS:
            view = _panel(sheet, element, below).transpose(2, 0, 1)
            assert np.array_equal(view, d4.apply(element, first)), element
    plain = _panel(sheet, 0, 1)
    red = (plain[..., 0] > 200) & (plain[..., 2] < 60)
    half = PANEL // 2
    assert red[:half, half:].mean() > 0.95
    assert red[half:].mean() == red[:half, :half].mean() == 0
    assert (plain[-PANEL // 16 :] == 255).all()
    # Mirrored left-right, the class stands upper left.
    mirrored = _panel(sheet, 4, 1)
    assert ((mirrored[..., 0] > 200) & (mirrored[..., 2] < 60))[:half, :half].mean() > 0.9


def test_elements_are_named_for_what_they_do() -> None:
    corner = np.array([[1, 0], [0, 0]])  # upper left
    places = {
        name: tuple(np.argwhere(d4.apply(k, corner))[0]) for k, name in enumerate(module.NAMES)
    }
    assert places["as it is"] == (0, 0)
    assert places["turned left"] == (1, 0)
    assert places["upside down"] == (1, 1)
    assert places["turned right"] == (0, 1)
    assert places["mirrored"] == (0, 1)
    assert places["mirrored, turned left"] == (0, 0)


def test_names_of_several_lines_are_drawn_as_one() -> None:
    rows = [ClassRow(code=1, name=name, colour="#ff0000") for name in ("a\nb", "a?b")]
    blank = np.zeros((8, 8, 3), np.uint8)
    masks, valid = np.ones((1, 8, 8), bool), np.ones((8, 8), bool)
    one, two = (
        np.asarray(contact_sheet(blank, masks, valid, [row], "scene a")).tolist() for row in rows
    )
    assert one == two
