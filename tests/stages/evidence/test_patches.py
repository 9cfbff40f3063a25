"""The chapter of patches, of a run whose errors are known."""

from __future__ import annotations

import io
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from PIL import Image

from pipeline.artifacts import StageFolder
from pipeline.files import read_json
from pipeline.reporting.page.blocks import Gallery, Group, Picture, Section
from pipeline.stages import evaluate, polygons
from pipeline.stages.evidence.chapter import Chapter
from pipeline.stages.evidence.patches import chapter
from pipeline.stages.job import Job
from tests.stages.fake_run import (
    LABELLED,
    TEST,
    changed,
    labels_of,
    make_run,
    masks_of,
    write_predictions,
    write_table,
)

WRONG = {"c_0_0": 40}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Job:
    """All predictions are right, but for 40 pixels of class 3 in c_0_0."""
    job = make_run(tmp_path_factory.mktemp("run"))
    write_predictions(job, (*LABELLED, *TEST), WRONG)
    evaluate.run(job)
    polygons.run(job)
    write_table(
        job.config.dataset.folder / "solution.csv",
        TEST,
        lambda scene, code: labels_of(scene)[code],
    )
    return job


def _made(job: Job, folder: Path) -> tuple[Chapter | None, list[str]]:
    with StageFolder(folder, "report", "test") as stage:
        made = chapter(job, stage)
        return made, list(stage.built)


def _section(job: Job, folder: Path) -> Section:
    made, _ = _made(job, folder)
    assert made is not None
    (section,) = made.write()
    return section


def _shown(section: Section) -> dict[str, dict[str, list[Picture]]]:
    return {
        group.title.partition(":")[0]: {
            block.title: list(block.pictures)
            for block in group.blocks
            if isinstance(block, Gallery)
        }
        for group in section.blocks
        if isinstance(group, Group)
    }


def test_the_worst_patch_is_where_the_errors_are(run: Job, tmp_path: Path) -> None:
    shown = _shown(_section(run, tmp_path))
    worst = shown["Road"]["Worst"]
    assert len(worst) == 1, "the window is as large as the scene"
    assert worst[0].target is not None
    assert (worst[0].target.scene, worst[0].target.codes) == ("c_0_0", (3,))
    assert worst[0].target.box == (0, 0, 20, 24)
    # One pixel of each scene is unknown; none of these is of the class.
    true = int(masks_of("c_0_0")[0].sum())
    false = round(100 * 40 / (true + 40))
    assert f"{false} % of {4 * (true + 40):,} m² found is false" in worst[0].caption
    assert shown["Water"] == {
        "Worst: nothing is wrong": [],
        "Best": shown["Water"]["Best"],
    }
    assert "Jaccard index 1.00" in shown["Water"]["Best"][0].caption
    assert "Show" not in worst[0].alt


def test_pictures_are_small_files_of_their_own(run: Job, tmp_path: Path) -> None:
    section = _section(run, tmp_path)
    records = read_json(tmp_path / "patches" / "patches.json")
    assert [row["code"] for row in records] == [3, 7]
    pictures = [
        one for kinds in _shown(section).values() for kind in kinds.values() for one in kind
    ]
    for picture in pictures:
        with Image.open(io.BytesIO(picture.data)) as image:
            assert image.format == "WEBP"
            assert 96 <= image.width <= 192
            assert image.height > 2 * 192 * 9 // 30
        assert len(picture.data) < 20_000


def test_solution_is_used_where_no_scene_is_labelled(run: Job, tmp_path: Path) -> None:
    bare = make_run(tmp_path, dataset={"solution": "solution.csv"})
    solved = changed(run, dataset={"solution": "solution.csv"})
    assert "networks that were not trained" in _lead(_section(solved, tmp_path / "labels"))
    tests_only = _without_labels(solved, bare.run)
    section = _section(tests_only, tmp_path / "solution")
    assert "scenes of the solution" in _lead(section)
    shown = _shown(section)
    assert {one.target.scene for one in shown["Road"]["Best"] if one.target} == set(TEST)
    assert shown["Road"]["Worst: nothing is wrong"] == []


def _lead(section: Section) -> str:
    return getattr(section.blocks[0], "text", "")


def _without_labels(job: Job, run: Path) -> Job:
    """The run without items of labelled scenes in the stages that are read."""
    for stage in ("predict", "polygons", "evaluate"):
        with StageFolder(run / stage, stage, "test") as folder:
            for name, item in job.results(stage).items():
                if name.removeprefix("scene-") not in LABELLED:
                    folder.item(name, {}, partial(_copy, item.folder))
    return replace(job, run=run)


def _copy(source: Path, target: Path) -> None:
    for path in source.iterdir():
        if path.name != "item.json":
            (target / path.name).write_bytes(path.read_bytes())


def test_no_chapter_without_truth_or_where_none_is_wanted(run: Job, tmp_path: Path) -> None:
    bare = make_run(tmp_path / "bare")
    assert _made(bare, tmp_path / "one")[0] is None, "nothing is predicted yet"
    unlabelled = _without_labels(changed(run), bare.run)
    assert _made(unlabelled, tmp_path / "two")[0] is None, "there is no solution either"
    assert _made(changed(run, report={"patches": 0}), tmp_path / "three")[0] is None


def test_it_is_made_again_only_if_what_it_shows_changes(run: Job, tmp_path: Path) -> None:
    assert _made(run, tmp_path)[1] == ["patches"]
    assert _made(run, tmp_path)[1] == []
    assert _made(changed(run, report={"scenes": 3}), tmp_path)[1] == []
    assert _made(changed(run, report={"patches": 2}), tmp_path)[1] == ["patches"]
    pictures = [{"name": "Grey", "bands": ["M.x"]}]
    assert _made(changed(run, report={"pictures": pictures, "patches": 2}), tmp_path)[1] == [
        "patches"
    ]


def test_another_run_s_networks_are_named(run: Job, tmp_path: Path) -> None:
    section = _section(changed(run, ensemble={"trained": "other"}), tmp_path)
    assert "by the networks of another run" in _lead(section)
