"""A tiny dataset of files, written by code: GeoTIFFs with coordinates, and labels of any kind."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import rasterio
from affine import Affine
from numpy.typing import NDArray
from rasterio.errors import NotGeoreferencedWarning

from pipeline.config import Config

UTM = "EPSG:32633"
PIXEL = 10.0
CLASSES = ({"code": 1, "name": "field"}, {"code": 2, "name": "lake"})


def to_map(column: float = 0, row: float = 0, pixel: float = PIXEL) -> Affine:
    """Pixel edges to UTM of an image whose first pixel lies so many pixels right and down."""
    origin = Affine.translation(400_000, 5_000_000) @ Affine.scale(PIXEL, -PIXEL)
    return origin @ Affine.translation(column, row) @ Affine.scale(pixel / PIXEL)


def write_image(
    path: Path,
    pixels: NDArray[Any],
    affine: Affine | None = None,
    crs: str | None = UTM,
    **options: Any,
) -> Path:
    """Write (C, H, W) pixels as GeoTIFF, or as what the name says."""
    path.parent.mkdir(parents=True, exist_ok=True)
    driver = {".png": "PNG", ".tif": "GTiff"}[path.suffix]
    count, height, width = pixels.shape
    place = {} if affine is None else {"transform": affine, "crs": crs}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        with rasterio.open(
            path,
            "w",
            driver=driver,
            count=count,
            height=height,
            width=width,
            dtype=pixels.dtype,
            **place,
            **options,
        ) as file:
            file.write(pixels)
    return path


def file_config(folder: Path, labels: Mapping[str, Any] | None, **sections: Any) -> Config:
    """Configuration of a folder with images/<id>.tif of two bands and labels of two classes.

    Args:
        folder: The dataset's folder.
        labels: Section ``dataset.labels``.
        sections: Keys over those of the sections, ``dataset`` among them.
    """
    group = {"name": "S", "file": "images/{id}.tif", "metres": PIXEL, "bands": ["red", "nir"]}
    dataset = {
        "layout": "files",
        "folder": str(folder),
        "classes": list(CLASSES),
        "groups": [group],
        "labels": None if labels is None else dict(labels),
        **sections.pop("dataset", {}),
    }
    tree: dict[str, Any] = {
        "dataset": dataset,
        "scenes": {"registration": "none", **sections.pop("scenes", {})},
        "tiles": {"metres": PIXEL},
        "augment": {"patch": 16, "stride": 8, "folds": 2},
        "network": {"kind": "unet", "width": 4, "depth": 1},
        "train": {"steps": 4, "batch": 2},
        "predict": {"window": 16, "d4": False},
        "models": [{"name": "all", "classes": [1, 2]}],
        **sections,
    }
    return Config.model_validate(tree)
