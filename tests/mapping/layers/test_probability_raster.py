"""Probabilities as cloud-optimised GeoTIFF."""

from pathlib import Path

import numpy as np
import pytest
import rasterio

from pipeline.errors import ArtifactError
from pipeline.mapping.layers.probability_raster import write_cloud_optimised
from pipeline.mapping.prediction.raster import write_levels
from tests.mapping.layers.mosaic import TO_MAP

NAMES = ["Road", '../../x "<script>"\n']


def written(folder: Path, levels: np.ndarray, name: str = "out.tif") -> Path:
    write_levels(folder / "probability.tif", levels, TO_MAP, ("3", "7"))
    write_cloud_optimised(folder / name, folder / "probability.tif", "EPSG:32633", NAMES)
    return folder / name


def test_raster(tmp_path: Path) -> None:
    """1100 pixels need two overviews; the mean of an overview leaves out what has no answer."""
    levels = np.full((2, 1100, 1030), 100, np.uint8)
    levels[0, ::2, ::2] = 200
    levels[1, :, 1::2] = 0
    path = written(tmp_path, levels)
    with rasterio.open(path) as file:
        assert file.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
        assert file.tags(ns="IMAGE_STRUCTURE")["COMPRESSION"] == "DEFLATE"
        assert file.overviews(1) == file.overviews(2) == [2, 4]
        assert file.crs.to_epsg() == 32633
        assert file.transform == TO_MAP
        assert file.descriptions == tuple(NAMES)
        assert file.nodata == 0
        assert file.scales == (1 / 255, 1 / 255)
        assert file.offsets == (0, 0)
        np.testing.assert_array_equal(file.read(), levels)
    with rasterio.open(path, overview_level=0) as half:
        assert (half.read(1) == 125).all()
        assert (half.read(2) == 100).all()
    assert {entry.name for entry in tmp_path.iterdir()} == {"out.tif", "probability.tif"}


def test_same_levels_same_bytes(tmp_path: Path) -> None:
    levels = np.random.default_rng(0).integers(0, 256, (2, 30, 40), np.uint8)
    first = written(tmp_path, levels).read_bytes()
    assert written(tmp_path, levels, "again.tif").read_bytes() == first


def test_damaged_prediction(tmp_path: Path) -> None:
    (tmp_path / "probability.tif").write_bytes(b"II*\0 no more")
    with pytest.raises(ArtifactError, match=r"probability\.tif: damaged.*run `predict`"):
        write_cloud_optimised(
            tmp_path / "out.tif", tmp_path / "probability.tif", "EPSG:32633", NAMES
        )
    assert [entry.name for entry in tmp_path.iterdir()] == ["probability.tif"]
