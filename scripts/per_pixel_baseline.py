r"""How far spectra alone carry: a classifier that sees one pixel at a time, no context.

    python scripts/per_pixel_baseline.py --data data/raw/demo \
        --compare data/runs/demo/score/score.json

It trains gradient boosting per class on every channel of a dataset in the contest's layout plus
normalised differences, chooses each class's threshold on places left out of training, averages
the folds' models as the pipeline does, and scores the test scenes by their solution file. With
``--compare`` it exits with 1 where it reaches more than ``--at-most`` of a run's mean Jaccard: then
the scenes are too easy to say anything about networks.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.errors import NotGeoreferencedWarning
from rasterio.features import rasterize
from shapely import from_wkt
from sklearn.ensemble import HistGradientBoostingClassifier

from pipeline.imagery.transform import Shape, contest_affine, moved, rescaled

CLASSES = tuple(range(1, 11))
PATHS = (
    "three_band/{}.tif",
    "sixteen_band/{}_P.tif",
    "sixteen_band/{}_M.tif",
    "sixteen_band/{}_A.tif",
)
RGB_METRES = 0.31
# Channels of the stack that normalised differences are made of, (first, second) each: NDVI, NDWI,
# red edge, NIR against SWIR, red against SWIR, NIR2 against SWIR, blue against red, clay.
PAIRS = ((10, 8), (6, 10), (10, 9), (10, 14), (8, 14), (11, 16), (5, 8), (14, 17))
POSITIVES, NEGATIVES, ROUNDS = 10000, 20000, 100
LEVELS = 256

Features = NDArray[np.float32]
Truth = NDArray[np.bool_]
Counts = NDArray[np.int64]


@dataclass(frozen=True)
class Pixels:
    """A scene as a table: features (N, C) float32 and truth (N, 10) bool of its N pixels."""

    scene: str
    features: Features
    truth: Truth


def main() -> int:
    """Train, score, print; 1 where the comparison fails."""
    options = _options()
    train = read_scenes(options.data, "train_wkt_v4.csv", options.resolution)
    test = read_scenes(options.data, "solution.csv", options.resolution)
    rows = [per_class(train, test, code) for code in CLASSES]
    mean = sum(jaccard(counts) for _, counts in rows) / len(rows)
    print("class  threshold  jaccard")
    for code, (threshold, counts) in zip(CLASSES, rows, strict=True):
        print(f"{code:5d}  {threshold:9.2f}  {jaccard(counts):7.3f}")
    print(f" mean             {mean:7.3f}")
    return compare(mean, options.compare, options.at_most) if options.compare else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, required=True, help="dataset folder, contest layout")
    parser.add_argument("--resolution", type=float, default=1.24, help="metres per pixel")
    parser.add_argument("--compare", type=Path, help="score.json of a run on the same dataset")
    parser.add_argument("--at-most", type=float, default=0.7, help="largest ratio that passes")
    return parser.parse_args()


def compare(mean: float, score: Path, at_most: float) -> int:
    """Print the ratio to the network's mean Jaccard; 0 where it is small enough, else 1."""
    network = float(json.loads(score.read_text(encoding="utf-8"))["mean_jaccard"])
    ratio = mean / network if network > 0 else float("inf")
    verdict = "holds" if ratio <= at_most else "FAILS"
    print(f"network {network:.3f}, per pixel {mean:.3f}: ratio {ratio:.3f} <= {at_most} {verdict}")
    return 0 if ratio <= at_most else 1


def per_class(train: list[Pixels], test: list[Pixels], code: int) -> tuple[float, Counts]:
    """Threshold from left-out places, and (tp, fp, fn) on the test scenes, of one class."""
    column = code - 1
    folds = _folds(train)
    left_out = np.zeros((LEVELS, 2), dtype=np.int64)
    chances = [np.zeros(len(scene.truth)) for scene in test]
    for number, fold in enumerate(folds):
        rest = [scene for other in folds[:number] + folds[number + 1 :] for scene in other]
        model = _fitted(rest or fold, column, seed=number)
        for scene in fold:
            left_out += _levels(_chance(model, scene), scene.truth[:, column])
        for index, scene in enumerate(test):
            chances[index] += _chance(model, scene) / len(folds)
    threshold = _best(left_out)
    counts = np.zeros(3, dtype=np.int64)
    for chance, scene in zip(chances, test, strict=True):
        counts += _counts(chance >= threshold, scene.truth[:, column])
    return threshold, counts


def jaccard(counts: Counts) -> float:
    """Jaccard index of (tp, fp, fn); 0 where there is nothing at all."""
    return float(counts[0] / max(1, counts.sum()))


def _folds(train: list[Pixels]) -> list[list[Pixels]]:
    """Two folds; scenes of one row and column stay together, since a twin shares both."""
    places = sorted({_place(scene) for scene in train})
    return [
        fold
        for half in (0, 1)
        if (fold := [scene for scene in train if places.index(_place(scene)) % 2 == half])
    ]


