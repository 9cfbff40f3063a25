"""The table has the sample's rows in its order, and is checked as the contest does."""

import csv
import io
from pathlib import Path

import pytest
import shapely
from shapely import MultiPolygon

from pipeline.errors import SubmissionError
from pipeline.imagery.polygon_table import Row
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


def written(whole: MultiPolygon, decimals: int, extent: tuple[float, float]) -> MultiPolygon:
    file = io.StringIO()
    row = Row(2, "a", 1, "")
    write_submission(file, [row], lambda *_: whole, decimals, {"a": extent})
    found: MultiPolygon = shapely.from_wkt(next(csv.reader(file.getvalue().splitlines()[1:]))[2])
    return found


def test_nothing_is_written_past_the_scene() -> None:
    """Also where rounding to the nearest number would lead past its edge."""
    whole = MultiPolygon([shapely.box(0.5, -1.5, 1.5, -0.5), shapely.box(3, -2, 4, -1)])
    found = written(whole, 2, (1.259, -1.111))
    assert found.bounds == (0.5, -1.11, 1.25, -0.5)
    assert len(found.geoms) == 1
    assert written(whole, 2, (9.0, -9.0)).equals(whole)
    assert written(MultiPolygon(), 2, (1.0, -1.0)).is_empty
    above = MultiPolygon([shapely.box(-0.5, -0.5, 0.5, 0.5)])
    assert written(above, 3, (1.0, -1.0)).bounds == (0.0, -0.5, 0.5, 0.0)


def test_ground_past_the_scene_is_a_fault(sample: Path) -> None:
    path = sample.with_name("submission.csv")
    path.write_text(HEADER + f"b,2,{SQUARE}\na,1,MULTIPOLYGON EMPTY\n")
    with pytest.raises(SubmissionError, match=r"row 2: .*past the scene"):
        check_submission(path, sample, CODES, {"b": (0.5, -1.0)})


def test_good_table(sample: Path) -> None:
    assert check(sample, f"b,2,{SQUARE}", "a,1,MULTIPOLYGON EMPTY") == 1


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ((f"b,2,{SQUARE}",), "row 3: missing; the sample has scene a, class 1 there"),
        ((f"a,1,{SQUARE}", f"b,2,{SQUARE}"), "row 2: is scene a, class 1, but the sample has"),
        ((f"b,2,{SQUARE}", f"a,1,{SQUARE}", f"a,2,{SQUARE}"), "row 4: the sample has no such row"),
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
