"""The contest's files: the only place here that writes."""

from __future__ import annotations

import csv
import warnings
from collections.abc import Iterable, Mapping
from pathlib import Path

import rasterio
from rasterio.errors import NotGeoreferencedWarning

from pipeline.imagery.generated.objects import CLASSES
from pipeline.imagery.generated.sensor import Image

_PATHS = {
    "RGB": "three_band/{}.tif",
    "P": "sixteen_band/{}_P.tif",
    "M": "sixteen_band/{}_M.tif",
    "A": "sixteen_band/{}_A.tif",
}
_PLACEHOLDER = "POLYGON ((0 0, {x} 0, {x} {y}, 0 {y}, 0 0))"
Grid = tuple[float, float]
"""Xmax and Ymin of a scene."""


def write_images(folder: Path, name: str, images: Mapping[str, Image]) -> None:
    """Write the band groups (C, H, W) uint16 of a scene as TIFFs without CRS or transform."""
    for group, image in images.items():
        path = folder / _PATHS[group].format(name)
        path.parent.mkdir(exist_ok=True)
        count, height, width = image.shape
        with warnings.catch_warnings():
            # The contest's images carry no georeference either.
            warnings.simplefilter("ignore", NotGeoreferencedWarning)
            with rasterio.open(
                path, "w", driver="GTiff", count=count, height=height, width=width, dtype="uint16"
            ) as target:
                target.write(image)


def write_grid_sizes(folder: Path, grids: Mapping[str, Grid]) -> None:
    """Write grid_sizes.csv, whose first column has no header."""
    rows = ((name, _number(x), _number(y)) for name, (x, y) in grids.items())
    _write(folder / "grid_sizes.csv", ("", "Xmax", "Ymin"), rows)


def write_labels(path: Path, labels: Mapping[str, Mapping[int, str]]) -> None:
    """Write one row for each scene and class, in the layout of train_wkt_v4.csv."""
    rows = (
        (name, str(int(code)), texts[code]) for name, texts in labels.items() for code in CLASSES
    )
    _write(path, ("ImageId", "ClassType", "MultipolygonWKT"), rows)


def write_sample(folder: Path, grids: Mapping[str, Grid]) -> None:
    """Write sample_submission.csv: for each scene and class a polygon over the whole scene."""
    texts = {
        name: {int(code): _PLACEHOLDER.format(x=_number(x), y=_number(y)) for code in CLASSES}
        for name, (x, y) in grids.items()
    }
    write_labels(folder / "sample_submission.csv", texts)


def _number(value: float) -> str:
    return f"{value:.9f}".rstrip("0")


def _write(path: Path, header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as target:
        writer = csv.writer(target, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)
