"""Make the pictures of the README and the pages anew, from finished runs: ``make figures``.

A picture whose run is not there, or that cannot be made, stays as it is; what makes the run, or why
not, is said in a line. Screenshots need a browser (scripts/browser.py).
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from figure_making import shots
from figure_making.shrinking import narrowed, small_bytes
from PIL import Image
from playwright.sync_api import Browser, Error

RUNS = Path("data/runs")
FOLDER = Path("docs/images")
DEMO = "make demo"
BENCH = "scripts/bench_search.py --data my-dstl --picture data/runs/bench-search.png"
REPORT = RUNS / "demo" / "report" / "report.html"
COMPARED = Path("data/compare/demo-vs-demo_search/compare.html")
FOUND = RUNS / "bench-dstl_swir_quick-halving-2" / "search" / "trials-together"


@dataclass(frozen=True)
class Figure:
    """A picture of the docs.

    Attributes:
        name: Its file in docs/images; png or webp.
        source: What it is made from.
        command: What makes that.
        shot: What of a page is shown; None if the source is a picture.
        width: Pixels at most.
    """

    name: str
    source: Path
    command: str
    shot: shots.Shot | None = None
    width: int = round(0.75 * 2 * shots.WIDTH)


FIGURES = (
    Figure("report-viewer.webp", REPORT, DEMO, shots.viewer),
    Figure("report-top.webp", REPORT, DEMO, shots.top),
    Figure("report-patches.webp", REPORT, DEMO, shots.worst),
    Figure(
        "compare.webp",
        COMPARED,
        'make demo; make demo SEARCH=1; make compare RUNS="demo demo_search"',
        shots.compared,
    ),
    Figure("demo.png", RUNS / "demo/score/overview/overview.png", DEMO, width=740),
    Figure(
        "contact-sheet.png",
        RUNS / "demo/augment/contact-sheet-all/contact-sheet.png",
        DEMO,
        width=740,
    ),
    Figure("search-bench.png", RUNS / "bench-search.png", BENCH),
    Figure("search-progress.png", FOUND / "progress.png", BENCH),
    Figure("search-network.png", FOUND / "network-all.png", BENCH),
)


def made(figure: Figure, open_browser: Callable[[], Browser]) -> bytes:
    """Bytes of a figure's file.

    Args:
        figure: Its source is there.
        open_browser: Gives the browser; asked for pages alone.
    """
    if figure.shot is None:
        with Image.open(figure.source) as file:
            picture = file.copy()
    else:
        picture = shots.shot_of(open_browser(), figure.source, figure.shot)
    return small_bytes(narrowed(picture, figure.width), figure.name.rpartition(".")[2])


def renew(figures: Sequence[Figure], folder: Path) -> int:
    """Make what can be made, and say of each figure what came of it; how many were made."""
    folder.mkdir(parents=True, exist_ok=True)
    count = 0
    with ExitStack() as stack:
        opened: list[Browser] = []

        def open_browser() -> Browser:
            if not opened:
                opened.append(stack.enter_context(shots.chromium()))
            return opened[0]

        for figure in figures:
            if not figure.source.exists():
                print(f"{figure.name}: not made: no {figure.source}; `{figure.command}` makes it")
                continue
            try:
                data = made(figure, open_browser)
            except (Error, OSError, ValueError) as error:
                why = next(iter(str(error).splitlines()), type(error).__name__)
                print(f"{figure.name}: not made, the old one stays: {figure.source}: {why}")
                continue
            (folder / figure.name).write_bytes(data)
            print(f"{figure.name}: {len(data) / 1000:.0f} kB of {figure.source}")
            count += 1
    return count


def main() -> int:
    """Renew the figures; the exit status, 1 if none could be made."""
    return 0 if renew(FIGURES, FOLDER) else 1


if __name__ == "__main__":
    sys.exit(main())
