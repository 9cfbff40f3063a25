"""Levels on disk and back."""

from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine

from pipeline.errors import ArtifactError
from pipeline.mapping.prediction.raster import read_levels, write_levels

TO_MAP = Affine(0.5, 0, 3, 0, -0.25, 7)


@pytest.mark.parametrize("shape", [(1, 1, 1), (3, 5, 400), (4, 300, 17), (12, 9, 9)])
def test_there_and_back(tmp_path: Path, shape: tuple[int, int, int]) -> None:
    levels = np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)
    write_levels(tmp_path / "a.tif", levels, TO_MAP, [str(k) for k in range(shape[0])])
    np.testing.assert_array_equal(read_levels(tmp_path / "a.tif"), levels)
    with rasterio.open(tmp_path / "a.tif") as file:
        assert file.transform == TO_MAP
        assert file.profile["tiled"]
        assert file.compression.name == "deflate"
        assert {kind.name for kind in file.colorinterp} <= {"gray", "undefined"}


def test_same_levels_give_the_same_bytes(tmp_path: Path) -> None:
    levels = np.arange(512, dtype=np.uint8).reshape(2, 16, 16)
    for name in "ab":
        write_levels(tmp_path / name, levels, TO_MAP, "xy")
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_damaged_files(tmp_path: Path) -> None:
    (tmp_path / "a.tif").write_bytes(b"II*\x00nothing")
    with pytest.raises(ArtifactError, match="damaged"):
        read_levels(tmp_path / "a.tif")
    with pytest.raises(ArtifactError, match="damaged"):
        read_levels(tmp_path / "none.tif")
    with rasterio.open(
        tmp_path / "b.tif", "w", "GTiff", 4, 4, 1, dtype="uint16", transform=TO_MAP
    ) as file:
        file.write(np.zeros((1, 4, 4), np.uint16))
    with pytest.raises(ArtifactError, match="holds uint16"):
        read_levels(tmp_path / "b.tif")
