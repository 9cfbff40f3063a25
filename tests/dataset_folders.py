"""Folders that look like datasets of other people, small and learnable: a class is a spectrum."""

from __future__ import annotations

import warnings
from pathlib import Path

import geopandas as gpd
import numpy as np
import rasterio
import shapely
from affine import Affine
from numpy.typing import NDArray
from PIL import Image
from rasterio.errors import NotGeoreferencedWarning
from rasterio.features import shapes
from rasterio.warp import transform_geom

from pipeline.imagery.rasters.group_files import WebTile
from pipeline.imagery.rasters.web_tiles import tile_transform

Ground = NDArray[np.uint8]
CELL = 8
"""Objects are made of squares of so many pixels."""
SENTINEL_2 = {
    10: ("B02", "B03", "B04", "B08"),
    20: ("B05", "B06", "B07", "B8A", "B11", "B12"),
    60: ("B01", "B09"),
}


def ground(seed: int, shape: tuple[int, int], classes: int, cell: int = CELL) -> Ground:
    """Classes (H, W) of squares: 0 on a half of the ground, 1 to ``classes`` on the rest."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(1, classes + 1, (-(-shape[0] // cell), -(-shape[1] // cell)))
    coarse[rng.random(coarse.shape) < 0.5] = 0
    whole = coarse.repeat(cell, axis=0).repeat(cell, axis=1)[: shape[0], : shape[1]]
    return whole.astype(np.uint8)


def light(seed: int, on: Ground, bands: int, low: float, high: float) -> NDArray[np.float64]:
    """Brightness (C, H, W) between two numbers: a spectrum per class, and noise."""
    spectra = np.random.default_rng(7).uniform(low, high, (int(on.max()) + 1, bands))
    noise = np.random.default_rng(seed).normal(0, 0.04 * (high - low), (bands, *on.shape))
    return np.clip(spectra[on].transpose(2, 0, 1) + noise, low, high)


def write_tiff(
    path: Path,
    pixels: NDArray[np.generic],
    crs: str | None = None,
    to_map: Affine | None = None,
    names: tuple[str, ...] = (),
    nodata: float | None = None,
) -> None:
    """Write (C, H, W) as a GeoTIFF."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        with rasterio.open(
            path,
            "w",
            driver="GTiff",
            count=len(pixels),
            height=pixels.shape[1],
            width=pixels.shape[2],
            dtype=pixels.dtype.name,
            crs=crs,
            transform=to_map or Affine.identity(),
            nodata=nodata,
        ) as file:
            file.write(pixels)
            for number, name in enumerate(names, 1):
                file.set_band_description(number, name)


