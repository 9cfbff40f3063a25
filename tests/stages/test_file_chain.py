"""The whole chain on datasets of files, with labels and without."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pytest
import rasterio
from shapely import box
from shapely.affinity import affine_transform

from pipeline.chain import CHAIN
from pipeline.errors import ConfigError, ScoringError
from pipeline.stages.job import Job
from pipeline.stages.prepare import prepare
from tests.file_folder import UTM, file_config, to_map, write_image

LABELS = {
    "kind": "vector",
    "file": "labels.gpkg",
    "column": "kind",
    "values": {"field": 1, "lake": 2},
}
STAGES = [row.name for row in CHAIN if row.name not in ("search", "tune")]


def write_dataset(folder: Path) -> None:
    """One scene of 48 pixels with fields and lakes, and one beside it without labels."""
    field, lake = box(4, 4, 44, 16), box(8, 24, 40, 44)
    bands = np.full((2, 48, 48), 300, np.uint16)
    bands[:, 4:16, 4:44], bands[0, 24:44, 8:40], bands[1, 24:44, 8:40] = 900, 100, 50
    noise = np.random.default_rng(0).integers(0, 9, bands.shape, np.uint16)
    write_image(folder / "images" / "w.tif", bands + noise, to_map())
    write_image(folder / "images" / "e.tif", bands[:, :, ::-1] + noise, to_map(48))
    affine = to_map()
    shapely_order = [affine.a, affine.b, affine.d, affine.e, affine.c, affine.f]
    shapes = [affine_transform(shape, shapely_order) for shape in (field, lake)]
    frame = geopandas.GeoDataFrame({"kind": ["field", "lake"]}, geometry=shapes, crs=UTM)
    frame.to_file(folder / "labels.gpkg", driver="GPKG")


def run(job: Job, *stages: str) -> None:
    for stage in stages:
        importlib.import_module(f"pipeline.stages.{stage}").run(job)


def job_of(folder: Path, labels: dict[str, Any] | None, name: str, **sections: Any) -> Job:
    config = file_config(
        folder,
        labels,
        dataset={"blocks": 24},
        scenes={"context": 80},
        network={"kind": "unet", "width": 8, "depth": 1},
        train={"steps": 60, "batch": 8, "rate": 0.02, "validations": 2},
        polygons={"thresholds": {1: 0.5, 2: 0.5}},
        **sections,
    )
    job = Job(config, folder.parent / "runs" / name)
    job.run.mkdir(parents=True)
    (job.run / "config.yaml").write_text(config.to_yaml())
    return job


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Job:
    """A finished run of the dataset with its labels."""
    folder = tmp_path_factory.mktemp("files") / "raw"
    write_dataset(folder)
    job = job_of(folder, LABELS, "first")
    prepare(job)
    run(job, *STAGES)
    prepare(job)
    return job


@pytest.mark.slow
def test_labelled_and_new_scenes(first: Job) -> None:
    # The labelled scene was cut into four places, the other one predicted whole.
    scenes = {path.name for path in (first.run / "polygons").glob("scene-*")}
    assert scenes == {"scene-e", *(f"scene-w_{row}_{col}" for row in (0, 1) for col in (0, 1))}
    with rasterio.open(first.run / "predict" / "scene-e" / "probability.tif") as file:
        assert file.crs.to_string() == UTM
        assert file.transform == to_map(48)
    layer = geopandas.read_file(first.run / "polygons" / "map.gpkg", layer="polygons")
    assert layer.crs.to_string() == UTM
    lake = layer[(layer["class"] == "lake") & (layer["scene"] == "e")]
    truth = affine_transform(box(8, 24, 40, 44), [10, 0, 0, -10, 400_480, 5_000_000])
    found = lake.geometry.union_all()
    assert found.intersection(truth).area > 0.8 * found.union(truth).area
    table = (first.run / "submission" / "submission.csv").read_text().splitlines()
    assert [line.split(",")[:2] for line in table[1:]] == [["e", "1"], ["e", "2"]]
    score = json.loads((first.run / "score" / "score.json").read_text())
    assert score["mean_jaccard"] > 0.5


@pytest.mark.slow
def test_new_scenes_by_the_networks_of_another_run(first: Job) -> None:
    folder = first.config.dataset.folder
    second = job_of(folder, None, "second", ensemble={"trained": "first"})
    run(second, *STAGES[: STAGES.index("score")])
    predicted = {path.name for path in (second.run / "predict").glob("scene-*")}
    assert predicted == {"scene-e", "scene-w"}
    own, new = (job.run / "predict" / "scene-e" / "probability.tif" for job in (first, second))
    with rasterio.open(own) as ours, rasterio.open(new) as theirs:
        inner = (slice(None), slice(None), slice(16, 48))  # beside w both saw other surroundings
        np.testing.assert_allclose(ours.read()[inner], theirs.read()[inner], atol=1)
    assert len((second.run / "submission" / "submission.csv").read_text().splitlines()) == 5
    with pytest.raises(ScoringError, match=r"dataset\.labels"):
        run(second, "score")


@pytest.mark.slow
def test_run_that_is_not_there_or_was_trained_otherwise(first: Job) -> None:
    folder = first.config.dataset.folder
    nobody = job_of(folder, None, "third", ensemble={"trained": "nobody"})
    with pytest.raises(ConfigError, match=r"ensemble\.trained: 'nobody' is no other run"):
        run(nobody, "train")
    again = job_of(folder, None, "fifth", ensemble={"trained": "first", "unlabelled": "retrained"})
    with pytest.raises(ConfigError, match=r"unlabelled: retrained asks .* first.* set it to folds"):
        run(again, "train")
    borrower = job_of(folder, None, "sixth", ensemble={"trained": "fifth"})
    with pytest.raises(ConfigError, match=r"fifth has no networks of its own, .* of first"):
        run(borrower, "train")
    other = job_of(
        folder, None, "fourth", ensemble={"trained": "first"}, features={"indices": ["NDVI"]}
    )
    with pytest.raises(ConfigError, match=r"ensemble\.trained: first was .* other models"):
        run(other, "train")
