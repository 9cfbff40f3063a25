"""``python -m pipeline compare``: runs of squares, and runs that are not as they were."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from pipeline.cli import app
from pipeline.config.dataset import ClassRow
from pipeline.errors import ConfigError
from pipeline.files import FileRecord, write_json
from pipeline.stages.comparison.compared_run import read_run
from pipeline.stages.comparison.page import Comparison, compare, page_name
from tests.stages.comparison.made_run import ROAD, TRUTH, WATER, make_run, shifted

pytestmark = pytest.mark.usefixtures("_folder")


@pytest.fixture
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def _page(done: Comparison) -> str:
    return done.path.read_text(encoding="utf-8")


def _data(text: str, element: str) -> Any:
    found = re.search(rf'<script type="application/json" id="{element}">(.*?)</script>', text)
    assert found is not None
    return json.loads(found[1])


def test_two_runs_by_hand(capsys: pytest.CaptureFixture[str]) -> None:
    """Off by 2 of 10 pixels: 80 of 120 are shared; so are the two predictions. J = 2/3."""
    make_run("exact", TRUTH, train={"steps": 100})
    make_run("off", shifted(TRUTH, 2), train={"steps": 200})
    app(["compare", "exact", "off"], standalone_mode=False)
    text = capsys.readouterr().out
    assert "data/compare/exact-vs-off/compare.html" in text
    assert re.search(r"3\s+exact\s+1\.0000", text)
    assert re.search(r"3\s+off\s+0\.6667\s+0\.667 to 0\.667\s+-0\.3333\s+\S+ to \S+\s+worse", text)
    page = Path("data/compare/exact-vs-off/compare.html").read_text()
    assert "off is worse than exact: mean -0.3333, -0.3333 to -0.3333 in 90%" in page
    assert re.search(r"train\.steps.*?100.*?200", page, re.DOTALL)
    assert page.count("33.3%") >= 2 * len(TRUTH)


def test_viewer_has_each_run_and_the_truth() -> None:
    make_run("exact", TRUTH)
    make_run("off", shifted(TRUTH, 2))
    make_run("half", {**TRUTH, "b": {1: []}})
    page = _page(compare(["exact", "off", "half"]))
    data = _data(page, "viewer-data")
    assert [row["name"] for row in data["layers"]] == ["exact", "off", "half", "Truth"]
    assert data["pairs"] == [
        *([f"run-{place}", "truth"] for place in range(3)),
        *(["run-1", "run-0"], ["run-2", "run-0"], ["run-2", "run-1"]),
    ]
    assert data["scenes"][0]["id"] == "b"
    assert data["scenes"][0]["note"] == "off differs by 33.3%, half differs by 100.0%"
    scene = _data(page, "viewer-scene-0")
    counts = {
        key: {group["code"]: group["count"] for group in layer["groups"]}
        for key, layer in scene["layers"].items()
    }
    assert counts == {"run-0": {1: 1}, "run-1": {1: 1}, "run-2": {}, "truth": {1: 1}}


def test_scores_of_other_scenes_are_taken_on_the_common_ones() -> None:
    """The other lacks scene c, where the first is wrong: on a and b both are exact."""
    make_run("one", {**TRUTH, "c": shifted(TRUTH, 10)["c"]})
    two = {scene: TRUTH[scene] for scene in "ab"}
    make_run("two", two)
    done = compare(["one", "two"])
    assert done.contest is not None
    assert done.contest.runs[0].mean < 0.8
    assert [row.mean.value for row in done.contest.standings] == [1.0, 1.0]
    assert done.contest.differences[0].mean.verdict == "the same"
    assert "scored on different scenes, so these means can" in _page(done)
    assert "All runs have the same polygons on all 2 scenes." in _page(done)


def test_truth_that_is_another_is_left_out() -> None:
    make_run("one", TRUTH)
    make_run("two", TRUTH, truth={**TRUTH, "b": {1: [(5, 5, 25, 15)]}})
    done = compare(["one", "two"])
    assert done.contest is not None
    assert done.contest.ground.unlike == ("b",)
    assert "truth of these scenes differs" in _page(done)


def test_classes_go_by_name() -> None:
    """Water has code 1 in the other run, and road is not among its classes."""
    water, tree = ClassRow(code=1, name="Water"), ClassRow(code=2, name="Tree")
    mine = {"a": {1: TRUTH["a"][2], 2: TRUTH["a"][1]}}
    make_run("one", TRUTH)
    make_run("two", mine, truth=mine, classes=(water, tree))
    done = compare(["one", "two"])
    assert done.contest is not None
    assert done.contest.ground.classes == ("Water",)
    assert [row.classes["Water"].value for row in done.contest.standings] == [1.0, 1.0]
    assert [row.share for row in done.found] == [0.0]
    assert "The runs have different classes" in _page(done)


def test_runs_of_other_data_are_compared_by_their_settings() -> None:
    make_run("one", TRUTH, seed={"a": 1})
    other = {"z": TRUTH["a"]}
    make_run("two", other, truth=other, seed={"a": 2})
    page = _page(compare(["one", "two"]))
    assert "none is common to all of them" in page
    assert "have no scene and class in common" in page
    assert "seed.a" in page


def test_a_scene_of_the_same_id_elsewhere_is_not_compared() -> None:
    make_run("one", TRUTH)
    run = make_run("two", shifted(TRUTH, 2))
    record = run / "scenes" / "scene-a" / "scene.json"
    moved = json.loads(record.read_text()) | {"to_map": [0.5, 0, 900, 0, -0.5, 200]}
    _rewrite(record, json.dumps(moved))
    done = compare(["one", "two"])
    assert {row.scene for row in done.found} == {"b", "c"}
    assert "scene a lies elsewhere" in _page(done)


def _rewrite(path: Path, text: str) -> None:
    """Change a file of an item, and its record with it."""
    path.write_text(text)
    record = json.loads((path.parent / "item.json").read_text())
    record["files"][path.name] = vars(FileRecord.of(path))
    write_json(path.parent / "item.json", record)


@pytest.mark.parametrize(
    ("file", "says"),
    [
        ("polygons/scene-a/polygons.geojson", "polygons/scene-a: damaged or removed"),
        ("score/table/scenes.csv", "score/table: damaged or removed"),
        ("train/all-fold-0/history.csv", "not a training"),
        ("config.yaml", "config.yaml: can't be read as YAML"),
    ],
)
def test_damaged_files_are_said(file: str, says: str) -> None:
    (make_run("one", TRUTH) / file).write_text("{ damaged")
    assert any(says in problem for problem in read_run("one").problems)


def test_what_is_not_damaged_is_compared() -> None:
    make_run("one", TRUTH)
    run = make_run("two", shifted(TRUTH, 2))
    for file in ("polygons/scene-a/polygons.geojson", "score/score.json", "train/manifest.json"):
        (run / file).write_text("{ damaged")
    done = compare(["one", "two"])
    assert {row.scene for row in done.found} == {"b", "c"}
    assert done.contest is not None
    assert len(done.contest.differences) == 1
    assert "polygons/scene-a: damaged or removed" in _page(done)


@pytest.mark.parametrize(
    ("file", "text", "says"),
    [
        ("score.json", "{}", "is no score of ours"),
        ("scenes.csv", "scene,class,jaccard,tp,fp,fn\nzz,1,1,1,0,0\n", "does not fit score.json"),
        ("scenes.csv", "scene,class,jaccard,tp,fp,fn\na,1,1,nan,0,0\n", "does not fit score.json"),
        ("scenes.csv", "scene\na\n", "does not fit score.json"),
    ],
)
def test_scores_that_are_none_are_said(file: str, text: str, says: str) -> None:
    _rewrite(make_run("one", TRUTH) / "score" / "table" / file, text)
    run = read_run("one")
    assert run.scored is None
    assert any(says in problem for problem in run.problems)


def test_polygons_that_are_none_are_left_out() -> None:
    make_run("one", TRUTH)
    run = make_run("two", shifted(TRUTH, 2))
    _rewrite(run / "polygons" / "scene-a" / "polygons.geojson", "[]")
    done = compare(["one", "two"])
    assert {row.scene for row in done.found} == {"b", "c"}
    assert "no polygons of ours" in _page(done)


def test_without_scores_and_tiles() -> None:
    for name in ("one", "two"):
        run = make_run(name, shifted(TRUTH, len(name)) if name == "one" else TRUTH)
        for part in ("score", "tiles", "train"):
            shutil.rmtree(run / part)
    page = _page(compare(["one", "two"]))
    assert "No run has a score" in page
    assert "viewer-data" not in page
    assert "mostly" in page


def test_hostile_names_stay_text() -> None:
    name = "<script>alert(1)</script>$\\frac"
    evil = ClassRow(code=1, name=name)
    make_run("one", {"a": TRUTH["a"]}, classes=(evil, WATER), note={name: "a"})
    make_run("two", shifted({"a": TRUTH["a"]}, 2), classes=(evil, WATER), note={name: "b"})
    page = _page(compare(["one", "two"]))
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


@pytest.mark.parametrize(
    ("names", "says"),
    [
        (["one"], "name two runs or more"),
        (["one", "one"], "name two runs or more that differ"),
        ([f"r{number}" for number in range(7)], "7 runs can't be told apart; name 6 at most"),
        (["one", "nope"], "nope: there is no data/runs/nope; the runs are: one"),
        (["one", "../one"], "the name of a run is made of"),
        (["one", "hollow"], "hollow: has no configuration, score or polygons"),
    ],
)
def test_runs_that_can_t_be_compared(names: list[str], says: str) -> None:
    make_run("one", {"a": TRUTH["a"]}, classes=(ROAD, WATER))
    if "hollow" in names:
        Path("data/runs/hollow").mkdir()
    with pytest.raises(ConfigError, match=re.escape(says)):
        compare(names)


def test_names_of_pages() -> None:
    assert page_name(["a", "b"]) == "a-vs-b"
    long = page_name(["x" * 100, "y" * 100])
    assert len(long) < 100
    assert long != page_name(["x" * 100, "z" * 100])
    assert page_name(["a-vs-b", "c"]) != page_name(["a", "b-vs-c"])
