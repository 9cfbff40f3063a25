"""A scene larger than memory, from file to polygons, beside a small one: time and memory.

    python scripts/bench_large.py                  # 20,000 pixels a side: 15 minutes, 15 GB of disk
    python scripts/bench_large.py --side 5000      # minutes, 1 GB
    python scripts/bench_large.py --quick          # 2,000 beside 1,000 pixels: is all in order?

A field of eight bands of 16 bits is generated strip by strip: ellipses, rivers that cross the scene
from side to side, and roads that cross it from top to bottom, so that the same few objects cross
every border of every window. A tiny network is trained on crops of it; then `scenes`, `tiles`,
`predict` and `polygons` are run for eight small scenes and a large one, each stage in a process of
its own, whose time and largest resident memory are measured. A stage that has nothing left to do is
run once more: that is what starting it costs, which is taken off its time.

The exit status is 1 if a process takes 3 GB or more, if a megapixel of the large scene takes more
than 1.2 times that of the small one, or if a river or a road is not one polygon.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import numpy as np
import rasterio
import shapely
import yaml
from affine import Affine
from numpy.typing import NDArray
from rasterio.windows import Window

from pipeline.mapping.geojson import read_geojson

STAGES: Final = ("scenes", "tiles", "predict", "polygons")
BETWEEN: Final = ("augment", "train", "evaluate")
LARGE, SMALL, FEW, TRAINING = "large", "small", 8, 384
MOST_GB, MOST_RATIO = 3.0, 1.2
BANDS, CLASSES = 8, ("ellipse", "river", "road")
CELL, APART, WIDTH = 200, 1000, 9
"""Pixels of the square that holds an ellipse, from one river or road to the next, and of half its
width."""
ROWS: Final = 512
TO_MAP: Final = Affine(10, 0, 400_000, 0, -10, 5_000_000)


@dataclass(frozen=True)
class Measured:
    """What a stage took for one scene.

    Attributes:
        side: Pixels of a scene's side.
        stage: The stage.
        pixels: Of all scenes.
        seconds: What it took, without what starting it takes.
        work: Seconds of processors, likewise: other work on the machine counts less in them.
        start: Seconds of a run of it that has nothing to do.
        gigabytes: Largest resident memory, 10^9 bytes.
    """

    side: int
    stage: str
    pixels: int
    seconds: float
    work: float
    start: float
    gigabytes: float

    @property
    def per_megapixel(self) -> float:
        """Seconds per million pixels."""
        return self.seconds / self.pixels * 1e6


def field(rows: slice, columns: slice) -> NDArray[np.bool_]:
    """Classes (3, h, w) of a part of an endless field."""
    y, x = np.ogrid[rows, columns]
    hashed = ((x // CELL) * 7919 + (y // CELL) * 104_729) % 1009 / 1009
    wide, high = 30 + 50 * hashed, 80 - 50 * hashed
    across, down = (x % CELL - CELL / 2) / wide, (y % CELL - CELL / 2) / high
    ellipse = across**2 + down**2 < 1 + 0.2 * np.sin(9 * np.arctan2(down, across))
    river = np.abs((y + np.rint(60 * np.sin(x / 90))) % APART - APART / 2) < WIDTH
    road = np.abs((x + np.rint(40 * np.sin(y / 130))) % APART - APART / 2) < WIDTH
    return np.stack(np.broadcast_arrays(ellipse, river, road))


def pixels(on: NDArray[np.bool_], seed: int) -> NDArray[np.uint16]:
    """Bands (8, h, w): a class shines in two of them, and there is noise."""
    rng = np.random.default_rng(seed)
    bands = rng.integers(900, 1100, (BANDS, *on.shape[1:]), np.uint16)
    for number, mask in enumerate(on):
        bands[2 * number : 2 * number + 2] += 1500 * mask.astype(np.uint16)
    return bands


def write_image(path: Path, side: int, corner: tuple[int, int], mask: bool = False) -> None:
    """Write a part of the field as a GeoTIFF of bands, or of masks."""
    path.parent.mkdir(parents=True, exist_ok=True)
    row, column = corner
    layout = {"tiled": True, "blockxsize": 256, "blockysize": 256} if side >= ROWS else {}
    with (
        rasterio.Env(GDAL_CACHEMAX=1 << 28),
        rasterio.open(
            path,
            "w",
            driver="GTiff",
            count=len(CLASSES) if mask else BANDS,
            height=side,
            width=side,
            dtype="uint8" if mask else "uint16",
            crs="EPSG:32633",
            transform=TO_MAP @ Affine.translation(column, row),
            bigtiff="if_safer",
            **layout,
        ) as file,
    ):
        for first in range(0, side, ROWS):
            last = min(first + ROWS, side)
            on = field(slice(row + first, row + last), slice(column, column + side))
            values = on.astype(np.uint8) if mask else pixels(on, row + first)
            file.write(values, window=Window(0, first, side, last - first))


def configuration(folder: Path, memory: float) -> dict[str, object]:
    """A tiny network on all bands."""
    names = [f"b{number}" for number in range(1, BANDS + 1)]
    group = {"name": "S", "file": "images/{id}.tif", "metres": 10, "bands": names, "scale": 10_000}
    return {
        "dataset": {
            "layout": "files",
            "folder": str(folder),
            "classes": [{"code": k, "name": name} for k, name in enumerate(CLASSES, 1)],
            "groups": [group],
            "labels": {
                "kind": "mask",
                "file": "masks/{id}.tif",
                "code": "bands",
                "values": {1: 1, 2: 2, 3: 3},
            },
        },
        "tiles": {"metres": 10},
        "scenes": {"registration": "none"},
        "augment": {"patch": 64, "stride": 32, "folds": 2},
        "network": {"kind": "unet", "width": 4, "depth": 1},
        "train": {"steps": 400, "batch": 8, "rate": 0.02, "validations": 1},
        "predict": {"window": 512, "overlap": 0.05, "d4": False},
        "polygons": {"gains": False, "min_area": 2000, "min_hole": 2000, "smooth": 10},
        "work": {"memory": memory},
    }


def run(stage: str, folder: Path) -> tuple[float, float, float]:
    """Seconds, those of the processor, and gigabytes of a stage in a process of its own."""
    command = [sys.executable, "-m", "pipeline", stage, "--config", "large.yaml", "--run", "large"]
    begin = time.perf_counter()
    with (folder / "said.txt").open("w+") as said:
        process = subprocess.Popen(command, cwd=folder, stdout=said, stderr=said)
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{stage} failed:\n{(folder / 'said.txt').read_text()}")
    unit = 1 if sys.platform == "darwin" else 1024
    passed = time.perf_counter() - begin
    return passed, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * unit / 1e9


def _count(scene: str) -> int:
    """How many scenes: what a small one takes is little beside what starting a stage takes."""
    return FEW if scene == SMALL else 1


def measured(folder: Path, scene: str, side: int) -> Iterator[Measured]:
    """Each stage for one more scene, or several small ones."""
    for number in range(_count(scene)):
        path = folder / "raw" / "images" / f"{scene}{number}.tif"
        write_image(path, side, (number * (side + APART), 0))
    for stage in STAGES:
        for before in BETWEEN if stage == "predict" else ():
            run(before, folder)
        if stage == "polygons":
            run("evaluate", folder)
        seconds, work, gigabytes = run(stage, folder)
        start, idle, _ = run(stage, folder)
        pixels = side**2 * _count(scene)
        found = Measured(side, stage, pixels, seconds - start, work - idle, start, gigabytes)
        print(
            f"{side:>7} {stage:<9} {found.seconds:9.1f} s {found.per_megapixel:8.3f} s/Mpx, of a"
            f" processor {found.work:9.1f} s; {start:6.1f} s to start; {gigabytes:6.2f} GB",
            flush=True,
        )
        yield found


def crossings(folder: Path, scene: str, side: int) -> dict[str, tuple[int, int]]:
    """How many rivers and roads reach from side to side, and how many polygons they are."""
    found = read_geojson(folder / f"data/runs/large/polygons/scene-{scene}0/polygons.geojson")
    result = {}
    for code, axis in ((2, 0), (3, 1)):
        boxes = shapely.bounds(shapely.get_parts(found[code])).reshape(-1, 2, 2)
        spans = (boxes[:, 1] - boxes[:, 0])[:, axis] / 10
        result[CLASSES[code - 1]] = (int((spans > side - 1).sum()), len(spans))
    return result


def main() -> int:
    """Measure and print; 1 if a limit is broken."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--side", type=int, default=20_000, help="side of the large scene, pixels")
    parser.add_argument("--quick", action="store_true", help="2,000 pixels beside 1,000")
    parser.add_argument("--memory", type=float, default=1.0, help="work.memory, GiB")
    parser.add_argument("--folder", type=Path, help="where to work, on a disk with room")
    parser.add_argument("--keep", action="store_true", help="leave all files there")
    parser.add_argument("--json", type=Path, help="write the figures into this file")
    options = parser.parse_args()
    sides = {SMALL: 1000, LARGE: 2000} if options.quick else {SMALL: 2000, LARGE: options.side}
    folder = Path(tempfile.mkdtemp(prefix="bench-large-", dir=options.folder))
    try:
        return _main(folder, sides, options.memory, options.json)
    finally:
        if options.keep:
            print(f"all files are in {folder}")
        else:
            shutil.rmtree(folder)


