"""How long ``check`` takes for a large submission, and how much memory.

    python scripts/bench_check.py                # 4290 rows, 200 MB
    python scripts/bench_check.py --megabytes 50

The table is drawn from a seed: half of its rows are empty, most others small, and a few hold tens
of megabytes. ``python -m pipeline check`` reads it in a process of its own, against a sample and
the grid sizes. The exit status is 1 if that takes more than 60 s or 1 GB.
"""

from __future__ import annotations

import argparse
import csv
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TextIO

import numpy as np
import shapely

SCENES, CLASSES = 429, 10
X_MAX, Y_MIN = 0.0092, -0.009
LARGE = (40, 30, 25, 15)
"""Sizes of the largest rows, MB, where the whole table has 200."""
MOST_SECONDS, MOST_GB = 60.0, 1.0
_BYTES_PER_VERTEX = 26
_VERTICES = 40


def geometry(rng: np.random.Generator, megabytes: float) -> str:
    """Star-shaped polygons in the cells of a grid over the scene, as text of about that size."""
    count = max(1, round(megabytes * 1e6 / (_VERTICES * _BYTES_PER_VERTEX)))
    side = int(np.ceil(np.sqrt(count)))
    cell = np.array([X_MAX, Y_MIN]) / side
    places = np.stack(np.divmod(np.arange(count), side), axis=1) + 0.5
    angles = np.linspace(0, 2 * np.pi, _VERTICES)[:-1]
    reach = rng.uniform(0.2, 0.45, (count, _VERTICES - 1, 1))
    rings = places[:, None] + reach * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    rings = np.concatenate([rings, rings[:, :1]], axis=1) * cell
    polygons = shapely.multipolygons(shapely.polygons(rings))
    return str(shapely.to_wkt(polygons, rounding_precision=10, trim=False))


def write_tables(folder: Path, megabytes: float, seed: int) -> None:
    """The submission, its sample and its grid sizes."""
    rng = np.random.default_rng(seed)
    rows = SCENES * CLASSES
    sizes = np.zeros(rows)
    large = np.array(LARGE) * megabytes / 200
    filled = rng.permutation(rows)[: rows // 2]
    small = rng.lognormal(0, 1.5, len(filled) - len(large))
    sizes[filled] = np.concatenate([large, small / small.sum() * (megabytes - large.sum())])
    with (
        (folder / "submission.csv").open("w", newline="") as submission,
        (folder / "sample.csv").open("w", newline="") as sample,
        (folder / "grid_sizes.csv").open("w", newline="") as grids,
    ):
        _write(submission, sample, grids, sizes, rng)


def _write(
    submission: TextIO, sample: TextIO, grids: TextIO, sizes: np.ndarray, rng: np.random.Generator
) -> None:
    tables = [csv.writer(file, lineterminator="\n") for file in (submission, sample, grids)]
    for table in tables[:2]:
        table.writerow(("ImageId", "ClassType", "MultipolygonWKT"))
    tables[2].writerow(("", "Xmax", "Ymin"))
    for scene in range(SCENES):
        name = f"{6000 + scene}_0_0"
        tables[2].writerow((name, X_MAX, Y_MIN))
        for code in range(1, CLASSES + 1):
            size = sizes[scene * CLASSES + code - 1]
            text = geometry(rng, size) if size else "MULTIPOLYGON EMPTY"
            tables[0].writerow((name, code, text))
            tables[1].writerow((name, code, "MULTIPOLYGON EMPTY"))


def main() -> int:
    """Measure and print; 1 if a limit is broken or the check finds a fault."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--megabytes", type=float, default=200)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_tables(folder, options.megabytes, options.seed)
        size = (folder / "submission.csv").stat().st_size / 1e6
        command = [sys.executable, "-m", "pipeline", "check", str(folder / "submission.csv")]
        command += ["--sample", str(folder / "sample.csv")]
        command += ["--grid-sizes", str(folder / "grid_sizes.csv")]
        start = time.perf_counter()
        done = subprocess.run(command, check=False, env={**os.environ, "OMP_NUM_THREADS": "1"})
        seconds = time.perf_counter() - start
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024 / 1e9
    print(f"{SCENES * CLASSES} rows, {size:.0f} MB")
    print(f"time        {seconds:8.1f} s   {verdict(seconds, MOST_SECONDS, ' s')}")
    print(f"peak memory {memory:8.2f} GB  {verdict(memory, MOST_GB, ' GB')}")
    return int(done.returncode != 0 or seconds > MOST_SECONDS or memory > MOST_GB)


def verdict(value: float, limit: float, unit: str) -> str:
    """Whether a measured value keeps its limit."""
    return f"{'pass' if value <= limit else 'FAIL'}: at most {limit:g}{unit}"


if __name__ == "__main__":
    sys.exit(main())
