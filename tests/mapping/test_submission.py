"""The table has the sample's rows in its order, and is checked as the contest does."""

import io
from pathlib import Path

import pytest
import shapely
from shapely import MultiPolygon

from pipeline.errors import SubmissionError
from pipeline.mapping.submission import check_submission, sample_rows, write_submission

HEADER = "ImageId,ClassType,MultipolygonWKT\n"
SQUARE = '"POLYGON ((0 0, 1 0, 1 1, 0 1, 0 0))"'
BOW_TIE = '"POLYGON ((0 0, 1 1, 1 0, 0 1, 0 0))"'
CODES = (1, 2)


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    path = tmp_path / "sample.csv"
    path.write_text(HEADER + "".join(f"{i},{c},{SQUARE}\n" for i, c in [("b", 2), ("a", 1)]))
    return path


def check(sample: Path, *lines: str) -> int:
    path = sample.with_name("submission.csv")
    path.write_text(HEADER + "".join(f"{line}\n" for line in lines))
    return check_submission(path, sample, CODES)


def test_rows_are_written_in_the_samples_order(sample: Path) -> None:
    polygons = {("a", 1): MultiPolygon([shapely.box(0, 0, 1, 1)])}
    file = io.StringIO()
    write_submission(
        file, sample_rows(sample, CODES), lambda i, c: polygons.get((i, c), MultiPolygon()), 1
    )
    assert file.getvalue() == (
        "ImageId,ClassType,MultipolygonWKT\n"
        "b,2,MULTIPOLYGON EMPTY\n"
        'a,1,"MULTIPOLYGON (((1.0 0.0, 1.0 1.0, 0.0 1.0, 0.0 0.0, 1.0 0.0)))"\n'
    )


def test_good_table(sample: Path) -> None:
    assert check(sample, f"b,2,{SQUARE}", "a,1,MULTIPOLYGON EMPTY") == 1


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ((f"b,2,{SQUARE}",), "row 3: missing; the sample has scene a, class 1 there"),
        ((f"a,1,{SQUARE}", f"b,2,{SQUARE}"), "row 2: is scene a, class 1, but the sample has"),
        ((f"b,2,{SQUARE}", f"a,1,{SQUARE}", f"a,2,{SQUARE}"), "row 4: the sample ends before it"),
        ((f"b,2,{SQUARE}", f"b,2,{SQUARE}"), "stands in row 2 already"),
        ((f"b,2,{BOW_TIE}", f"a,1,{SQUARE}"), "row 2: invalid geometry: Self-intersection"),
        (("b,2,POINT (0 0)", f"a,1,{SQUARE}"), "row 2: 'POINT (0 0)' is no POLYGON"),
        (("b,2,", f"a,1,{SQUARE}"), "row 2: '' is no POLYGON"),
        ((f"b,2,{SQUARE}", 'a,1,"POLYGON ((0 0, inf 0, 1 1, 0 0))"'), "not finite"),
    ],
)
def test_bad_tables(sample: Path, lines: tuple[str, ...], message: str) -> None:
    with pytest.raises(SubmissionError) as caught:
        check(sample, *lines)
    assert message in str(caught.value)


def test_all_faults_are_named(sample: Path) -> None:
    with pytest.raises(SubmissionError, match=r"(?s)row 2: invalid.*row 3: invalid"):
        check(sample, f"b,2,{BOW_TIE}", f"a,1,{BOW_TIE}")


def test_sample_without_rows(tmp_path: Path) -> None:
    (tmp_path / "sample.csv").write_text(HEADER)
    with pytest.raises(SubmissionError, match="has no rows"):
        list(sample_rows(tmp_path / "sample.csv", CODES))
