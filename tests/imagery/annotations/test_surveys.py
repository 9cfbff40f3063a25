"""What is found out about labels before there is a configuration."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pipeline.errors import ImageryError, LabelError
from pipeline.imagery.annotations.mask_survey import survey_mask
from pipeline.imagery.annotations.vector_survey import survey_vectors
from tests.imagery.annotations.rasters import write_tiff
from tests.imagery.annotations.test_masks import INDEX, RGB, write_png
from tests.imagery.annotations.vectors import UTM, square, write


@pytest.mark.parametrize("name", ["a.gpkg", "a.shp", "a.parquet", "a.geojson", "semicolon.csv"])
def test_columns_with_few_values(tmp_path: Path, name: str) -> None:
    shapes = [square(20 * place, 0) for place in range(70)] + [square(0, 50, 20), None]
    kinds = ["field"] * 70 + ["wood", "wood"]
    columns: dict[str, list[Any]] = {"kind": kinds, "number": list(range(72))}
    columns["half"] = [0.0, 1.0] * 36
    path = write(tmp_path / name, shapes, columns)
    (layer,) = survey_vectors(path).layers
    assert layer.features == 72
    assert layer.area == pytest.approx(7_400)
    assert layer.kinds == {"Polygon": 71, "None": 1}
    shares = layer.columns["kind"]
    assert {value: share.features for value, share in shares.items()} == {"field": 70, "wood": 2}
    assert shares["wood"].area == pytest.approx(400 / 7_400)
    assert shares["field"].area == pytest.approx(7_000 / 7_400)
    assert list(layer.columns) == ["kind", "half"], "72 numbers are no classes"
    assert set(layer.columns["half"]) == {"0", "1"}
    assert layer.crs == (None if name.endswith("csv") else UTM)
    assert layer.geometry == ("wkt" if name.endswith("csv") else None)
    assert layer.bounds == pytest.approx((500_000, 5_000_000, 501_390, 5_000_070))
    assert survey_vectors(path, most=10).layers[0].features == 10


def test_layers(tmp_path: Path) -> None:
    path = tmp_path / "a.gpkg"
    write(path, [square(0, 0)], layer="water")
    write(path, [square(0, 0, 20)], layer="wood")
    layers = survey_vectors(path).layers
    assert [(layer.name, layer.area) for layer in layers] == [("water", 100), ("wood", 400)]


def test_masks_of_numbers(tmp_path: Path) -> None:
    found = survey_mask(write_png(tmp_path / "a.png", INDEX))
    assert (found.code, found.binary, found.shape) == ("index", False, (2, 3))
    assert found.counts == {0: 2, 1: 2, 2: 2}
    assert found.pixels == 6
    for high in (1, 255):
        path = write_png(tmp_path / f"{high}.png", (INDEX == 1).astype(np.uint8) * high)
        assert survey_mask(path).binary
        assert survey_mask(path).counts == {0: 4, high: 2}
    grey = write_png(tmp_path / "grey.png", np.dstack([INDEX] * 3))
    assert survey_mask(grey).code == "index"


def test_masks_of_colours(tmp_path: Path) -> None:
    table = survey_mask(write_png(tmp_path / "a.png", INDEX, "P"))
    assert table.code == "index"
    assert table.palette == {0: "#000000", 1: "#ff0000", 2: "#008000"}
    found = survey_mask(write_png(tmp_path / "b.png", RGB))
    assert found.code == "colours"
    assert found.counts == {"#000000": 2, "#ff0000": 2, "#008000": 2}


def test_masks_of_bands(tmp_path: Path) -> None:
    bands = np.stack([INDEX == 0, INDEX > 0, INDEX == 2]).astype(np.uint8)
    found = survey_mask(write_tiff(tmp_path / "a.tif", bands))
    assert found.code == "bands"
    assert found.counts == {2: 4, 1: 2, 3: 2}


def test_photographs_are_no_masks(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (40, 40, 3)).astype(np.uint8)
    assert survey_mask(write_png(tmp_path / "a.png", noise)).counts == {}
    assert (
        survey_mask(write_tiff(tmp_path / "a.tif", np.array([[0.5, 1]], np.float32))).counts == {}
    )
    path = tmp_path / "b.png"
    Image.fromarray(noise).save(path, format="JPEG")
    with pytest.raises(LabelError, match="is a JPEG"):
        survey_mask(path)


def test_large_masks_are_looked_at_in_strips(tmp_path: Path) -> None:
    pixels = np.zeros((1_000, 50), np.uint8)
    pixels[900:] = 3
    found = survey_mask(write_tiff(tmp_path / "a.tif", pixels), limit=5_000)
    assert found.shape == (1_000, 50)
    assert 2_500 <= found.pixels <= 5_000
    assert found.counts[3] == pytest.approx(found.pixels / 10, rel=0.2)
    wide = survey_mask(write_tiff(tmp_path / "b.tif", pixels[:, :1].T), limit=30)
    assert wide.pixels == 30


NAMES = """<PAMDataset><PAMRasterBand band="1"><CategoryNames><Category></Category>
<Category>Wood</Category><Category> Water </Category></CategoryNames></PAMRasterBand>
</PAMDataset>"""
TABLE = """<PAMDataset><PAMRasterBand band="1"><GDALRasterAttributeTable>
<FieldDefn index="0"><Name>Value</Name><Type>0</Type><Usage>5</Usage></FieldDefn>
<FieldDefn index="1"><Name>Count</Name><Type>0</Type><Usage>1</Usage></FieldDefn>
<FieldDefn index="2"><Name>Class</Name><Type>2</Type><Usage>2</Usage></FieldDefn>
<Row index="0"><F>1</F><F>20</F><F>Wood</F></Row><Row index="1"><F>2</F><F>8</F><F>Water</F></Row>
<Row index="2"><F>many</F><F>8</F><F>Rock</F></Row></GDALRasterAttributeTable></PAMRasterBand>
</PAMDataset>"""


@pytest.mark.parametrize("text", [NAMES, TABLE], ids=["categories", "table"])
def test_names_beside_a_mask(tmp_path: Path, text: str) -> None:
    path = write_png(tmp_path / "a.png", INDEX)
    assert survey_mask(path).names == {}
    path.with_name("a.png.aux.xml").write_text(text)
    assert survey_mask(path).names == {1: "Wood", 2: "Water"}


def test_notes_that_tell_nothing(tmp_path: Path) -> None:
    path = write_png(tmp_path / "a.png", INDEX)
    notes = path.with_name("a.png.aux.xml")
    notes.write_text("<PAMDataset/>")
    assert survey_mask(path).names == {}
    notes.write_text(TABLE.replace("<Type>2</Type>", "<Type>0</Type>").replace(">2</U", ">0</U"))
    assert survey_mask(path).names == {}
    notes.write_text("<PAMDataset>")
    with pytest.raises(ImageryError, match=r"a\.png\.aux\.xml: is no whole XML"):
        survey_mask(path)
