"""A tiny dataset in the contest's layout, written by code: any subset of the band groups.

Every scene is 30 m wide. From left to right lie equal stripes: bare ground, then one stripe per
class, each from a quarter to three quarters of the height. A band's number is ``GROUND``, plus
``STEP`` times the place of the class in ``codes`` (1, 2 ...) on its stripe, plus ten times the
band's place in its group, plus noise of at most 2: simple enough to expect results by hand and to
be learned in a few steps.
"""

from __future__ import annotations

import csv
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.errors import NotGeoreferencedWarning
from shapely import MultiPolygon, box

from pipeline.config import Config
from pipeline.imagery.rasters.group_files import GroupFiles
from pipeline.imagery.rasters.raster import open_raster

GROUND = 300
STEP = 400
X_MAX, Y_MIN = 0.0092, -0.009
TRAIN = ("6010_0_0", "6020_0_0", "6030_0_0")
TEST = ("6040_0_0",)
CODES = (1, 5)
GROUPS: Mapping[str, tuple[str, float, int, tuple[str, ...]]] = {
    "RGB": ("three_band/{id}.tif", 0.3125, 96, ("red", "green", "blue")),
    "P": ("sixteen_band/{id}_P.tif", 0.3125, 96, ("pan",)),
    "M": (
        "sixteen_band/{id}_M.tif",
        1.25,
        24,
        ("coastal", "blue", "green", "yellow", "red", "red_edge", "nir1", "nir2"),
    ),
    "A": ("sixteen_band/{id}_A.tif", 7.5, 4, tuple(f"swir{i}" for i in range(1, 9))),
}
"""File, metres per pixel, pixels per side and bands of each group."""


def write_contest_folder(
    folder: Path,
    groups: Sequence[str] = ("RGB", "P", "M", "A"),
    train: Sequence[str] = TRAIN,
    test: Sequence[str] = TEST,
    codes: Sequence[int] = CODES,
    magnify: int = 1,
) -> Path:
    """Write images, grid sizes, labels, sample submission and solution.

    Args:
        folder: Where to; made if missing.
        groups: Names out of ``GROUPS``.
        train: Ids of the labelled scenes.
        test: Ids of the scenes of the sample, whose labels go to ``solution.csv``.
        codes: Class codes.
        magnify: Factor of the number of pixels per side (the scenes grow, not the resolution).

    Returns:
        The folder.
    """
    ids = list(dict.fromkeys([*train, *test]))
    for seed, scene in enumerate(ids):
        for name in groups:
            pattern, _, side, bands = GROUPS[name]
            pixels = stripes(side * magnify, len(bands), len(codes), seed)
            write_tiff(folder / pattern.format(id=scene), pixels)
    grid = [(scene, X_MAX * magnify, Y_MIN * magnify) for scene in ids]
    write_rows(folder / "grid_sizes.csv", ("", "Xmax", "Ymin"), grid)
    labels = [
        (code, outline(place, len(codes), magnify).wkt) for place, code in enumerate(codes, start=1)
    ]
    header = ("ImageId", "ClassType", "MultipolygonWKT")
    for file, scenes, empty in (
        ("train_wkt_v4.csv", train, False),
        ("solution.csv", test, False),
        ("sample_submission.csv", test, True),
    ):
        rows = [
            (scene, code, "MULTIPOLYGON EMPTY" if empty else text)
            for scene in scenes
            for code, text in labels
        ]
        write_rows(folder / file, header, rows)
    return folder


def contest_tree(
    folder: Path,
    groups: Sequence[str] = ("RGB", "P", "M", "A"),
    codes: Sequence[int] = CODES,
    **sections: Any,
) -> dict[str, Any]:
    """Configuration of such a folder as a tree, to be written as YAML or validated.

    Args:
        folder: The dataset's folder.
        groups: Names of the groups that were written.
        codes: Class codes that were written.
        sections: Further sections, such as ``train={"steps": 3}``; they replace the defaults.
    """
    tree: dict[str, Any] = {
        "dataset": {
            "folder": str(folder),
            "classes": [{"code": code, "name": f"class {code}"} for code in codes],
            "groups": [
                {
                    "name": name,
                    "file": GROUPS[name][0],
                    "metres": GROUPS[name][1],
                    "bands": list(GROUPS[name][3]),
                }
                for name in groups
            ],
        },
        "scenes": {"registration": "none"},
        "tiles": {"metres": 1.25},
        "augment": {"patch": 16, "stride": 8, "folds": 2},
        "network": {"kind": "unet", "width": 4, "depth": 2},
        "train": {"steps": 4, "batch": 2, "validations": 2},
        "predict": {"window": 16},
    }
    return {**tree, **sections}


def contest_config(
    folder: Path,
    groups: Sequence[str] = ("RGB", "P", "M", "A"),
    codes: Sequence[int] = CODES,
    **sections: Any,
) -> Config:
    """The checked configuration of :func:`contest_tree`."""
    return Config.model_validate(contest_tree(folder, groups, codes, **sections))


def stripes(side: int, bands: int, classes: int, seed: int) -> NDArray[np.uint16]:
    """Pixels (bands, side, side) of one group."""
    rng = np.random.default_rng(seed)
    pixels = np.full((bands, side, side), GROUND, dtype=np.float64)
    pixels += 10 * np.arange(bands)[:, None, None]
    edges = np.linspace(0, side, classes + 2).round().astype(int)
    for place in range(1, classes + 1):
        pixels[:, side // 4 : side * 3 // 4, edges[place] : edges[place + 1]] += STEP * place
    pixels += rng.integers(-2, 3, pixels.shape)
    return pixels.astype(np.uint16)


def outline(place: int, classes: int, magnify: int = 1) -> MultiPolygon:
    """Stripe of the class at ``place`` (1, 2 ...), in grid units."""
    width, height = X_MAX * magnify, Y_MIN * magnify
    left, right = width * place / (classes + 1), width * (place + 1) / (classes + 1)
    return MultiPolygon([box(left, height * 0.75, right, height * 0.25)])


def read_group(path: Path, bands: int) -> NDArray[Any]:
    """Pixels (C, H, W) of a file."""
    with open_raster(GroupFiles(path.parent, (path,), bands)) as raster:
        height, width = raster.header.shape
        return raster.read(slice(0, height), slice(0, width))[0]


def write_tiff(path: Path, pixels: NDArray[Any]) -> None:
    """Write (C, H, W) pixels without any georeference, as the contest's files are."""
    path.parent.mkdir(parents=True, exist_ok=True)
    count, height, width = pixels.shape
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        with rasterio.open(
            path,
            "w",
            driver="GTiff",
            count=count,
            height=height,
            width=width,
            dtype=pixels.dtype,
            interleave="band",
        ) as file:
            file.write(pixels)


def write_rows(path: Path, header: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Write a CSV table."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)
