"""What the report's viewer is given of a run's scenes."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
import shapely

from pipeline.artifacts import StageFolder, load_stage
from pipeline.files import write_json
from pipeline.imagery.tiles import open_tiles
from pipeline.imagery.transform import moved
from pipeline.reporting.page.blocks import Place, Text
from pipeline.reporting.viewer.data import Viewer
from pipeline.stages import evaluate, polygons, score, submission
from pipeline.stages.evidence import scenes
from pipeline.stages.evidence.scene_views import SceneView
from pipeline.stages.evidence.scenes import ViewerChapter, scenes_limit, viewer_of
from pipeline.stages.job import Job
from tests.reporting.viewer.decoding import polygons_of, values_of
from tests.stages.fake_run import (
    CODES,
    LABELLED,
    METRES,
    SHAPES,
    TEST,
    TO_MAP,
    changed,
    labels_of,
    make_run,
    masks_of,
    write_predictions,
    write_table,
)

EVERY = sorted((*LABELLED, *TEST))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Job:
    """A run with polygons, and a solution that nothing names yet."""
    folder = tmp_path_factory.mktemp("made")
    found = make_run(folder)
    write_table(folder / "raw" / "solution.csv", TEST, lambda scene, code: labels_of(scene)[code])
    write_predictions(found, (*LABELLED, *TEST))
    for stage in (evaluate, polygons):
        stage.run(found)
    return found


@pytest.fixture
def job(made: Job, tmp_path: Path) -> Job:
    """A copy of that run."""
    shutil.copytree(made.run, tmp_path / "run")
    return replace(made, run=tmp_path / "run")


def viewed(job: Job) -> tuple[ViewerChapter, list[str]]:
    """The chapter, and the items that were made for it."""
    with StageFolder(job.run / "report", "report", "test") as folder:
        found = viewer_of(job, folder)
        assert found is not None
        return found, list(folder.built)


def blocks(viewer: Viewer) -> dict[str, dict[str, Any]]:
    return {scene.id: json.loads(scene.json) for scene in viewer.scenes}


def masks(block: Mapping[str, Any], layer: str) -> dict[int, float]:
    """Area in square metres of each class of a layer, and that of its polygons' outlines."""
    found = {}
    for group in block["layers"][layer]["groups"]:
        told = sum(area for area, _ in values_of(group))
        drawn = shapely.area(polygons_of(group, block["layers"][layer]["step"])).sum()
        assert drawn * METRES**2 == pytest.approx(told, rel=0.02)
        found[group["code"]] = told
    return found


def notes(chapter: ViewerChapter) -> list[str]:
    (section,) = chapter.chapter.write()
    return [block.text for block in section.blocks if isinstance(block, Text)]


def test_prediction_and_truth_of_each_scene(job: Job) -> None:
    """Every true pixel was found, so both layers have the masks' areas."""
    chapter, built = viewed(job)
    viewer = chapter.write()
    assert [row.id for row in viewer.scenes] == EVERY
    assert built == [f"view-{scene}" for scene in EVERY]
    assert viewer.pairs == (("prediction", "truth"),)
    assert [(row.key, row.name) for row in viewer.layers] == [
        ("prediction", "Prediction"),
        ("truth", "Truth"),
    ]
    assert [(row.code, row.name) for row in viewer.classes] == [(3, "Road"), (7, "Water")]
    for scene, block in blocks(viewer).items():
        true = {k: float(m.sum()) * METRES**2 for k, m in zip(CODES, masks_of(scene), strict=True)}
        assert tuple(block["shape"]) == SHAPES.get(scene, (16, 18))
        assert block["metres"] == METRES
        assert [row["name"] for row in block["pictures"]] == ["Colour (M: x, y, z)"]
        assert masks(block, "prediction") == pytest.approx(true)
        if scene in LABELLED:
            assert masks(block, "truth") == pytest.approx(true)
        else:
            assert set(block["layers"]) == {"prediction"}


