"""``python -m pipeline init``: what it writes, and chains from what it wrote."""

from __future__ import annotations

import csv
import importlib
import json
from collections.abc import Callable
from pathlib import Path
from shutil import copyfile

import geopandas
import numpy as np
import pytest
import rasterio
import yaml
from shapely import box

from pipeline.chain import CHAIN
from pipeline.cli import app
from pipeline.config import load_config
from pipeline.config.labels import MaskLabels, VectorLabels
from pipeline.errors import ConfigError
from pipeline.stages.job import open_job
from pipeline.stages.prepare import prepare
from tests import dataset_folders as folders
from tests.test_real_scenes import real_scenes

SHORT = (
    *("train.steps=30", "train.batch=4", "train.validations=1", "train.precision=float32"),
    *("network.width=4", "network.depth=3", "predict.d4=false", "augment.folds=2"),
)
OPTIONAL = ("search", "tune")


def _init(*arguments: str) -> None:
    app(["init", *arguments], standalone_mode=False)


def test_writes_a_file_and_never_over_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    folders.write_coloured_scene(tmp_path / "my data")
    _init("my data")
    path = tmp_path / "configs" / "my_data.yaml"
    text = path.read_text()
    assert load_config(path).dataset.folder == Path("my data")
    assert "next: make submission CONFIG=configs/my_data.yaml" in capsys.readouterr().out
    path.write_text("mine: true\n")
    with pytest.raises(ConfigError, match=r"my_data\.yaml: is there already"):
        _init("my data")
    assert path.read_text() == "mine: true\n"
    _init("my data", "--force")
    assert path.read_text() == text
    assert [one.name for one in path.parent.iterdir()] == ["my_data.yaml"]
    with pytest.raises(ConfigError, match="the name of a configuration"):
        _init("my data", "--name", "../x")


def _chain(folder: Path, name: str, *more: str) -> dict[str, float]:
    """Run a configuration that was written from scenes to score; Jaccard index by class."""
    config = load_config(folder / "configs" / f"{name}.yaml", [*SHORT, *more])
    job = open_job(config, name)
    prepare(job)
    for stage in CHAIN:
        if stage.name not in OPTIONAL:
            importlib.import_module(stage.module).run(job)
    score = json.loads((job.run / "score" / "score.json").read_text())
    assert any((job.run / "polygons").rglob("*.geojson"))
    return {row["name"]: row["jaccard"] for row in score["classes"].values()}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("write", "least"),
    [
        pytest.param(lambda folder: folders.write_naip(folder, 2, 4, 48), 0.2, id="aerial"),
        pytest.param(
            lambda folder: folders.write_web_tiles(folder, "{z}/{x}/{y}.png", 48), 0.6, id="tiles"
        ),
        pytest.param(
            lambda folder: folders.write_coloured_scene(folder, (96, 112)), 0.2, id="colours"
        ),
        pytest.param(lambda folder: folders.write_sentinel_2(folder, False), 0.2, id="sentinel-2"),
        pytest.param(lambda folder: folders.write_landsat(folder, 6, 48), 0.5, id="landsat"),
    ],
)
def test_chain_from_a_folder_unedited(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write: Callable[[Path], Path], least: float
) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "data")
    _init("data", "--name", "x")
    scores = _chain(tmp_path, "x")
    assert np.mean(list(scores.values())) > least


def test_real_sentinel_2_scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = real_scenes() / "sentinel2_lulc"
    monkeypatch.chdir(tmp_path)
    _init(str(data))
    config = load_config(tmp_path / "configs" / "sentinel2_lulc.yaml")
    (group,) = config.dataset.groups
    assert (group.file, group.metres, len(group.bands)) == ("{id}.tif", 10, 13)
    assert group.scale == 10_000
    names = [row.name for row in config.dataset.classes]
    assert names == ["forest", "grassland", "schrubland", "artificial surface"]
    labels = config.dataset.labels
    assert isinstance(labels, VectorLabels)
    assert labels.file == "labels.gpkg"
    assert labels.column == "LULC_NAME"
    assert labels.ignore == ("",)
    assert (config.dataset.blocks, config.augment.folds) == (51, 2)
    assert config.tiles.metres == 5


