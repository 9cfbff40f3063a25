from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from affine import Affine
from scipy.ndimage import gaussian_filter
from shapely import box

from pipeline.stages import scenes
from pipeline.stages.job import Job
from tests.contest_folder import (
    GROUPS,
    TEST,
    TRAIN,
    X_MAX,
    Y_MIN,
    contest_config,
    read_group,
    write_contest_folder,
    write_rows,
    write_tiff,
)

HEADER = ("ImageId", "ClassType", "MultipolygonWKT")


def job_of(folder: Path, *groups: str, **sections: Any) -> Job:
    config = contest_config(folder, groups or tuple(GROUPS), **sections)
    return Job(config, folder.parent / "run")


def load(job: Job, item: str, file: str) -> Any:
    return json.loads((job.run / "scenes" / item / file).read_text())


def manifest(job: Job) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((job.run / "scenes" / "manifest.json").read_text())
    return found


def built(job: Job) -> dict[str, int]:
    """When each item was made."""
    return {
        path.parent.name: path.stat().st_mtime_ns
        for path in (job.run / "scenes").glob("*/item.json")
    }


def test_a_scene_as_it_is_written(contest: Path) -> None:
    job = job_of(contest)
    scenes.run(job)
    record = load(job, f"scene-{TRAIN[0]}", "scene.json")
    assert (record["role"], record["shape"], record["metres"]) == ("train", [96, 96], 0.3125)
    assert (record["x_max"], record["y_min"]) == (X_MAX, Y_MIN)
    groups = {group["name"]: group for group in record["groups"]}
    assert list(groups) == ["RGB", "P", "M", "A"]
    assert groups["M"]["source"]["files"] == [f"sixteen_band/{TRAIN[0]}_M.tif"]
    assert groups["A"]["shape"] == [4, 4]
    assert groups["A"]["dtype"] == "uint16"
    assert Affine(*groups["A"]["to_reference"]) == Affine.scale(24)
    assert groups["A"]["registration"]["status"] == "off"
    assert [len(text) for text in groups["A"]["source"]["sha256"]] == [64]
    assert groups["P"]["bands"]["pan"]["max"] <= 300 + 2 * 400 + 2
    assert record["labels"]["5"]["parts"] == 1
    assert record["labels"]["5"]["share"] == pytest.approx(1 / 6, abs=0.01)
    assert record["problems"] == []
    labels = load(job, f"scene-{TRAIN[0]}", "labels.json")
    assert set(labels) == {"1", "5"}
    expected = box(X_MAX / 3, Y_MIN * 0.75, X_MAX * 2 / 3, Y_MIN * 0.25)
    assert shapely.from_wkt(labels["1"]).symmetric_difference(expected).area < 1e-12


def test_test_scene_has_no_labels_and_the_catalogue_all_scenes(contest: Path) -> None:
    write_tiff(contest / "three_band" / "7000_0_0.tif", np.ones((3, 4, 4), dtype=np.uint16))
    with (contest / "grid_sizes.csv").open("a") as file:
        file.write("7000_0_0,1,-1\n")
    job = job_of(contest)
    scenes.run(job)
    assert load(job, f"scene-{TEST[0]}", "scene.json")["role"] == "test"
    assert not (job.run / "scenes" / f"scene-{TEST[0]}" / "labels.json").exists()
    with (job.run / "scenes" / "catalogue" / "catalogue.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["id"], row["role"]) for row in rows] == [
        *((name, "train") for name in TRAIN),
        (TEST[0], "test"),
        ("7000_0_0", "unused"),
    ]
    assert "P is missing" in rows[-1]["problems"]
    assert manifest(job)["summary"] == {"train": 3, "test": 1, "unused": 1, "problems": 4}


@pytest.mark.parametrize("groups", [("A",), ("M", "P")])
def test_any_subset_of_groups(tmp_path: Path, groups: tuple[str, ...]) -> None:
    job = job_of(write_contest_folder(tmp_path / "raw", groups), *groups)
    scenes.run(job)
    record = load(job, f"scene-{TRAIN[0]}", "scene.json")
    assert record["reference"] == ("A" if groups == ("A",) else "P")


def test_registration_finds_a_shift_and_says_where_it_fails(tmp_path: Path) -> None:
    folder = write_contest_folder(tmp_path / "raw", ("P", "M"), TRAIN[:1])
    rng = np.random.default_rng(0)
    ground = 1000 + 4000 * gaussian_filter(rng.normal(size=(120, 120)), 6)
    write_tiff(folder / f"sixteen_band/{TRAIN[0]}_P.tif", ground[None, :96, :96].astype(np.uint16))
    # The content of M lies two of its pixels too far left, and one too far up.
    blocks = ground[4:100, 8:104].reshape(24, 4, 24, 4).mean((1, 3))
    write_tiff(folder / f"sixteen_band/{TRAIN[0]}_M.tif", np.stack([blocks] * 8).astype(np.uint16))
    noise = rng.integers(200, 1800, (8, 24, 24)).astype(np.uint16)
    write_tiff(folder / f"sixteen_band/{TEST[0]}_M.tif", noise)
    job = job_of(folder, "P", "M", scenes={"registration": "translation", "max_shift": 10})
    scenes.run(job)
    group = load(job, f"scene-{TRAIN[0]}", "scene.json")["groups"][1]
    assert group["registration"]["status"] == "aligned"
    assert group["registration"]["right_metres"] == pytest.approx(-2.5, abs=0.1)
    assert group["registration"]["down_metres"] == pytest.approx(-1.25, abs=0.1)
    assert Affine(*group["to_reference"]) @ (0, 0) == pytest.approx((8, 4), abs=0.3)
    failed = load(job, f"scene-{TEST[0]}", "scene.json")
    assert failed["groups"][1]["registration"]["status"] == "unaligned"
    assert Affine(*failed["groups"][1]["to_reference"]) == Affine.scale(4)
    assert any(problem.startswith("M stays unaligned") for problem in failed["problems"])


