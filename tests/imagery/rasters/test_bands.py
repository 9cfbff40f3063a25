from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import rasterio

from pipeline.errors import ImageryError
from pipeline.imagery.rasters.raster import read_header
from pipeline.imagery.rasters.wavelengths import wanted_wavelength, wavelength_of
from tests.imagery.rasters.raster_files import UTM, group, read_all, write

PIXELS = np.arange(1, 5, dtype=np.uint16).reshape(4, 1, 1)


@pytest.fixture
def described(tmp_path: Path) -> Path:
    path = write(tmp_path / "a.tif", PIXELS, transform=UTM)
    with rasterio.open(path, "r+") as file:
        file.descriptions = ("Red", "NIR (842 nm)", "same", "Same ")
        file.update_tags(1, wavelength="665.0", wavelength_units="Nanometers")
        file.update_tags(3, ns="IMAGERY", CENTRAL_WAVELENGTH_UM="1.61")
    return path


@pytest.mark.parametrize(
    ("select", "read"),
    [
        ([4, 1], [4, 1]),
        (["red"], [1]),
        (["RED ", 3], [1, 3]),
        (["665nm"], [1]),
        (["670 nm"], [1]),
        (["830nm", "1600nm"], [2, 3]),
        (["nir (842 NM)"], [2]),
    ],
)
def test_selected_bands(described: Path, select: list[int | str], read: list[int]) -> None:
    pixels, _ = read_all(group(described, bands=len(select), select=select))
    assert pixels[:, 0, 0].tolist() == read


@pytest.mark.parametrize(
    ("select", "message"),
    [
        (5, "has 4 bands and no band 5"),
        ("blue", "has no band 'blue'; it describes its bands as 1 'Red' 665nm, 2 'NIR"),
        ("700nm", "has no band '700nm'"),
        ("same", "bands 3, 4 are all described as 'same'; select by number"),
    ],
)
def test_bands_that_are_not_there(described: Path, select: int | str, message: str) -> None:
    with pytest.raises(ImageryError, match=message):
        read_header(group(described, bands=1, select=[select]))


def test_bands_without_names(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", PIXELS, transform=UTM)
    with pytest.raises(ImageryError, match="its 4 bands have no descriptions and no wavelengths"):
        read_header(group(path, bands=1, select=["red"]))


@pytest.mark.parametrize(
    ("description", "tags", "nanometres"),
    [
        ("", {}, None),
        ("B4 (665 nm)", {}, 665),
        ("0.842 Micrometers", {}, 842),
        ("B04", {"WAVELENGTH": "664.6"}, 664.6),
        ("B04", {"wavelength": "0.6646", "wavelength_units": "Micrometers"}, 664.6),
        ("B04", {"central_wavelength_nm": "560"}, 560),
        ("B04", {"CENTRAL_WAVELENGTH_UM": "2.2"}, 2200),
        ("20 nm wide", {"wavelength": "none"}, 20),
        ("band10um2", {}, None),
        ("B04", {"wavelength": "0"}, None),
        ("B04", {"wavelength": "1" * 400}, None),
    ],
)
def test_wavelengths(description: str, tags: dict[str, str], nanometres: float | None) -> None:
    found = wavelength_of(description, tags)
    assert found == (None if nanometres is None else pytest.approx(nanometres))


def test_wanted_wavelengths() -> None:
    assert wanted_wavelength("665nm") == 665
    assert wanted_wavelength(" 842.5 NM ") == 842.5
    assert wanted_wavelength("B665nm") is None
    assert wanted_wavelength("nm") is None