def test_probabilities_are_shown_of_what_was_predicted(job: Job) -> None:
    block = blocks(viewed(job)[0].write())["a_0_0"]
    groups = block["layers"]["prediction"]["groups"]
    found = [chance for group in groups for _, chance in values_of(group)]
    assert found == pytest.approx([200 / 255] * len(found), abs=0.01)
    true = [values_of(group) for group in block["layers"]["truth"]["groups"]]
    assert {chance for values in true for _, chance in values} == {None}


def test_the_solution_is_the_truth_of_test_scenes(job: Job) -> None:
    solved = changed(job, dataset={"solution": "solution.csv"})
    for block in blocks(viewed(solved)[0].write()).values():
        assert masks(block, "truth") == pytest.approx(masks(block, "prediction"))
    lost = changed(job, dataset={"solution": "nowhere.csv"})
    found = viewed(lost)[0].write().scenes
    assert {scene.id for scene in found if "truth" in scene.layers} == set(LABELLED)


def test_ground_of_which_nothing_is_known_is_a_layer_of_its_own(job: Job) -> None:
    """The two left columns of a scene of 9 rows."""
    before = load_stage(job.run / "scenes")
    ground = moved(shapely.box(0, 0, 2, 9), TO_MAP).wkt

    def build(target: Path) -> None:
        shutil.copy(job.run / "labels.json", target)
        shutil.copy(job.run / "scene.json", target)
        write_json(target / "ignored.json", {"ignored": ground})

    for name in ("labels.json", "scene.json"):
        shutil.copy(before["scene-b_0_0"].path(name), job.run)
    viewed(job)
    with StageFolder(job.run / "scenes", "scenes", "test") as stage:
        stage.items.update(before)
        stage.item("scene-b_0_0", {"ignored": ground}, build)
    chapter, built = viewed(job)
    assert built == ["view-b_0_0"]
    viewer = chapter.write()
    assert "unknown" not in {layer.key for layer in viewer.layers}
    found = blocks(viewer)
    assert {scene for scene, block in found.items() if "unknown" in block["layers"]} == {"b_0_0"}
    assert masks(found["b_0_0"], "unknown") == {-1: pytest.approx(2 * 9 * METRES**2)}
    notes_of = {scene.id: scene.note for scene in viewer.scenes}
    assert notes_of["b_0_0"] == "held out in fold 0, labels say nothing of some ground"