def test_second_run_makes_nothing(contest: Path) -> None:
    job = job_of(contest)
    scenes.run(job)
    before = built(job)
    assert set(before) == {*(f"scene-{name}" for name in (*TRAIN, *TEST)), "catalogue"}
    scenes.run(job)
    assert built(job) == before


def test_new_times_make_nothing_new(contest: Path) -> None:
    job = job_of(contest)
    scenes.run(job)
    before = built(job)
    for path in contest.rglob("*.*"):
        path.write_bytes(path.read_bytes())
    scenes.run(job)
    assert built(job) == before


def test_one_more_scene_costs_one_scene(contest: Path) -> None:
    job = job_of(contest)
    scenes.run(job)
    before = built(job)
    write_contest_folder(contest, test=(*TEST, "6050_0_0"))
    scenes.run(job)
    after = built(job)
    assert {name for name in after if after[name] != before.get(name)} == {
        "scene-6050_0_0",
        "catalogue",
    }


def test_a_changed_label_costs_its_scene(contest: Path) -> None:
    job = job_of(contest)
    scenes.run(job)
    before = built(job)
    with (contest / "train_wkt_v4.csv").open(newline="") as file:
        rows = list(csv.reader(file))[1:]
    rows[0][2] = "MULTIPOLYGON EMPTY"
    write_rows(contest / "train_wkt_v4.csv", HEADER, rows)
    scenes.run(job)
    after = built(job)
    assert {name for name in after if after[name] != before[name]} == {
        f"scene-{TRAIN[0]}",
        "catalogue",
    }


def test_a_changed_pixel_costs_its_scene(contest: Path) -> None:
    job = job_of(contest)
    scenes.run(job)
    before = built(job)
    path = contest / "sixteen_band" / f"{TRAIN[1]}_M.tif"
    pixels = read_group(path, 8)
    pixels[0, 0, 0] += 1
    write_tiff(path, pixels)
    scenes.run(job)
    after = built(job)
    assert {name for name in after if after[name] != before[name]} == {
        f"scene-{TRAIN[1]}",
        "catalogue",
    }


def test_hashes_are_taken_once(contest: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    job = job_of(contest)
    scenes.run(job)
    monkeypatch.setattr("pipeline.stages.raw_files.hash_file", lambda path: pytest.fail(str(path)))
    scenes.run(job)
    (job.run / "scenes" / ".hashes.json").write_text("{torn")
    monkeypatch.undo()
    before = built(job)
    scenes.run(job)
    assert built(job) == before


def test_labels_are_mended_and_cut_and_it_is_said(contest: Path) -> None:
    bow = f"MULTIPOLYGON (((0 0, {X_MAX} {Y_MIN}, {X_MAX} 0, 0 {Y_MIN}, 0 0)))"
    past = box(-0.0001, Y_MIN, X_MAX / 2, 0.0001).wkt
    write_rows(contest / "train_wkt_v4.csv", HEADER, [(TRAIN[0], 1, bow), (TRAIN[0], 5, past)])
    job = job_of(contest)
    scenes.run(job)
    record = load(job, f"scene-{TRAIN[0]}", "scene.json")
    assert len(record["problems"]) == 1
    assert record["problems"][0].startswith("label of class 1: made valid (Self-intersection")
    labels = load(job, f"scene-{TRAIN[0]}", "labels.json")
    assert shapely.from_wkt(labels["5"]).bounds == pytest.approx((0, Y_MIN, X_MAX / 2, 0))
    assert record["labels"]["1"]["parts"] == 2


def test_coarse_images_are_aligned_to_labels_by_region(tmp_path: Path) -> None:
    # A's content is moved one of its pixels (7.5 m) to the right in region 6010 alone.
    train = ("6010_0_0", "6020_0_0")
    folder = write_contest_folder(tmp_path / "raw", ("A",), train, ("6010_0_1",), magnify=8)
    path = folder / f"sixteen_band/{train[0]}_A.tif"
    pixels = read_group(path, 8)
    write_tiff(path, np.roll(pixels, 1, axis=2))
    settings = {"registration": "none", "align_to_labels": True, "max_shift": 22.5}
    job = job_of(folder, "A", scenes=settings)
    scenes.run(job)
    offset = load(job, "region-6010", "offset.json")
    assert offset["scenes"] == ["6010_0_0"]
    other = load(job, "region-6020", "offset.json")
    assert offset["right_metres"] - other["right_metres"] == pytest.approx(7.5, abs=2)
    assert offset["down_metres"] == other["down_metres"]
    for name in ("6010_0_0", "6010_0_1"):
        group = load(job, f"scene-{name}", "scene.json")["groups"][0]
        expected = (-offset["right_metres"] / 7.5, -offset["down_metres"] / 7.5)
        assert Affine(*group["to_reference"]) @ (0, 0) == pytest.approx(expected)
    before = built(job)
    write_contest_folder(folder, ("A",), train, ("6010_0_1", "6010_0_2"), magnify=8)
    write_tiff(path, np.roll(pixels, 1, axis=2))
    scenes.run(job)
    after = built(job)
    changed = {name for name in after if after[name] != before.get(name)}
    assert changed == {"scene-6010_0_2", "catalogue"}