def _main(folder: Path, sides: dict[str, int], memory: float, path: Path | None) -> int:
    for number in range(4):
        corner = (3000 * number + 300, 2000 * number + 250)
        write_image(folder / f"raw/images/t{number}.tif", TRAINING, corner)
        write_image(folder / f"raw/masks/t{number}.tif", TRAINING, corner, mask=True)
    (folder / "large.yaml").write_text(yaml.safe_dump(configuration(folder / "raw", memory)))
    for stage in (*STAGES[:2], *BETWEEN[:2], "predict", "evaluate", "polygons"):
        run(stage, folder)
    rows = {scene: list(measured(folder, scene, side)) for scene, side in sides.items()}
    cost = {scene: sum(row.per_megapixel for row in rows[scene]) for scene in sides}
    work = {scene: sum(row.work / row.pixels for row in rows[scene]) * 1e6 for scene in sides}
    peak = max(row.gigabytes for row in rows[LARGE])
    ratio = cost[LARGE] / cost[SMALL]
    whole = {scene: crossings(folder, scene, side) for scene, side in sides.items()}
    print(f"seconds per megapixel: {cost[SMALL]:.3f} small, {cost[LARGE]:.3f} large")
    print(f"ratio {ratio:.3f}, {verdict(ratio <= MOST_RATIO)}: at most {MOST_RATIO}")
    print(
        f"of a processor: {work[SMALL]:.3f} and {work[LARGE]:.3f}, {work[LARGE] / work[SMALL]:.3f}"
    )
    print(f"peak memory {peak:.2f} GB, {verdict(peak < MOST_GB)}: less than {MOST_GB:g}")
    sound = True
    for scene, side in sides.items():
        wanted = side // APART
        for name, (across, parts) in whole[scene].items():
            good = across == wanted == parts
            sound &= good
            print(
                f"{scene}: {wanted} of class {name}, {across} whole, {parts} parts, {verdict(good)}"
            )
    if path is not None:
        stages = [asdict(row) for scene in sides for row in rows[scene]]
        figures = {
            "stages": stages,
            "ratio": ratio,
            "work": work,
            "peak_gb": peak,
            "crossings": whole,
        }
        path.write_text(json.dumps(figures, indent=1) + "\n")
    return int(ratio > MOST_RATIO or peak >= MOST_GB or not sound)


def verdict(good: bool) -> str:
    """Whether a limit is kept."""
    return "pass" if good else "FAIL"


if __name__ == "__main__":
    sys.exit(main())