def write_png(path: Path, pixels: NDArray[np.uint8]) -> None:
    """Write (H, W) or (H, W, 3) as a picture of the format that the name says."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)


def outlines(on: Ground, to_map: Affine, classes: tuple[int, ...]) -> gpd.GeoDataFrame:
    """Polygons of classes in map units, with a column ``code``."""
    found = [
        {"code": int(value), "geometry": shapely.geometry.shape(one)}
        for one, value in shapes(on, transform=to_map)
        if int(value) in classes
    ]
    return gpd.GeoDataFrame(found, geometry="geometry")


def write_naip(folder: Path, rows: int = 3, columns: int = 4, side: int = 64) -> Path:
    """Chips of four bands of 8 bits that touch, 0.6 m in UTM, with index masks; 3 is rare."""
    for row in range(rows):
        for column in range(columns):
            number = row * columns + column
            on = ground(number, (side, side), 2)
            if number == 0:
                on[:2, :2] = 3
            corner = Affine.translation(500_000 + 0.6 * side * column, 4_000_000 - 0.6 * side * row)
            pixels = light(number, on, 4, 20, 230).astype(np.uint8)
            name = f"m_{number:03}"
            to_map = corner @ Affine.scale(0.6, -0.6)
            write_tiff(folder / "images" / f"{name}.tif", pixels, "EPSG:26917", to_map)
            write_png(folder / "masks" / f"{name}.png", on)
    return folder


def write_web_tiles(folder: Path, pattern: str, side: int = 64) -> Path:
    """Chips of three colours named by their tiles of a web map, and buildings in lon/lat.

    Args:
        folder: Where to.
        pattern: Path of a chip, as ``{z}/{x}/{y}.png``.
        side: Pixels.
    """
    footprints = []
    for number in range(12):
        tile = WebTile(18, 70_000 + number % 4, 90_000 + number // 4)
        on = ground(number, (side, side), 1, 16)
        pixels = light(number, on, 3, 20, 230).astype(np.uint8).transpose(1, 2, 0)
        chip = folder / pattern.format(z=tile.z, x=tile.x, y=tile.y)
        write_png(chip, np.ascontiguousarray(pixels))
        to_map, crs = tile_transform(tile, (side, side))
        for one in outlines(on, to_map, (1,)).geometry:
            there = transform_geom(crs, "EPSG:4326", shapely.geometry.mapping(one))
            footprints.append({"height": 3.5 + number, "geometry": shapely.geometry.shape(there)})
    table = gpd.GeoDataFrame(footprints, geometry="geometry", crs="EPSG:4326")
    table.to_file(folder / "buildings.geojson", driver="GeoJSON")
    return folder


COLOURS = {0: (0, 0, 0), 1: (0, 0, 255), 2: (0, 128, 0), 3: (255, 255, 0)}


def write_coloured_scene(folder: Path, shape: tuple[int, int] = (150, 170)) -> Path:
    """One scene of five bands of 16 bits in UTM, and a truth image whose colours are classes."""
    on = ground(1, shape, 3)
    pixels = light(1, on, 5, 200, 6000).astype(np.uint16)
    to_map = Affine.translation(600_000, 5_000_000) @ Affine.scale(2.0, -2.0)
    write_tiff(folder / "scene.tif", pixels, "EPSG:32633", to_map)
    write_png(folder / "truth.png", np.array([COLOURS[n] for n in range(4)], np.uint8)[on])
    return folder


def write_sentinel_2(folder: Path, together: bool, side: int = 96) -> Path:
    """A Sentinel-2 scene in UTM with labels in a shapefile.

    Args:
        folder: Where to.
        together: Whether one file of 10 m holds all thirteen bands; else each has a file of its
            own, of 10, 20 or 60 m.
        side: Pixels of 10 m.
    """
    on = ground(2, (side, side), 3, 12)
    corner = Affine.translation(400_000, 5_200_000)
    pixels = light(2, on, 13, 300, 5000)
    if together:
        path = folder / "S2A_MSIL2A_T33.tif"
        write_tiff(path, pixels.astype(np.uint16), "EPSG:32633", corner @ Affine.scale(10, -10))
    else:
        for metres, names in SENTINEL_2.items():
            factor = metres // 10
            for number, name in enumerate(names):
                small = pixels[number + metres % 7].reshape(
                    side // factor, factor, side // factor, factor
                )
                write_tiff(
                    folder / f"T33TVM_20200601_{name}.tif",
                    small.mean((1, 3))[None].astype(np.uint16),
                    "EPSG:32633",
                    corner @ Affine.scale(metres, -metres),
                )
    table = outlines(on, corner @ Affine.scale(10, -10), (1, 2, 3))
    words = {1: "forest", 2: "water", 3: "crops"}
    table["gid"] = np.arange(len(table)) + 1000
    table["landuse"] = [words[code] for code in table.pop("code")]
    (folder / "labels").mkdir(parents=True, exist_ok=True)
    table.set_crs("EPSG:32633").to_file(folder / "labels" / "landuse.shp")
    return folder


def write_products(folder: Path, products: int, side: int = 48) -> Path:
    """Sentinel-2 products as they are unpacked: bands of 10 m again at 20 m, and extras beside."""
    again = {10: SENTINEL_2[10], 20: ("B02", *SENTINEL_2[20]), 60: ("B02", "B09")}
    for number in range(products):
        name = f"T33TV{'MNP'[number]}_20200601"
        for metres, bands in again.items():
            wide = side * 10 // metres
            pixels = light(number, ground(number, (wide, wide), 2, 2), len(bands) + 1, 300, 5000)
            to_map = Affine.translation(400_000 + 10 * side * number, 5_200_000)
            for place, band in enumerate((*bands, "WVP")):
                write_tiff(
                    folder / f"S2A_{name}.SAFE/{name}/R{metres}m/{name}_{band}_{metres}m.tif",
                    pixels[place][None].astype(np.uint16),
                    "EPSG:32633",
                    to_map @ Affine.scale(metres, -metres),
                )
    return folder


def write_landsat(folder: Path, chips: int = 10, side: int = 64) -> Path:
    """Chips without coordinates: seven bands of light, quality flags, and heights with gaps."""
    for number in range(chips):
        rng = np.random.default_rng(number)
        on = ground(number, (side, side), 1)
        pixels = light(number, on, 7, -50, 4500)
        flags = rng.choice([64, 128, 192], (1, side, side))
        height = 200.0 * number + rng.integers(0, 12, (1, side, side))
        if number % 5 == 0:
            height[:, :4] = -9999
        stack = np.concatenate([pixels, flags, height]).astype(np.int16)
        write_tiff(folder / "images" / f"{number:03}.tif", stack)
        write_png(folder / "masks" / f"{number:03}.png", 255 * on)
    return folder
