"""Stage submission: the sample's rows, valid, at the path that others rely on."""

from pathlib import Path

import numpy as np
import pytest
import shapely

from pipeline.errors import SubmissionError
from pipeline.imagery.labels import draw_masks
from pipeline.mapping.submission import check_submission
from pipeline.mapping.tables import geometry_of, read_rows
from pipeline.stages import evaluate, polygons, submission
from pipeline.stages.job import Job
from tests.stages.fake_run import (
    CODES,
    LABELLED,
    TEST,
    TO_MAP,
    built,
    changed,
    make_run,
    masks_of,
    write_predictions,
)


@pytest.fixture
def job(tmp_path: Path) -> Job:
    made = make_run(tmp_path)
    write_predictions(made, (*LABELLED, *TEST))
    evaluate.run(made)
    polygons.run(made)
    return made


def table(job: Job) -> Path:
    return job.run / "submission" / "submission.csv"


def test_rows_hold_the_scenes_masks(job: Job) -> None:
    submission.run(job)
    rows = list(read_rows(table(job), CODES, SubmissionError))
    assert [row.key for row in rows] == [(scene, code) for scene in TEST for code in CODES]
    for row in rows:
        mask = masks_of(row.image)[CODES.index(row.code)]
        found = draw_masks({row.code: geometry_of(row.wkt)}, (row.code,), TO_MAP, mask.shape)
        np.testing.assert_array_equal(found[0], mask)
    assert check_submission(table(job), job.config.dataset.folder / "sample.csv", CODES) == 4


def test_nothing_lies_past_the_scenes(job: Job) -> None:
    """Scenes that end within the first pixels of the working grid."""
    submission.run(job)
    whole = {row.key: geometry_of(row.wkt) for row in read_rows(table(job), CODES, SubmissionError)}
    sizes = job.config.dataset.folder / "grid_sizes.csv"
    sizes.write_text("ImageId,Xmax,Ymin\n" + "".join(f"{s},0.0055,-0.0105\n" for s in TEST))
    assert built(job, submission.run, "submission") == {"table"}
    scene, cut = shapely.box(0, -0.0105, 0.0055, 0), False
    for row in read_rows(table(job), CODES, SubmissionError):
        geometry = geometry_of(row.wkt)
        wanted = whole[row.key].intersection(scene)
        assert geometry.symmetric_difference(wanted).area < 1e-15
        cut |= wanted.area < whole[row.key].area
    assert cut


def test_copy_is_put_back(job: Job) -> None:
    submission.run(job)
    good = table(job).read_bytes()
    for damage in (lambda: table(job).unlink(), lambda: table(job).write_bytes(good[:-9])):
        damage()
        assert built(job, submission.run, "submission") == set()
        assert table(job).read_bytes() == good
    time = table(job).stat().st_mtime_ns
    submission.run(job)
    assert table(job).stat().st_mtime_ns == time


def test_reruns(job: Job) -> None:
    assert built(job, submission.run, "submission") == {"table"}
    assert built(job, submission.run, "submission") == set()
    assert built(changed(job, submission={"decimals": 5}), submission.run, "submission") == {
        "table"
    }


@pytest.mark.parametrize("test", [TEST, ()], ids=["some to predict", "all labelled"])
def test_without_a_sample(tmp_path: Path, test: tuple[str, ...]) -> None:
    """Scenes without labels are handed in, or all where each has some."""
    tables = {"labels": None, "grid_sizes": None, "sample": None}
    job = make_run(tmp_path, test, dataset={"layout": "files", **tables})
    write_predictions(job, (*LABELLED, *test))
    evaluate.run(job)
    polygons.run(job)
    submission.run(job)
    rows = list(read_rows(table(job), CODES, SubmissionError))
    scenes = test or sorted(LABELLED)
    assert [row.key for row in rows] == [(scene, code) for scene in scenes for code in CODES]
    assert [row.number for row in rows] == list(range(2, 2 + len(rows)))
    for row in rows:
        area = masks_of(row.image)[CODES.index(row.code)].sum() * 1e-6
        assert geometry_of(row.wkt).area == pytest.approx(area)
    assert built(job, submission.run, "submission") == set()


def test_sample_of_a_scene_without_imagery(job: Job) -> None:
    sample = job.config.dataset.folder / "sample.csv"
    sample.write_text(sample.read_text() + "elsewhere_0_0,3,POLYGON EMPTY\n")
    with pytest.raises(SubmissionError, match="scene elsewhere_0_0"):
        submission.run(job)
    assert not table(job).exists()


def test_sample_of_an_unknown_class(job: Job) -> None:
    sample = job.config.dataset.folder / "sample.csv"
    sample.write_text(sample.read_text() + "t_0_0,4,POLYGON EMPTY\n")
    with pytest.raises(SubmissionError, match=r"sample.csv, row 6: class code '4' is not in"):
        submission.run(job)