def _place(scene: Pixels) -> str:
    return scene.scene.split("_", 1)[1]


def _fitted(scenes: list[Pixels], column: int, seed: int) -> HistGradientBoostingClassifier | None:
    rng = np.random.default_rng(seed)
    truth = np.concatenate([scene.truth[:, column] for scene in scenes])
    if not truth.any():
        return None
    chosen = np.concatenate(
        [
            rng.permutation(np.flatnonzero(truth))[:POSITIVES],
            rng.permutation(np.flatnonzero(~truth))[:NEGATIVES],
        ]
    )
    features = np.concatenate([scene.features for scene in scenes])[chosen]
    model = HistGradientBoostingClassifier(max_iter=ROUNDS, random_state=seed)
    return model.fit(features, truth[chosen])


def _chance(model: HistGradientBoostingClassifier | None, scene: Pixels) -> NDArray[np.float64]:
    if model is None:
        return np.zeros(len(scene.truth))
    return np.asarray(model.predict_proba(scene.features)[:, 1])


def _levels(chance: NDArray[np.float64], truth: Truth) -> Counts:
    """Number (LEVELS, 2) of pixels of each level: negatives and positives."""
    level = np.minimum((chance * LEVELS).astype(int), LEVELS - 1)
    sides = [np.bincount(level[truth == side], minlength=LEVELS) for side in (False, True)]
    return np.stack(sides, axis=1)


def _best(levels: Counts) -> float:
    """Threshold of the highest pooled Jaccard, from counts at every level."""
    above = levels[::-1].cumsum(axis=0)[::-1]
    union = above[:, 0] + levels[:, 1].sum()
    return float(np.argmax(above[:, 1] / np.maximum(1, union))) / LEVELS


def _counts(predicted: Truth, truth: Truth) -> Counts:
    pairs = ((predicted & truth), (predicted & ~truth), (~predicted & truth))
    return np.array([pair.sum() for pair in pairs], dtype=np.int64)


def read_scenes(data: Path, labels: str, resolution: float) -> list[Pixels]:
    """Scenes of a label file as pixels of ``resolution`` metres."""
    csv.field_size_limit(2**31 - 1)
    with (data / "grid_sizes.csv").open(encoding="utf-8", newline="") as source:
        grids = {row[0]: (float(row[1]), float(row[2])) for row in list(csv.reader(source))[1:]}
    with (data / labels).open(encoding="utf-8", newline="") as source:
        rows = [(row[0], int(row[1]), row[2]) for row in list(csv.reader(source))[1:]]
    return [
        _scene(data, name, grids[name], [row[1:] for row in rows if row[0] == name], resolution)
        for name in dict.fromkeys(row[0] for row in rows)
    ]


def _scene(
    data: Path,
    name: str,
    grid: tuple[float, float],
    labels: Iterable[tuple[int, str]],
    resolution: float,
) -> Pixels:
    groups = [_image(data / path.format(name)) for path in PATHS]
    full: Shape = groups[0].shape[1], groups[0].shape[2]
    scale = RGB_METRES / resolution
    shape: Shape = max(1, round(full[0] * scale)), max(1, round(full[1] * scale))
    stack = np.concatenate([_resized(group, shape) for group in groups])
    pixels = np.concatenate([stack, _differences(stack)]).reshape(-1, shape[0] * shape[1]).T
    seen = stack.min(axis=0).ravel() > 0
    to_pixels = ~rescaled(contest_affine(*grid, full), full, shape)
    truth = np.zeros((shape[0] * shape[1], len(CLASSES)), dtype=bool)
    for code, text in labels:
        shapes = moved(from_wkt(text), to_pixels)
        if not shapes.is_empty:
            truth[:, code - 1] = rasterize([shapes], out_shape=shape).ravel() > 0
    return Pixels(name, np.ascontiguousarray(pixels[seen]), truth[seen])


def _image(path: Path) -> Features:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        with rasterio.open(path) as source:
            return np.asarray(source.read(), dtype=np.float32)


def _resized(group: Features, shape: Shape) -> Features:
    """Group (C, H, W) on a grid: averaged down, interpolated up."""
    way = cv2.INTER_AREA if group.shape[1] > shape[0] else cv2.INTER_LINEAR
    size = (shape[1], shape[0])
    return np.stack([cv2.resize(band, size, interpolation=way) for band in group])


def _differences(stack: Features) -> Features:
    """Normalised differences (len(PAIRS), H, W)."""
    pairs = [(stack[first], stack[second]) for first, second in PAIRS]
    return np.stack([(one - two) / np.maximum(one + two, 1) for one, two in pairs])


if __name__ == "__main__":
    sys.exit(main())
