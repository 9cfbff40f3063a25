"""How fast the scene viewer is: first paint, and frames per second while a person pans and zooms.

    .venv/bin/python scripts/bench_viewer.py --polygons 50000
    .venv/bin/python scripts/bench_viewer.py --report data/runs/demo/report/report.html

A scene is generated, written into a page as the report does it, and moved about in Chromium without
a screen. The mouse drags for three seconds a time; a frame is a call of the browser's own clock of
frames, and what counts is how many of them come, and the longest wait for one.
"""

from __future__ import annotations

import argparse
import io
import json
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import shapely
from browser import find_browser, missing_text
from PIL import Image
from playwright.sync_api import Page, sync_playwright

from pipeline.reporting.page.blocks import Picture, Place, Section
from pipeline.reporting.page.rendering import picture_uri, render_page
from pipeline.reporting.viewer.data import Viewer, ViewerClass, ViewerLayer, ViewerScene
from pipeline.reporting.viewer.polygon_layer import encode_layer
from pipeline.reporting.viewer.shapes import Shapes

SIDE: Final = 4000
CLASSES: Final = 10
CORNERS: Final = 14
SECONDS: Final = 3.0
CANVAS: Final = "canvas.viewer-canvas"
_COLOURS: Final = (
    *("#d55e00", "#cc79a7", "#666666", "#b07d3c", "#117733"),
    *("#ddcc77", "#0072b2", "#56b4e9", "#332288", "#f0e442"),
)
_COUNT: Final = """() => {
  const times = []; window.frameTimes = times;
  const note = (now) => {
    times.push(now);
    if (window.frameTimes === times) requestAnimationFrame(note);
  };
  requestAnimationFrame(note);
}"""


@dataclass(frozen=True)
class Frames:
    """Frames of some seconds.

    Attributes:
        per_second: How many came in a second, on average.
        slowest: Milliseconds of the 95th percentile of waits for the next one.
        longest: Milliseconds of the longest.
    """

    per_second: float
    slowest: float
    longest: float


def scene_page(count: int, seed: int = 0) -> str:
    """A page with one scene of so many polygons in each of two layers."""
    layers = {key: _layer(count, seed + n) for n, key in enumerate(("prediction", "truth"))}
    record = {
        "shape": [SIDE, SIDE],
        "metres": 1.24,
        "pictures": [{"name": "true colour", "uri": picture_uri(_ground(seed))}],
        "layers": layers,
    }
    rows = tuple(
        ViewerClass(code, f"class {code}", colour, "solid")
        for code, colour in enumerate(_COLOURS, 1)
    )
    scene = ViewerScene("generated", "", tuple(layers), json.dumps(record))
    shown = (ViewerLayer("prediction", "Prediction"), ViewerLayer("truth", "Truth"))
    viewer = Viewer(rows, shown, (("prediction", "truth"),), (scene,))
    return render_page("Viewer", "", [Section("scenes", "Scenes", (Place(),))], viewer)


def _layer(count: int, seed: int) -> Any:
    """Star-shaped polygons all over the scene, of 2 to 30 pixels across."""
    rng = np.random.default_rng(seed)
    turns = np.sort(rng.uniform(0, 2 * np.pi, (count, CORNERS)), axis=1)
    reach = rng.gamma(2, 3, (count, 1)) * rng.uniform(0.6, 1, (count, CORNERS)) + 1
    centres = rng.uniform(0, SIDE, (count, 1, 2))
    corners = centres + np.stack([np.cos(turns), np.sin(turns)], axis=-1) * reach[..., None]
    polygons = shapely.polygons(corners)
    codes = rng.integers(1, CLASSES + 1, count)
    groups = [
        Shapes(
            code,
            polygons[codes == code],
            shapely.area(polygons[codes == code]),
            rng.uniform(0.3, 1, int((codes == code).sum())),
        )
        for code in range(1, CLASSES + 1)
    ]
    return encode_layer(groups, (SIDE, SIDE), 10**9).record