def test_what_is_said_of_scenes(job: Job) -> None:
    said = {scene.id: scene.note for scene in viewed(job)[0].write().scenes}
    assert said["a_0_0"] == "held out in fold 0"
    assert said["c_0_0"] == "held out in fold 1"
    assert said["t_0_0"] == "test scene"
    write_predictions(job, (*LABELLED, *TEST), {"b_0_0": 40})
    for stage in (evaluate, polygons, submission, score):
        stage.run(job)
    with (job.run / "score" / "scenes.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["scene"] == "b_0_0"]
    mean = np.mean([float(row["jaccard"]) for row in rows])
    assert mean < 0.95
    found = {scene.id: scene.note for scene in viewed(job)[0].write().scenes}
    assert found["b_0_0"] == f"held out in fold 0, mean Jaccard {mean:.2f}"
    assert found["a_0_0"] == "held out in fold 0, mean Jaccard 1.00"


def test_networks_of_another_run_hold_nothing_out(job: Job) -> None:
    borrowed = changed(job, ensemble={"trained": "other"})
    said = {scene.id: scene.note for scene in viewed(borrowed)[0].write().scenes}
    assert said["a_0_0"] == ""


def test_only_what_changed_is_made_again(job: Job) -> None:
    first, _ = viewed(job)
    again, built = viewed(job)
    assert built == []
    assert again.inputs == first.inputs
    assert again.write() == first.write()
    write_predictions(job, (*LABELLED, *TEST), {"t_0_1": 3})
    polygons.run(job)
    changed_one, built = viewed(job)
    assert built == ["view-t_0_1"]
    assert changed_one.inputs != first.inputs
    grey = changed(job, report={"pictures": [{"name": "x", "bands": ["M.x"]}]})
    other, built = viewed(grey)
    assert len(built) == len(EVERY)
    names = {row["name"] for block in blocks(other.write()).values() for row in block["pictures"]}
    assert names == {"x (M: x)"}


def test_names_of_classes_decide_what_a_solution_means_and_colours_do_not(job: Job) -> None:
    rows = [row.model_dump() for row in job.config.dataset.classes]
    solution: dict[str, Any] = {"solution": "named.geojson"}
    shape = shapely.from_wkt(labels_of("t_0_0")["3"])
    features = [
        {
            "type": "Feature",
            "properties": {"class": "Road", "scene": "t_0_0"},
            "geometry": shapely.geometry.mapping(shape),
        }
    ]
    write_json(
        job.config.dataset.folder / "named.geojson",
        {"type": "FeatureCollection", "features": features},
    )
    solved = changed(job, dataset=solution)
    truth = blocks(viewed(solved)[0].write())["t_0_0"]["layers"]["truth"]
    assert [group["code"] for group in truth["groups"]] == [3]
    for row in rows:
        row["colour"] = "#123456" if row["code"] == 3 else row["colour"]
    assert viewed(changed(job, dataset={**solution, "classes": rows}))[1] == []
    rows[0]["name"], rows[1]["name"] = rows[1]["name"], rows[0]["name"]
    turned = blocks(viewed(changed(job, dataset={**solution, "classes": rows}))[0].write())
    assert [group["code"] for group in turned["t_0_0"]["layers"]["truth"]["groups"]] == [7]


def test_no_more_scenes_than_asked_for(job: Job) -> None:
    few, _ = viewed(changed(job, report={"scenes": 2}))
    assert [scene.id for scene in few.write().scenes] == ["a_0_0", "t_0_1"]
    assert "3 of 5 scenes are not shown: report.scenes allows 2." in notes(few)[1]
    all_of_them, _ = viewed(job)
    assert len(notes(all_of_them)) == 1
    (section,) = all_of_them.chapter.write()
    assert (section.key, section.title) == ("scenes", "Scenes")
    assert sum(isinstance(block, Place) for block in section.blocks) == 1


def test_no_more_bytes_than_allowed(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    """Scenes of 700 bytes can't hold their picture: the largest are left out, but never all."""
    monkeypatch.setattr(scenes, "LEAST_PART", 0.007)
    monkeypatch.setattr(scenes, "LEAST", 600)
    small = changed(job, report={"megabytes": 0.5})
    chapter, _ = viewed(small)
    shown = chapter.write().scenes
    assert 1 <= len(shown) < len(EVERY)
    assert "more did not fit into report.megabytes (0.5)" in notes(chapter)[-1]


def test_scenes_get_what_the_rest_of_the_page_leaves(job: Job) -> None:
    """Two classes with four patches each, and one model, take a megabyte; 0.3 is the least."""
    large, small = (changed(job, report={"megabytes": size}).config for size in (10, 1))
    assert scenes_limit(large) == 10_000_000 - 400_000 - 2 * 155_000 - 300_000
    assert scenes_limit(small) == 300_000
    bare = changed(job, report={"megabytes": 10, "patches": 0}).config
    assert scenes_limit(bare) == scenes_limit(large) + 160_000


def test_the_largest_scenes_are_left_out_first() -> None:
    class Sized:
        def __init__(self, size: int) -> None:
            self.size = size

    views = cast(dict[str, SceneView], {"a": Sized(5), "b": Sized(9), "c": Sized(7)})
    assert list(scenes._within(views, 21)) == ["a", "b", "c"]
    assert list(scenes._within(views, 20)) == ["a", "c"]
    assert list(scenes._within(views, 1)) == ["a"]


def test_sizes_are_those_of_the_page(job: Job) -> None:
    with StageFolder(job.run / "report", "report", "test") as folder:
        found = viewer_of(job, folder)
        assert found is not None
        tile = job.scenes("tiles")["a_0_0"]
        view = SceneView(folder.items["view-a_0_0"], tile)
    assert view.size == pytest.approx(len(view.block()), abs=200)
    assert open_tiles(tile.folder).shape == tuple(json.loads(view.block())["shape"])


def test_no_polygons_no_viewer(tmp_path: Path) -> None:
    job = make_run(tmp_path)
    with StageFolder(job.run / "report", "report", "test") as folder:
        assert viewer_of(job, folder) is None