@pytest.mark.slow
def test_polygons_of_the_real_sentinel_2_scene_lie_on_its_labels(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = real_scenes() / "sentinel2_lulc"
    monkeypatch.chdir(tmp_path)
    _init(str(data))
    more = ("train.steps=60", "train.batch=8", "network.width=8", "evaluate.thresholds=0.5")
    _chain(tmp_path, "sentinel2_lulc", *more)
    polygons = tmp_path / "data" / "runs" / "sentinel2_lulc" / "polygons"
    found = geopandas.read_file(polygons / "map.gpkg", layer="polygons")
    assert found.crs.to_epsg() == 32633
    with rasterio.open(data / "scene.tif") as scene:
        ground = box(*scene.bounds)
    labels = geopandas.read_file(data / "labels.gpkg").clip(ground)
    for name, least in (("forest", 0.75), ("grassland", 0.45)):
        truth = labels[labels["LULC_NAME"] == name].geometry.union_all()
        ours = found[found["class"] == name].geometry.union_all()
        assert ours.intersection(truth).area > least * ours.union(truth).area, name
    world = json.loads((polygons / "map.geojson").read_text())
    bounds = geopandas.GeoSeries([ground], crs=32633).to_crs(4326).total_bounds
    assert world["bbox"] == pytest.approx(bounds, abs=0.001)


@pytest.mark.slow
def test_real_landsat_chips_are_learned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = tmp_path / "landsat_water"
    for kind, ending in (("images", "tif"), ("masks", "png")):
        (data / kind).mkdir(parents=True)
        for path in sorted((real_scenes() / "landsat_water" / kind).glob(f"*.{ending}"))[:24]:
            copyfile(path, data / kind / path.name)
    monkeypatch.chdir(tmp_path)
    _init(str(data))
    assert _chain(tmp_path, "landsat_water")["Water"] > 0.2


def test_real_landsat_chips(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = real_scenes() / "landsat_water"
    monkeypatch.chdir(tmp_path)
    _init(str(data))
    config = load_config(tmp_path / "configs" / "landsat_water.yaml")
    (group,) = config.dataset.groups
    assert group.select == (1, 2, 3, 4, 5, 6, 7)
    assert group.bands == ("coastal", "blue", "green", "red", "nir", "swir1", "swir2")
    assert (group.file, group.metres) == ("images/{id}.tif", 30)
    assert [(row.code, row.name) for row in config.dataset.classes] == [(1, "Water")]
    labels = config.dataset.labels
    assert isinstance(labels, MaskLabels)
    assert labels.file == "masks/{id}.png"
    assert config.features.indices == ("NDVI", "NDWI", "EVI", "SAVI")


def test_real_contest_scenes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = real_scenes() / "dstl_swir"
    monkeypatch.chdir(tmp_path)
    _init(str(data))
    tree = yaml.safe_load((tmp_path / "configs" / "dstl_swir.yaml").read_text())
    shipped = load_config(Path(__file__).parent.parent / "configs" / "dstl_swir.yaml")
    config = load_config(tmp_path / "configs" / "dstl_swir.yaml")
    assert config.dataset.groups == shipped.dataset.groups
    assert config.dataset.classes == shipped.dataset.classes
    assert config.dataset.unit_metres == shipped.dataset.unit_metres
    assert config.scenes == shipped.scenes
    assert config.features == shipped.features
    assert config.augment == shipped.augment
    assert config.polygons.rules == shipped.polygons.rules
    assert tree["dataset"]["layout"] == "contest"
    with (data / "sample_submission.csv").open(newline="") as file:
        codes = {int(row["ClassType"]) for row in csv.DictReader(file)}
    assert codes == set(config.dataset.codes)
