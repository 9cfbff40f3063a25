"""Input that can't be used: a clear error that names file and fix, and nothing half-written."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from pipeline.cli import main
from pipeline.errors import DatasetError
from pipeline.stages import scenes
from pipeline.stages.job import Job
from tests.contest_folder import (
    TRAIN,
    X_MAX,
    Y_MIN,
    contest_config,
    contest_tree,
    read_group,
    write_rows,
    write_tiff,
)

LABELS = "train_wkt_v4.csv"
HEADER = ("ImageId", "ClassType", "MultipolygonWKT")
SQUARE = f"MULTIPOLYGON (((0 0, {X_MAX / 2} 0, {X_MAX / 2} {Y_MIN / 2}, 0 0)))"
M = f"sixteen_band/{TRAIN[1]}_M.tif"


def label_rows(*rows: Sequence[Any]) -> Callable[[Path], None]:
    return lambda folder: write_rows(folder / LABELS, HEADER, rows)


def missing_band(folder: Path) -> None:
    (folder / M).unlink()


def truncated(folder: Path) -> None:
    (folder / M).write_bytes((folder / M).read_bytes()[:2000])


def fewer_bands(folder: Path) -> None:
    write_tiff(folder / M, read_group(folder / M, 8)[:7])


def sizes_that_differ(folder: Path) -> None:
    write_tiff(folder / M, read_group(folder / M, 8)[:, :18])


def no_grid_size(folder: Path) -> None:
    rows = [(name, X_MAX, Y_MIN) for name in (TRAIN[0], TRAIN[2], "6040_0_0")]
    write_rows(folder / "grid_sizes.csv", ("", "Xmax", "Ymin"), rows)


def not_finite(folder: Path) -> None:
    pixels = read_group(folder / M, 8).astype(np.float32)
    pixels[0, 0, 0] = np.nan
    write_tiff(folder / M, pixels)


def empty_folder(folder: Path) -> None:
    for path in folder.rglob("*.*"):
        path.unlink()


def path_in_the_sample(folder: Path) -> None:
    write_rows(folder / "sample_submission.csv", HEADER, [("../../6040_0_0", 1, "")])


def path_in_the_grid_sizes(folder: Path) -> None:
    with (folder / "grid_sizes.csv").open("a") as file:
        file.write(f"../{TRAIN[0]},{X_MAX},{Y_MIN}\n")


CASES: list[tuple[Callable[[Path], None], str, str]] = [
    (missing_band, M, "missing, though .* put it there, or remove the group"),
    (truncated, M, "can't be read as a whole TIFF .*; fetch it again"),
    (fewer_bands, M, "has 7 bands where the configuration lists 8; correct dataset.groups"),
    (sizes_that_differ, M, "sizes that differ by more than 15% don't fit together: check"),
    (no_grid_size, "grid_sizes.csv", f"has no row for scene {TRAIN[1]}.*add its Xmax and Ymin"),
    (not_finite, M, "band 1, row 0, column 0 is not a finite number .*; replace them"),
    (empty_folder, "raw", r"holds no image named as in dataset\.groups .*; put the scenes there"),
    (
        label_rows((TRAIN[0], 1, "MULTIPOLYGON (((0 0, 1")),
        f"{LABELS}, row 2",
        "well-known text .* correct it",
    ),
    (
        label_rows((TRAIN[0], 1, "POINT (0 0)")),
        f"{LABELS}, row 2",
        "no POLYGON .* write it as one",
    ),
    (label_rows((TRAIN[0], 12, SQUARE)), f"{LABELS}, row 2", "class code '12' .* add the class"),
    (
        label_rows((TRAIN[0], 1, SQUARE), (TRAIN[0], 1, SQUARE)),
        f"{LABELS}, row 3",
        "in row 2 already; put both",
    ),
    (
        label_rows((TRAIN[0], 1, "MULTIPOLYGON (((5 5, 6 5, 6 6, 5 5)))")),
        f"{LABELS}, row 2",
        "lies outside of its scene.*; correct the label",
    ),
    (
        label_rows((TRAIN[0], 5, "MULTIPOLYGON (((nan 0, 1 0, 1 1, 0 0)))")),
        f"{LABELS}, row 2",
        "finite.*correct|well-known text .* correct it",
    ),
    (
        label_rows(("../../etc/passwd", 1, SQUARE)),
        f"{LABELS}, row 2",
        "'../../etc/passwd' can't be a scene's id.* correct the row",
    ),
    (path_in_the_sample, "sample_submission.csv, row 2", "can't be a scene's id.* correct the row"),
]


@pytest.mark.parametrize(
    ("spoil", "where", "message"), CASES, ids=[f"{case[1]}-{case[2][:24]}" for case in CASES]
)
def test_error_names_file_and_fix(
    contest: Path,
    spoil: Callable[[Path], None],
    where: str,
    message: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    spoil(contest)
    monkeypatch.chdir(contest.parent)
    Path("tiny.yaml").write_text(yaml.safe_dump(contest_tree(contest)))
    monkeypatch.setattr("sys.argv", ["pipeline", "scenes", "--config", "tiny.yaml"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 1
    told = capsys.readouterr().err
    assert where in told
    assert re.search(message, told)
    job = Job(contest_config(contest), Path("data/runs/tiny"))
    assert_nothing_half_written(job, TRAIN[1] if where == M else TRAIN[0])


def assert_nothing_half_written(job: Job, spoilt: str) -> None:
    """No manifest, no item of the spoilt scene, no temporary folder.

    Other scenes' items may be there: they are whole, and the next run takes them as they are.
    """
    folder = job.run / "scenes"
    assert not (folder / "manifest.json").exists()
    assert not (folder / f"scene-{spoilt}").exists()
    assert not (folder / "catalogue").exists()
    assert not list(folder.glob(".tmp-*"))
    assert not (job.run / "tiles").exists()


def test_faults_of_several_scenes_are_told_at_once(contest: Path) -> None:
    for name in TRAIN:
        path = contest / "sixteen_band" / f"{name}_A.tif"
        write_tiff(path, read_group(path, 8)[:5])
    bad = "MULTIPOLYGON (((5 5, 6 5, 6 6, 5 5)))"
    write_rows(contest / LABELS, HEADER, [(TRAIN[0], 1, bad), (TRAIN[1], 5, SQUARE)])
    job = Job(contest_config(contest), contest.parent / "run")
    with pytest.raises(DatasetError) as caught:
        scenes.run(job)
    assert str(caught.value).count("has 5 bands") == 2  # the third is in no table any more
    assert not list((contest.parent / "run" / "scenes").glob("scene-*"))


def test_mended_input_needs_only_what_was_broken(contest: Path) -> None:
    good = (contest / M).read_bytes()
    not_finite(contest)
    job = Job(contest_config(contest), contest.parent / "run")
    with pytest.raises(DatasetError):
        scenes.run(job)
    kept = {
        path: path.stat().st_mtime_ns for path in (job.run / "scenes").glob("scene-*/item.json")
    }
    (contest / M).write_bytes(good)
    scenes.run(job)
    assert (job.run / "scenes" / "manifest.json").exists()
    assert all(path.stat().st_mtime_ns == time for path, time in kept.items())


def test_row_of_grid_sizes_for_no_image_is_never_opened(contest: Path) -> None:
    path_in_the_grid_sizes(contest)
    job = Job(contest_config(contest), contest.parent / "run")
    scenes.run(job)
    assert len(list((job.run / "scenes").glob("scene-*"))) == 4