def _ground(seed: int) -> Picture:
    """A soft random picture of 1024 x 1024 pixels."""
    noise = np.random.default_rng(seed).integers(60, 160, (64, 64, 3), dtype=np.uint8)
    data = io.BytesIO()
    Image.fromarray(noise).resize((1024, 1024), Image.Resampling.BICUBIC).save(data, "WEBP")
    return Picture(data.getvalue(), "webp", "")


def settled(page: Page, seconds: float = 60) -> float:
    """Seconds until all that is seen is drawn."""
    begun = time.monotonic()
    while time.monotonic() - begun < seconds:
        if page.evaluate("window.sceneViewer?.state?.settled === true"):
            return time.monotonic() - begun
        time.sleep(0.005)
    raise SystemExit(f"the viewer is not done after {seconds} s")


def frames(page: Page, move: Any) -> Frames:
    """Frames that come while something moves for some seconds."""
    page.evaluate(_COUNT)
    begun = time.monotonic()
    number = 0
    while time.monotonic() - begun < SECONDS:
        move(number)
        number += 1
    times = np.array(
        page.evaluate("() => { const t = window.frameTimes; window.frameTimes = null; return t; }")
    )
    waits = np.diff(times)
    return Frames(
        1000 * len(waits) / float(times[-1] - times[0]),
        float(np.percentile(waits, 95)),
        float(waits.max()),
    )


def pan(page: Page) -> Frames:
    """Drag the scene in a wide circle."""
    box = page.locator(CANVAS).bounding_box() or {"x": 0, "y": 0, "width": 1, "height": 1}
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    turn = 0.12

    def move(number: int) -> None:
        page.mouse.move(x + 250 * np.sin(turn * number), y + 200 * np.cos(turn * number))

    found = frames(page, move)
    page.mouse.up()
    return found


def zoom(page: Page) -> Frames:
    """Zoom in and out with the keys, again and again."""
    page.focus(CANVAS)
    return frames(page, lambda number: page.keyboard.press("+" if number // 6 % 2 == 0 else "-"))


def measure(page: Page, address: str) -> dict[str, Any]:
    """All figures of a page."""
    page.goto(address)
    found: dict[str, Any] = {"drawn": settled(page)}
    paint = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
    found["first paint"] = paint / 1000
    page.locator(CANVAS).scroll_into_view_if_needed()
    page.locator(CANVAS).click()
    for name, key in (("one layer", None), ("difference", "d")):
        if key is not None:
            page.keyboard.press(key)
        settled(page)
        page.keyboard.press("0")
        settled(page)
        found[f"pan, {name}, whole scene"] = pan(page)
        page.focus(CANVAS)
        for _ in range(4):
            page.keyboard.press("+")
        settled(page)
        found[f"pan, {name}, nearer"] = pan(page)
        found[f"zoom, {name}"] = zoom(page)
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--polygons", type=int, default=50_000, help="in each of the two layers")
    parser.add_argument("--report", type=Path, help="measure this page in place of a generated one")
    options = parser.parse_args()
    program = find_browser()
    if program is None:
        raise SystemExit(missing_text())
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        file = options.report
        if file is None:
            file = Path(folder) / "viewer.html"
            begun = time.monotonic()
            file.write_text(scene_page(options.polygons), encoding="utf-8")
            print(f"{options.polygons} polygons a layer: page in {time.monotonic() - begun:.1f} s")
        print(f"{file.stat().st_size / 1e6:.1f} MB")
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        found = measure(page, file.resolve().as_uri())
        browser.close()
    for name, value in found.items():
        if isinstance(value, Frames):
            print(
                f"{name:28} {value.per_second:5.1f} frames/s, 95 % within {value.slowest:.0f} ms, "
                f"longest {value.longest:.0f} ms"
            )
        else:
            print(f"{name:28} {value:5.2f} s")


if __name__ == "__main__":
    main()
