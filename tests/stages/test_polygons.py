"""Stage polygons: outlines in map units, and what is made again when something changes."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
import shapely

from pipeline.artifacts import StageFolder
from pipeline.files import write_json
from pipeline.imagery.labels import draw_masks
from pipeline.mapping.geojson import read_geojson
from pipeline.mapping.masks.softening import smoothed
from pipeline.mapping.polygons import trace
from pipeline.stages import evaluate, polygons
from pipeline.stages.job import Job
from tests.stages.fake_run import (
    CODES,
    INSIDE,
    LABELLED,
    OUTSIDE,
    SHAPES,
    TEST,
    TO_MAP,
    built,
    changed,
    make_run,
    masks_of,
    stored,
    write_predictions,
)


def prepared(folder: Path, test: tuple[str, ...] = TEST, **sections: dict[str, object]) -> Job:
    job = make_run(folder, test, **sections)
    write_predictions(job, (*LABELLED, *test))
    evaluate.run(job)
    return job


def path_of(job: Job, scene: str) -> Path:
    return job.run / "polygons" / f"scene-{scene}" / "polygons.geojson"


def test_polygons_give_back_the_masks(tmp_path: Path) -> None:
    job = prepared(tmp_path)
    polygons.run(job)
    for scene in (*LABELLED, *TEST):
        found = read_geojson(path_of(job, scene))
        masks = masks_of(scene)
        np.testing.assert_array_equal(draw_masks(found, CODES, TO_MAP, masks.shape[1:]), masks)
        for whole in found.values():
            assert whole.is_valid


def test_properties_by_hand(tmp_path: Path) -> None:
    job = prepared(tmp_path)
    polygons.run(job)
    features = json.loads(path_of(job, "a_0_0").read_text())["features"]
    areas = {3: 0.0, 7: 0.0}
    for feature in features:
        properties = feature["properties"]
        assert properties["class"] == {3: "Road", 7: "Water"}[properties["code"]]
        assert properties["mean_probability"] == pytest.approx(INSIDE / 255, abs=1e-4)
        areas[properties["code"]] += properties["area_m2"]
    masks = masks_of("a_0_0")
    # A pixel is 2 m x 2 m.
    assert areas == {3: 4 * masks[0].sum(), 7: 4 * masks[1].sum()}


def test_smallest_areas_per_class(tmp_path: Path) -> None:
    job = prepared(tmp_path, polygons={"min_area": {3: 65}})
    polygons.run(job)
    for scene in SHAPES:
        found = read_geojson(path_of(job, scene))
        road = shapely.area(shapely.get_parts(found.get(3, shapely.MultiPolygon())))
        assert (road >= 65 / 4 * 1e-6).all()
        np.testing.assert_array_equal(
            draw_masks(found, (7,), TO_MAP, SHAPES[scene])[0], masks_of(scene)[1]
        )


def test_labelled_scenes_are_cut_at_thresholds_of_other_folds(tmp_path: Path) -> None:
    job = prepared(tmp_path)

    def levels(level: int) -> dict[str, dict[str, int]]:
        return {str(code): {"level": level} for code in CODES}

    def write(folder: Path) -> None:
        write_json(folder / "thresholds.json", levels(INSIDE))
        write_json(folder / "held_out.json", {"0": levels(INSIDE), "1": levels(INSIDE + 1)})

    with StageFolder(job.run / "evaluate", "evaluate", "test") as stage:
        stage.item("thresholds", {}, write)
    polygons.run(job)
    assert read_geojson(path_of(job, "c_0_0")) == {}
    assert set(read_geojson(path_of(job, "a_0_0"))) == set(CODES)
    assert set(read_geojson(path_of(job, "t_0_0"))) == set(CODES)


def test_reruns(tmp_path: Path) -> None:
    everything = {f"scene-{scene}" for scene in (*LABELLED, *TEST)}
    job = prepared(tmp_path)
    assert built(job, polygons.run, "polygons") == everything | {"gains", "map"}
    first = path_of(job, "a_0_0").read_bytes()
    assert built(job, polygons.run, "polygons") == set()
    more = prepared(tmp_path, test=(*TEST, "t_0_2"))
    assert built(more, polygons.run, "polygons") == {"scene-t_0_2", "map"}
    path_of(more, "a_0_0").unlink()
    assert built(more, polygons.run, "polygons") == {"scene-a_0_0"}
    assert path_of(more, "a_0_0").read_bytes() == first
    simpler = make_run(tmp_path, (*TEST, "t_0_2"), polygons={"simplify_cost": 0.1})
    assert built(simpler, evaluate.run, "evaluate") == set()
    assert built(simpler, polygons.run, "polygons") == everything | {"scene-t_0_2", "map"}


def test_thresholds_of_the_configuration_replace_those_of_evaluate(tmp_path: Path) -> None:
    job = prepared(tmp_path, polygons={"thresholds": {3: (INSIDE + 1) / 255}})
    polygons.run(job)
    for scene in SHAPES:
        assert set(read_geojson(path_of(job, scene))) == {7}


def test_rules_between_classes_and_what_they_gain(tmp_path: Path) -> None:
    """Roads are everywhere but where water takes them away, also where both are true."""
    rules = [{"rule": "clear", "by": [7], "of": [3], "name": "water clears road"}]
    job = prepared(tmp_path, polygons={"rules": rules, "thresholds": {3: 0.01}, "min_area": {3: 8}})
    polygons.run(job)
    gains = stored(job.run / "polygons/gains/gains.json")
    assert [row["step"] for row in gains["steps"]] == [
        *("0.5", "thresholds", "small parts", "water clears road")
    ]
    last = gains["steps"][-1]
    assert last["gain"] == pytest.approx(last["share"])
    assert last["gain"] < -0.01
    assert (
        gains["end"]
        == last["mean"]
        == pytest.approx(gains["start"] + sum(row["gain"] for row in gains["steps"]))
    )
    text = (job.run / "polygons/gains/gains.csv").read_text()
    rows = list(csv.DictReader(text.splitlines()))
    assert [float(row["mean"]) for row in rows] == pytest.approx(
        [row["mean"] for row in gains["steps"]], abs=1e-6
    )
    for scene in SHAPES:
        found = read_geojson(path_of(job, scene))
        assert found[3].intersection(found[7]).area == 0
        assert found[3].union(found[7]).area == pytest.approx(np.prod(SHAPES[scene]) * 1e-6)
    plain = prepared(tmp_path / "plain", polygons={"gains": False})
    polygons.run(plain)
    assert not (plain.run / "polygons" / "gains").exists()


def test_names_of_rules_and_rows_that_are_off_trace_nothing_again(tmp_path: Path) -> None:
    row = {"rule": "clear", "by": [7], "of": [3]}
    job = prepared(tmp_path, polygons={"rules": [row]})
    polygons.run(job)
    off = {**row, "by": [3], "of": [7], "on": False}
    other = changed(job, polygons={"rules": [{**row, "name": "water first"}, off]})
    assert built(other, polygons.run, "polygons") <= {"gains"}
    assert len(built(changed(job, polygons={"rules": []}), polygons.run, "polygons")) > 1


def test_windows_change_nothing(tmp_path: Path) -> None:
    smooth = {"smooth": 3.0, "closing": 4.0, "median": {7: 2}, "hysteresis": {3: 0.6}}
    whole = prepared(tmp_path / "whole", polygons=smooth)
    parts = prepared(tmp_path / "parts", polygons={**smooth, "window": 16})
    for job in (whole, parts):
        polygons.run(job)
    for scene in SHAPES:
        assert path_of(parts, scene).read_bytes() == path_of(whole, scene).read_bytes()


def test_smoothing_and_holes_per_class(tmp_path: Path) -> None:
    job = prepared(tmp_path, polygons={"min_hole": {7: 1000}, "smooth": {3: 3.0}})
    polygons.run(job)
    levels = np.where(masks_of("a_0_0"), INSIDE, OUTSIDE).astype(np.uint8)
    found = read_geojson(path_of(job, "a_0_0"))
    masks = draw_masks(found, CODES, TO_MAP, SHAPES["a_0_0"])
    level = stored(job.run / "evaluate/thresholds/held_out.json")["0"]["3"]["level"]
    np.testing.assert_array_equal(masks[0], smoothed(levels[0], 1.5) >= level)
    assert (masks[0] != masks_of("a_0_0")[0]).any()
    # The hole of class 7 is below 250 pixels of 4 square metres.
    assert sum(len(part.interiors) for part in trace(masks_of("a_0_0")[1])) == 1
    assert sum(len(part.interiors) for part in shapely.get_parts(found[7])) == 0
    assert (masks[1] >= masks_of("a_0_0")[1]).all()
