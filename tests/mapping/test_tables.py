"""Tables from outside are read row by row and never trusted."""

from pathlib import Path

import pytest

from pipeline.errors import SubmissionError
from pipeline.mapping.tables import geometry_of, read_rows

HEADER = "ImageId,ClassType,MultipolygonWKT\n"


def table(folder: Path, text: str) -> Path:
    path = folder / "table.csv"
    path.write_text(text)
    return path


def rows(path: Path) -> list[tuple[int, str, int, str]]:
    found = read_rows(path, {1, 2}, SubmissionError)
    return [(row.number, row.image, row.code, row.wkt) for row in found]


def test_rows_in_order(tmp_path: Path) -> None:
    path = table(tmp_path, HEADER + 'b,2,"POLYGON ((0 0, 1 0, 1 1, 0 0))"\na,1,x\n')
    assert rows(path) == [(2, "b", 2, "POLYGON ((0 0, 1 0, 1 1, 0 0))"), (3, "a", 1, "x")]


def test_fields_longer_than_the_usual_limit(tmp_path: Path) -> None:
    path = table(tmp_path, HEADER + "a,1,POLYGON" + "x" * 300_000 + "\n")
    assert len(rows(path)[0][3]) == 300_007


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "has no column 'imageid' or ''"),
        ("image,class,wkt\n", "(its header: 'image', 'class', 'wkt')"),
        (HEADER + "a,1\n", "row 2: has 2 fields"),
        (HEADER + "a,1,x,y\n", "row 2: has 4 fields where the header has 3"),
        (HEADER + "a,1,x\na,01,y\n", "row 3: scene a, class 1 stands in row 2 already"),
        (HEADER + "a,1,x\na,2,x\na,1,y\n", "row 4: scene a, class 1 stands in row 2 already"),
        (HEADER + "../a,1,x\n", "row 2: '../a' can't be a scene's id"),
        (HEADER + "/etc/passwd,1,x\n", "can't be a scene's id"),
        (HEADER + "a,3,x\n", "row 2: class code '3' is not in dataset.classes (1, 2)"),
        (HEADER + "a,one,x\n", "class code 'one' is not in"),
        (HEADER + "a,²,x\n", "is not in dataset.classes"),
        (HEADER + "a,,x\n", "class code '' is not in"),
        (HEADER + "a,1000000001,x\n", "is not in dataset.classes"),
        (HEADER + 'a,1,"x\n', "is no table in UTF-8 CSV"),
    ],
)
def test_bad_tables(tmp_path: Path, text: str, message: str) -> None:
    path = table(tmp_path, text)
    with pytest.raises(SubmissionError) as caught:
        rows(path)
    assert message in str(caught.value)
    assert "table.csv" in str(caught.value)


def test_missing_and_binary_files(tmp_path: Path) -> None:
    with pytest.raises(SubmissionError, match="no such table"):
        rows(tmp_path / "none.csv")
    (tmp_path / "binary.csv").write_bytes(b"\xff\xfe\x00\x01")
    with pytest.raises(SubmissionError, match="is no table in UTF-8 CSV"):
        rows(tmp_path / "binary.csv")


def test_geometries() -> None:
    assert geometry_of("POLYGON ((0 0, 1 0, 1 1, 0 0))").area == 0.5
    assert geometry_of(" multipolygon empty").is_empty
    assert not geometry_of("POLYGON Z ((0 0 5, 1 0 5, 1 1 5, 0 0 5))").has_z


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is no POLYGON"),
        ("POINT (0 0)", "is no POLYGON"),
        ("GEOMETRYCOLLECTION (" * 100_000, "is no POLYGON"),
        ("POLYGON ((0 0, 1 0, 1 1", "no well-known text"),
        ("POLYGON ((0 0, 1 0, 1 1))", "no well-known text"),
        ("POLYGON ((0 0, 1e999 0, 1 1, 0 0))", "not finite"),
        ("POLYGON ((0 0, nan 0, 1 1, 0 0))", "not finite"),
    ],
    ids=["empty", "point", "nested", "torn", "open", "infinite", "nan"],
)
def test_bad_geometries(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        geometry_of(text)
