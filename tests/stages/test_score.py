"""Stage score: exact, against a solution or the held-out labels, with a picture."""

import gzip
import json
import shutil
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import shapely
from PIL import Image

from pipeline.artifacts import StageFolder, load_stage
from pipeline.errors import ScoringError
from pipeline.files import write_json
from pipeline.imagery.transform import moved
from pipeline.mapping.polygons import trace
from pipeline.stages import evaluate, polygons, score, submission
from pipeline.stages.job import Job
from tests.mapping.vectors.files import gpkg_blob, write_geojson, write_gpkg
from tests.stages.fake_run import (
    LABELLED,
    TEST,
    TO_MAP,
    built,
    changed,
    labels_of,
    make_run,
    masks_of,
    stored,
    write_predictions,
    write_table,
)


def prepared(folder: Path, solution: str | None = None, wrong: dict[str, int] | None = None) -> Job:
    job = make_run(folder, dataset={"solution": solution})
    write_table(folder / "raw" / "solution.csv", TEST, lambda scene, code: labels_of(scene)[code])
    write_predictions(job, (*LABELLED, *TEST), wrong)
    for stage in (evaluate, polygons, submission):
        stage.run(job)
    return job


def test_against_the_solution(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    job = prepared(tmp_path, "solution.csv", {"t_0_0": 6})
    score.run(job)
    record = stored(job.run / "score" / "score.json")
    true = sum(int(masks_of(scene)[0].sum()) for scene in TEST)
    assert record["of"] == "solution"
    assert record["scenes"] == list(TEST)
    assert record["classes"]["7"]["jaccard"] == pytest.approx(1)
    road = record["classes"]["3"]
    # A pixel is a millionth of a square map unit.
    assert road["tp"] == pytest.approx(true * 1e-6)
    assert road["fp"] == pytest.approx(6e-6)
    assert road["fn"] == pytest.approx(0, abs=1e-15)
    assert record["mean_jaccard"] == pytest.approx((true / (true + 6) + 1) / 2)
    shown = capsys.readouterr().out
    assert "Water" in shown
    assert max(map(len, shown.splitlines())) <= 100
    low, high = record["classes"]["3"]["interval"]
    assert low < road["jaccard"] < high
    assert high == pytest.approx(1)
    assert road["objects"] is None
    rows = (job.run / "score" / "scenes.csv").read_text().splitlines()
    assert rows[0] == "scene,class,jaccard,tp,fp,fn"
    assert len(rows) == 1 + len(TEST) * 2
    assert rows[4].split(",")[:2] == ["t_0_1", "7"]
    assert float(rows[4].split(",")[2]) == pytest.approx(1)


def test_objects_of_countable_classes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    job = prepared(tmp_path, "solution.csv")
    water, road = (row.model_dump(mode="json") for row in reversed(job.config.dataset.classes))
    job = changed(job, dataset={"classes": [road | {"countable": True}, water]})
    score.run(job)
    record = stored(job.run / "score" / "score.json")["classes"]
    count = sum(len(trace(masks_of(scene)[0])) for scene in TEST)
    assert record["3"]["objects"] == {
        **{"tp": count, "fp": 0, "fn": 0, "precision": 1, "recall": 1, "f1": 1}
    }
    assert record["7"]["objects"] is None
    assert "precision" in capsys.readouterr().out


def test_without_solution_the_score_is_cross_validated(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    job = prepared(tmp_path, None, {"c_0_0": 4})
    score.run(job)
    record = stored(job.run / "score" / "score.json")
    true = sum(int(masks_of(scene)[0].sum()) for scene in LABELLED)
    assert record["of"] == "held-out"
    assert record["scenes"] == sorted(LABELLED)
    assert record["classes"]["3"]["jaccard"] == pytest.approx(true / (true + 4))
    assert "cross-validated" in capsys.readouterr().out


def test_score_by_other_networks_is_not_called_cross_validated(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    score.run(prepared(tmp_path, None))
    job = changed(prepared(tmp_path, None), ensemble={"trained": "other"})
    capsys.readouterr()
    score.run(job)
    assert stored(job.run / "score" / "score.json")["of"] == "labels"
    shown = capsys.readouterr().out
    assert "networks of another run" in shown
    assert "cross-validated" not in shown


def ignoring(job: Job, scene: str, pixels: Iterable[tuple[int, int]]) -> None:
    """Say of some pixels of a scene (row, column) that nothing is known of them."""
    squares = [shapely.box(column, row, column + 1, row + 1) for row, column in pixels]
    ground = moved(shapely.union_all(squares), TO_MAP).wkt

    def build(target: Path) -> None:
        for name in before.files:
            shutil.copy(before.path(name), target / name)
        write_json(target / "ignored.json", {"ignored": ground})

    with StageFolder(job.run / "scenes", "scenes", "test") as stage:
        stage.items.update(load_stage(job.run / "scenes"))
        before = replace(stage.items[f"scene-{scene}"])
        copy = shutil.copytree(before.folder, job.run / "before")
        before = replace(before, folder=copy)
        stage.item(f"scene-{scene}", {"ignored": ground}, build)


def test_ground_of_which_nothing_is_known_counts_on_neither_side(tmp_path: Path) -> None:
    """Four wrong pixels are left out, and the first pixel, which is right."""
    job = prepared(tmp_path, None, {"c_0_0": 4})
    score.run(job)
    assert stored(job.run / "score" / "score.json")["classes"]["3"]["fp"] == pytest.approx(4e-6)
    wrong = np.argwhere(~masks_of("c_0_0")[0])[:4].tolist()
    ignoring(job, "c_0_0", [(0, 0), *map(tuple, wrong)])
    score.run(job)
    road = stored(job.run / "score" / "score.json")["classes"]["3"]
    true = sum(int(masks_of(scene)[0].sum()) for scene in LABELLED)
    assert road["jaccard"] == pytest.approx(1)
    assert road["tp"] == pytest.approx((true - 1) * 1e-6)


def test_nothing_to_score_against(tmp_path: Path) -> None:
    job = prepared(tmp_path)
    for path in (job.run / "scenes").glob("*/labels.json"):
        record = path.with_name("item.json")
        tree = stored(record)
        del tree["files"]["labels.json"]
        record.write_text(json.dumps(tree))
    with pytest.raises(ScoringError, match=r"dataset\.labels.*dataset\.solution"):
        score.run(job)


def as_geojson(folder: Path) -> Path:
    shapes = [
        (scene, int(code), shapely.from_wkt(wkt))
        for scene in TEST
        for code, wkt in labels_of(scene).items()
    ]
    return write_geojson(folder / "solution.geojson", shapes)


def as_geopackage(folder: Path) -> Path:
    blobs = [
        (scene, int(code), gpkg_blob(shapely.from_wkt(wkt)))
        for scene in TEST
        for code, wkt in labels_of(scene).items()
    ]
    return write_gpkg(folder / "solution.gpkg", blobs)


def packed(folder: Path) -> Path:
    path = folder / "solution.csv.gz"
    path.write_bytes(gzip.compress((folder / "solution.csv").read_bytes()))
    return path


@pytest.mark.parametrize("kind", [as_geojson, as_geopackage, packed])
def test_solution_of_any_kind_scores_and_draws_the_same(
    tmp_path: Path, kind: Callable[[Path], Path]
) -> None:
    job = prepared(tmp_path, "solution.csv", {"t_0_0": 6})
    score.run(job)
    folder = job.run / "score"
    record, picture = stored(folder / "score.json"), (folder / "overview.png").read_bytes()
    score.run(changed(job, dataset={"solution": kind(tmp_path / "raw").name}))
    again = stored(folder / "score.json")
    assert again["mean_jaccard"] == pytest.approx(record["mean_jaccard"], rel=1e-12)
    assert (folder / "overview.png").read_bytes() == picture


def test_picture(tmp_path: Path) -> None:
    job = prepared(tmp_path, "solution.csv")
    score.run(job)
    with Image.open(job.run / "score" / "overview.png") as picture:
        assert picture.format == "PNG"
        colours = {colour for _, colour in picture.convert("RGB").getcolors(1 << 24) or []}
    assert (0x33, 0x66, 0xCC) in colours  # the legend


def test_reruns(tmp_path: Path) -> None:
    job = prepared(tmp_path)
    assert built(job, score.run, "score") == {"table", "overview"}
    assert built(job, score.run, "score") == set()
    (job.run / "score" / "score.json").unlink()
    assert built(job, score.run, "score") == set()
    assert (job.run / "score" / "score.json").exists()
    assert built(changed(job, score={"absent": "one"}), score.run, "score") == {"table"}


def test_missing_solution(tmp_path: Path) -> None:
    job = prepared(tmp_path, "none.csv")
    with pytest.raises(ScoringError, match=r"none.csv: no such solution"):
        score.run(job)
    assert not (job.run / "score" / "score.json").exists()


def test_any_table_against_any_truth(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    job = prepared(tmp_path)
    raw = tmp_path / "raw"
    record = score.score_files(
        job.run / "submission" / "submission.csv",
        raw / "solution.csv",
        job.config.dataset,
        job.config.score,
    )
    assert record["mean_jaccard"] == pytest.approx(1)
    assert "submission.csv against solution.csv" in capsys.readouterr().out


def test_a_runs_polygons_against_a_table_and_systems_that_differ(tmp_path: Path) -> None:
    job = prepared(tmp_path)
    truth = tmp_path / "raw" / "solution.csv"
    dataset, settings = job.config.dataset, job.config.score
    record = score.score_files(job.run / "polygons", truth, dataset, settings)
    assert record["mean_jaccard"] == pytest.approx(1)
    assert record["scenes"] == list(TEST)
    elsewhere = tmp_path / "elsewhere.csv"
    text = "ImageId,ClassType,MultipolygonWKT\n"
    shape = "POLYGON ((500000 0, 500001 0, 500001 1, 500000 0))"
    rows = "".join(f'{scene},{code},"{shape}"\n' for scene in TEST for code in (3, 7))
    elsewhere.write_text(text + rows)
    with pytest.raises(ScoringError, match="one coordinate system"):
        score.score_files(elsewhere, truth, dataset, settings)
