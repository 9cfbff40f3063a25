"""Pictures of pages, as a browser shows them."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from browser import find_browser, missing_text
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, sync_playwright

from figure_making.shrinking import stacked

WIDTH: Final = 1200
"""Of the window, in CSS pixels; a screen's pixel is half of one."""
SCENE: Final = "1020_0_1"
"""Of the demo's test scenes, the one with objects of most classes."""
_SCALE: Final = 2
_MARGIN: Final = 20
"""White around what is shown, in CSS pixels."""
_REST_SECONDS: Final = 60
_WAIT_SECONDS: Final = 10
"""For anything that a page should have."""
_STEP_SECONDS: Final = 0.1
_STILL = """() => {
  document.querySelector("nav.contents").style.position = "static";
  return Promise.all([...document.images].map(row => row.decode().catch(() => null)));
}"""
_OPEN: Final = """head => {
  const row = head.closest("details");
  if (row === null) return null;
  row.open = true;
  return Promise.all([...row.querySelectorAll("img")].map(one => one.decode().catch(() => null)));
}"""
Shot = Callable[[Page], Image.Image]


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser without a screen.

    Raises:
        FileNotFoundError: If there is none; the text says what to install.
    """
    program = find_browser()
    if program is None:
        raise FileNotFoundError(missing_text())
    with sync_playwright() as playwright:
        # The same pixels on every machine: no card of graphics, no hints of its screen.
        options = ["--no-sandbox", "--disable-gpu", "--font-render-hinting=none"]
        browser = playwright.chromium.launch(
            executable_path=program, args=[*options, "--force-color-profile=srgb"]
        )
        yield browser
        browser.close()


def shot_of(browser: Browser, file: Path, shot: Shot) -> Image.Image:
    """A picture of a page on disk.

    Raises:
        Error: Of playwright, if the page lacks what is to be shown.
        OSError: If it never comes to rest, or cannot be opened.
        ValueError: If what is to be shown takes no room.
    """
    page = browser.new_page(
        viewport={"width": WIDTH, "height": 900},
        device_scale_factor=_SCALE,
        reduced_motion="reduce",
    )
    page.set_default_timeout(1000 * _WAIT_SECONDS)
    try:
        page.goto(file.resolve().as_uri())
        page.evaluate(_STILL)
        return shot(page)
    finally:
        page.close()


def _clipped(page: Page, first: Locator, last: Locator, above: int = _MARGIN) -> Image.Image:
    """From the top of one element to the bottom of another, over all of the page's width."""
    page.evaluate("window.scrollTo(0, 0)")  # places of elements are counted from the window's top
    one, other = first.bounding_box(), last.bounding_box()
    if one is None or other is None:
        raise ValueError("what is to be shown is hidden in the page")
    top = max(one["y"] - above, 0)
    height = other["y"] + other["height"] + _MARGIN - top
    box = {"x": 0, "y": top, "width": WIDTH, "height": height}
    data = page.screenshot(clip=box, full_page=True)  # type: ignore[arg-type]
    return Image.open(io.BytesIO(data))


def top(page: Page) -> Image.Image:
    """The page's head and its scores, up to the chart of all classes."""
    return _clipped(page, page.locator("header"), page.locator("#scores figure").first)


def viewer(page: Page) -> Image.Image:
    """A new scene, or the page's first, with the difference of prediction and truth."""
    scenes = page.get_by_role("combobox", name="Scene")
    if SCENE in scenes.locator("option").all_inner_texts():
        scenes.select_option(label=SCENE)
    page.get_by_role("checkbox", name="Difference").check()
    _rest(page)
    root = page.locator("#viewer")
    return _clipped(page, root, root)


def worst(page: Page) -> Image.Image:
    """Legend and worst patches of buildings, large enough to see, or else of the first class."""
    legend = page.locator("#patches .table").first
    heads = page.locator("#patches h3")
    named = heads.filter(has_text="Buildings")
    head = (named if named.count() else heads).first
    head.evaluate(_OPEN)
    gallery = head.locator("xpath=following::div[@class='gallery'][1]")
    parts = [_clipped(page, legend, legend), _clipped(page, head, gallery, above=4)]
    return stacked(parts, 0)


def compared(page: Page) -> Image.Image:
    """Scores of the runs, and how much better or worse they are."""
    pictures = page.locator("#scores figure")
    return _clipped(page, page.locator("header"), pictures.nth(1))


def _rest(page: Page) -> None:
    """Wait until the viewer has drawn all; neither focus nor pointer is to be seen."""
    page.evaluate("document.activeElement.blur()")
    page.mouse.move(0, 0)
    for _ in range(round(_REST_SECONDS / _STEP_SECONDS)):
        page.wait_for_timeout(1000 * _STEP_SECONDS)
        if page.evaluate("window.sceneViewer.state.settled"):
            return
    raise TimeoutError(f"the viewer still draws after {_REST_SECONDS} s")
