"""Words of a page on narrow screens."""

from __future__ import annotations

import pytest

from pipeline.reporting.page.blocks import Group, Section, Table, Text
from pipeline.reporting.page.rendering import render_page
from tests.browser.shown_page import Opener

LONG = "A" * 80
CAPTION = "Percent of each class of all the ground that is known in all of these scenes"


@pytest.mark.parametrize("width", [390, 800])
def test_long_names_and_captions_are_read_without_scrolling(opened: Opener, width: int) -> None:
    wide = Table(CAPTION, ("class", *(f"number {n}" for n in range(20))), ((LONG, *range(20)),))
    blocks = (Group(LONG, (wide,)), Group(LONG, (Text(LONG, "note"),), folded=True))
    page = render_page(LONG, LONG, [Section("one", LONG, blocks)])
    shown = opened(page, viewport={"width": width, "height": 800}).page
    assert shown.evaluate("document.documentElement.scrollWidth") <= width
    scrolled = "node => { node.scrollLeft = 300; return node.scrollLeft; }"
    for after in (0, 300):
        box = shown.get_by_text(CAPTION).bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
        assert after == 300 or shown.locator(".table").evaluate(scrolled) == 300
