"""Pages with a viewer in a browser, and what is drawn in them."""

from __future__ import annotations

import base64
import io
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page

from pipeline.reporting.page.blocks import Block, Picture, Place, Section, Target, Text
from pipeline.reporting.page.rendering import render_page
from pipeline.reporting.viewer.data import Viewer, ViewerClass, ViewerLayer, ViewerScene
from tests.browser.made_viewer import classes

Pixels = npt.NDArray[np.int16]
LAYERS = (ViewerLayer("prediction", "Prediction"), ViewerLayer("truth", "Truth"))
PAIRS = (("prediction", "truth"),)
DESKTOP = {"width": 1280, "height": 900}
CANVAS = "canvas.viewer-canvas"
_PIXEL = """(node, [column, row]) => {
  const one = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  one.drawImage(node, -column, -row);
  return [...one.getImageData(0, 0, 1, 1).data]; }"""
_SVG = b"<svg xmlns='http://www.w3.org/2000/svg' width='40' height='40'/>"


def show_button(target: Target) -> Picture:
    """A picture with a button that shows a place in the viewer."""
    return Picture(_SVG, "svg", "a patch", "A patch", target=target)


def made_page(
    scenes: tuple[ViewerScene, ...],
    *,
    rows: tuple[ViewerClass, ...] | None = None,
    layers: tuple[ViewerLayer, ...] = LAYERS,
    pairs: tuple[tuple[str, str], ...] = PAIRS,
    before: tuple[Block, ...] = (),
    after: tuple[Block, ...] = (Text("Below the viewer."),),
) -> str:
    """A page whose only section holds the viewer, and blocks before and after it."""
    viewer = Viewer(rows or classes(), layers, pairs, scenes)
    section = Section("scenes", "Scenes", (*before, Place(), *after))
    return render_page("Run", "What was found.", [section], viewer)


@dataclass
class Shown:
    """A page that is shown, and its viewer."""

    page: Page

    def state(self) -> dict[str, Any]:
        state: dict[str, Any] = self.page.evaluate("window.sceneViewer.state")
        return state

    def settle(self, seconds: float = 15) -> dict[str, Any]:
        """The state once all that is seen is drawn."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            state = self.state()
            if state["settled"]:
                return state
            time.sleep(0.01)
        raise AssertionError(f"the viewer never came to rest: {self.state()}")

    def press(self, *keys: str) -> dict[str, Any]:
        """Press keys on the canvas, one after the other."""
        self.page.focus(CANVAS)
        for key in keys:
            self.page.keyboard.press(key)
        return self.settle()

    def canvas(self) -> Pixels:
        """What the canvas shows, (H, W, 3) in the screen's pixels, without what lies above it."""
        self.settle()
        address = self.page.locator(CANVAS).evaluate("node => node.toDataURL()")
        data = base64.b64decode(address.partition(",")[2])
        with Image.open(io.BytesIO(data)) as image:
            return np.asarray(image.convert("RGB")).astype(np.int16)

    def place(self, x: float, y: float) -> tuple[int, int]:
        """Row and column of the canvas at a point of the scene, in the screen's pixels."""
        state = self.settle()
        size = "node => [node.width, node.height, node.width / node.clientWidth]"
        width, height, ratio = self.page.locator(CANVAS).evaluate(size)
        scale = state["zoom"] * ratio
        column = width / 2 + (x - state["centre"][0]) * scale
        row = height / 2 + (y - state["centre"][1]) * scale
        return int(row), int(column)

    def colour(self, x: float, y: float) -> tuple[int, ...]:
        """Red, green and blue at a point of the scene."""
        row, column = self.place(x, y)
        found: list[int] = self.page.locator(CANVAS).evaluate(_PIXEL, [column, row])
        return tuple(found[:3])

    def spot(self, x: float, y: float) -> tuple[float, float]:
        """Where in the window a point of the scene is, in CSS pixels."""
        row, column = self.place(x, y)
        box = self.page.locator(CANVAS).bounding_box()
        assert box is not None
        ratio = self.page.evaluate("devicePixelRatio")
        return box["x"] + (column + 0.5) / ratio, box["y"] + (row + 0.5) / ratio


@dataclass
class Opener:
    """Opens pages and collects what browsers complain of."""

    browser: Browser
    folder: Path
    complaints: list[str] = field(default_factory=list)
    contexts: list[BrowserContext] = field(default_factory=list)

    def __call__(self, text: str, **options: Any) -> Shown:
        """Show a page that is given as text; options are those of a browser's context."""
        file = self.folder / f"{len(self.contexts)}.html"
        file.write_text(text, encoding="utf-8")
        return self.file(file, **options)

    def file(self, file: Path, **options: Any) -> Shown:
        """Show a file."""
        context = self.browser.new_context(**({"viewport": DESKTOP} | options))
        self.contexts.append(context)
        page = context.new_page()
        page.on("console", lambda line: self.complaints.append(line.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", lambda row: self._asked(row.url, file.as_uri()))
        page.goto(file.as_uri())
        return Shown(page)

    def _asked(self, address: str, allowed: str) -> None:
        if address != allowed and not address.startswith(("data:", "blob:")):
            self.complaints.append(f"asked for {address}")

    def close(self) -> None:
        for context in self.contexts:
            context.close()
