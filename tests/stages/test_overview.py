"""The picture of a run shows scenes that no prediction had a part in choosing."""

from pathlib import Path

import pytest
from PIL import Image

from pipeline.reporting.overview import SceneView
from pipeline.stages import evaluate, overview, polygons, score, submission
from pipeline.stages.overview import shown_scenes
from tests.stages.fake_run import (
    LABELLED,
    labels_of,
    make_run,
    write_predictions,
    write_table,
)

MANY = tuple(f"t_0_{n}" for n in range(5))


def test_runs_with_other_predictions_show_the_same_scenes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = []

    def draw(views: list[SceneView], classes: object) -> Image.Image:
        shown.append([view.name for view in views])
        return Image.new("RGB", (1, 1))

    monkeypatch.setattr(overview, "draw_overview", draw)
    job = make_run(tmp_path, MANY, dataset={"solution": "solution.csv"})
    write_table(tmp_path / "raw" / "solution.csv", MANY, lambda scene, code: labels_of(scene)[code])
    for wrong in ({"t_0_1": 90, "t_0_2": 9}, {"t_0_3": 90, "t_0_0": 9}):
        write_predictions(job, (*LABELLED, *MANY), wrong)
        for stage in (evaluate, polygons, submission, score):
            stage.run(job)
    assert shown == [["t_0_0", "t_0_2", "t_0_4"]] * 2


def test_labelled_scenes_with_the_most_to_see_come_first(tmp_path: Path) -> None:
    scenes = make_run(tmp_path, ()).scenes("scenes")
    sizes = {scene: scenes[scene].files["labels.json"].size for scene in LABELLED}
    assert len(set(sizes.values())) == 3
    smallest = min(sizes, key=lambda scene: sizes[scene])
    fourth = {**scenes, "d": scenes[smallest]}
    assert shown_scenes(scenes, LABELLED[:1]) == [LABELLED[0]]
    assert "d" not in shown_scenes(fourth, [*LABELLED, "d"])
