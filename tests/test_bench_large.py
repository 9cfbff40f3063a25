"""The benchmark of large scenes: a field that is the same wherever it is cut, known objects."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import rasterio
import shapely

from pipeline.config.dataset import ClassRow
from pipeline.mapping.geojson import ClassObjects, write_geojson
from pipeline.mapping.polygons import trace
from tests.chain_project import ROOT

sys.path.insert(0, str(ROOT / "scripts"))

import bench_large


def test_a_part_of_the_field_is_cut_out_of_the_whole() -> None:
    whole = bench_large.field(slice(0, 700), slice(0, 900))
    part = bench_large.field(slice(310, 520), slice(77, 800))
    np.testing.assert_array_equal(part, whole[:, 310:520, 77:800])
    assert 0.1 < whole[0].mean() < 0.4


def test_rivers_and_roads_cross_it_in_one_part(tmp_path: Path) -> None:
    side = 2 * bench_large.APART
    on = bench_large.field(slice(0, side), slice(0, side))
    objects = []
    for code, mask in ((2, on[1]), (3, on[2])):
        parts = trace(mask)
        assert len(parts) == 2
        nothing = np.zeros(2)
        objects.append(ClassObjects(ClassRow(code=code, name="x"), parts, nothing, nothing))
    folder = tmp_path / "data/runs/large/polygons/scene-small0"
    folder.mkdir(parents=True)
    write_geojson(folder / "polygons.geojson", objects, bench_large.TO_MAP)
    wanted = {"river": (2, 2), "road": (2, 2)}
    assert bench_large.crossings(tmp_path, "small", side) == wanted
    objects[0].parts[1] = shapely.box(0, 500, side / 2, 520)
    write_geojson(folder / "polygons.geojson", objects, bench_large.TO_MAP)
    assert bench_large.crossings(tmp_path, "small", side) == {**wanted, "river": (1, 2)}


def test_images_hold_the_field(tmp_path: Path) -> None:
    """Each class shines in two bands of its own; strips of the file are no seams."""
    for name, mask in (("image", False), ("mask", True)):
        bench_large.write_image(tmp_path / f"{name}.tif", 600, (70, 40), mask=mask)
    with (
        rasterio.open(tmp_path / "image.tif") as image,
        rasterio.open(tmp_path / "mask.tif") as masks,
    ):
        assert (image.count, image.dtypes[0], image.shape) == (8, "uint16", (600, 600))
        assert image.crs.to_epsg() == 32633
        assert image.transform == masks.transform
        bands, classes = image.read(), masks.read()
    np.testing.assert_array_equal(classes, bench_large.field(slice(70, 670), slice(40, 640)))
    np.testing.assert_array_equal(bands[[1, 3, 5]] > 2000, classes > 0)
    assert (bands[6:] < 1100).all()
