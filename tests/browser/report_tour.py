"""A walk through a whole report in a browser: what everybody does with it, and what must not be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

from tests.browser.program import chromium
from tests.browser.shown_page import CANVAS, Opener, Pixels, Shown

FIRST_PAINT_SECONDS = 2.0


def tour(report: Path) -> None:
    """Open a report from disk, look at its viewer with keys and mouse, and check all of it.

    Raises:
        AssertionError: If a key does not change the picture, something is asked of the network,
            the console says anything, or readers with a handicap would miss something.
    """
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        opener = Opener(browser, report.parent)
        shown = opener.file(report)
        assert first_paint(shown) < FIRST_PAINT_SECONDS
        _use(shown)
        _reads_well(shown)
        _fits_a_phone(opener, report)
        opener.close()
        assert not opener.complaints
        browser.close()


def first_paint(shown: Shown) -> float:
    """Seconds from the start of loading until something is seen."""
    milliseconds: float = shown.page.evaluate(
        "performance.getEntriesByName('first-contentful-paint')[0].startTime"
    )
    return milliseconds / 1000


def _use(shown: Shown) -> None:
    """Keys and mouse change what is drawn, and undo it."""
    shown.page.locator(CANVAS).scroll_into_view_if_needed()
    plain = shown.canvas()
    assert shown.state()["layers"], "a layer is shown from the start"
    for key in ("+", "ArrowRight", "s", "o", "p"):
        before = shown.canvas()
        shown.press(key)
        assert differ(before, shown.canvas()), f"{key} changes nothing"
    shown.press("p", "o", "0")
    shown.page.get_by_role("radio", name="Overlay").or_(
        shown.page.get_by_role("button", name="Overlay")
    ).first.click()
    shown.page.evaluate("document.activeElement.blur()")
    shown.page.mouse.move(2, 2)
    assert not differ(plain, shown.canvas()), "the way back leads to where it began"
    shown.press("]")
    assert shown.state()["scene"] is not None


def _reads_well(shown: Shown) -> None:
    """Nothing serious is found by axe-core, and every section can be reached."""
    found = Axe().run(shown.page)
    serious: list[Any] = [
        (row["id"], row["nodes"][0]["html"][:200])
        for row in found.response["violations"]
        if row["impact"] in ("serious", "critical")
    ]
    assert not serious
    links = shown.page.locator("nav.contents a").evaluate_all(
        "rows => rows.map(row => document.getElementById(row.hash.slice(1)) !== null)"
    )
    assert len(links) >= 5
    assert all(links)
    broken = shown.page.evaluate(
        "[...document.images].filter(row => row.complete && row.naturalWidth === 0).length"
    )
    assert broken == 0


def _fits_a_phone(opener: Opener, report: Path) -> None:
    shown = opener.file(report, viewport={"width": 390, "height": 844}, has_touch=True)
    width = shown.page.evaluate("document.documentElement.scrollWidth")
    assert width <= 390, "a phone must not scroll sideways"


def differ(one: Pixels, other: Pixels) -> bool:
    """Whether two pictures of the canvas differ by more than a hair."""
    return one.shape != other.shape or bool(np.abs(one - other).mean() > 0.05)
