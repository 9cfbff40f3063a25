"""The inspection names every problem with its row, whatever the rest of the table is like."""

import gzip
import time
from pathlib import Path

import pytest

from pipeline.config.dataset import Dataset
from pipeline.errors import SubmissionError
from pipeline.mapping.submissions import stream
from pipeline.mapping.submissions.findings import COLUMNS, KINDS, Finding, Tally
from pipeline.mapping.submissions.inspection import Inspection
from pipeline.mapping.submissions.terms import Terms, read_sample, read_terms
from tests.mapping.submissions.tables import BOW_TIE, EMPTY, HEADER, SQUARE, square, write_table


def inspect(path: Path, content: str | bytes, terms: Terms | None = None) -> list[tuple[str, int]]:
    data = content.encode() if isinstance(content, str) else content
    path.write_bytes(data)
    found = Inspection(path, terms or Terms()).findings()
    return [(finding.kind.name, finding.row) for finding in found]


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (HEADER + f"a,1,{EMPTY}\n", []),
        ("\ufeff" + HEADER + f"a,1,{EMPTY}\n", [("byte-order-mark", 1)]),
        (HEADER + f"a,1,{EMPTY}\na,2,{EMPTY}\r\na,3,{EMPTY}\r\n", [("line-ends", 3)]),
        (HEADER.replace("\n", "\r\n"), [("line-ends", 1), ("missing", 1)]),
        (f"a,1,{EMPTY}\nb,2,\n", [("header", 1), ("blank", 2)]),
        (f"imageid,classtype,multipolygonwkt\na,1,{EMPTY}\n", [("header", 1)]),
        (f"ClassType,ImageId,MultipolygonWKT\n1,a,{EMPTY}\n", [("header", 1)]),
        (f"id,class,wkt\na,1,{EMPTY}\n", [("header", 1)]),
        (HEADER + f"a,1,{SQUARE}\n", [("fields", 2)]),
        (HEADER + f'a,1,{EMPTY},4\n"b",2\nb,3,""\n',
         [("fields", 2), ("fields", 3), ("blank", 4)]),
        (HEADER + f'a,1,"{SQUARE}\nb,2,"{EMPTY}"\n', [("quotes", 2)]),
        (HEADER + f'a,1,"{SQUARE}" x\nb,2,{EMPTY}\n', [("quotes", 2)]),
        (HEADER.encode() + b"a,1,\xff\xfe\n", [("encoding", 2)]),
        (HEADER + f"../a,1,{EMPTY}\na,-1,{EMPTY}\na,x,{EMPTY}\na,1e1,{EMPTY}\n",
         [("scene-id", 2), ("class-code", 3), ("class-code", 4), ("class-code", 5)]),
        (HEADER + f"a,1,{EMPTY}\na,1,{EMPTY}\na,01,{EMPTY}\n",
         [("duplicate", 3), ("key-form", 4), ("duplicate", 4)]),
        (HEADER + f" a,1,{EMPTY}\na, 2,{EMPTY}\n", [("key-form", 2), ("key-form", 3)]),
        # As pandas writes codes of floats, and its index.
        (HEADER + f"a,1.0,{EMPTY}\na,2.,{EMPTY}\na,1.5,{EMPTY}\n",
         [("key-form", 2), ("key-form", 3), ("class-code", 4)]),
        (HEADER + f'0,a,1,{EMPTY}\n1,b,2,"{SQUARE}"\n', [("index-column", 2), ("index-column", 3)]),
        (f"0,a,1,{EMPTY}\n", [("header", 1), ("index-column", 1)]),
        (f",{HEADER}0,a,1,{EMPTY}\n", [("header", 1), ("index-column", 1)]),
        (f",id,class,wkt\n0,a,1,{EMPTY}\n", [("header", 1)]),
        # Every problem of a row, and of every row.
        (HEADER + f'../a,x,"{BOW_TIE}"\na,1,"{BOW_TIE}"\n',
         [("scene-id", 2), ("class-code", 2), ("self-crossing", 2), ("self-crossing", 3)]),
    ],
)  # fmt: skip
def test_rows_by_hand(tmp_path: Path, content: str | bytes, found: list[tuple[str, int]]) -> None:
    assert inspect(tmp_path / "a.csv", content) == found


def test_files_whose_lines_are_none(tmp_path: Path) -> None:
    content = HEADER + f'a,1,"{SQUARE}"\n'
    for data, message in (
        (content.encode("utf-16"), "is UTF-16"),
        (content.replace("\n", "\r").encode(), "end with '.r' alone"),
        (HEADER.replace(",", ";").encode() + b"a;1;" + SQUARE.encode(), "parted by ';'"),
        (b"a;1;" + SQUARE.encode(), "parted by ';'"),
        (HEADER.replace(",", "\t").encode(), "parted by tabs"),
    ):
        with pytest.raises(SubmissionError, match=message):
            inspect(tmp_path / "a.csv", data)


@pytest.mark.parametrize("field", ["{long}", "a{long}", '"GEOMETRYCOLLECTION ({long})"'])
@pytest.mark.parametrize("letter", ["1", "a", " "])
def test_time_does_not_grow_with_the_square_of_a_row(
    tmp_path: Path, field: str, letter: str
) -> None:
    begin = time.perf_counter()
    inspect(tmp_path / "x.csv", HEADER + f"a,1,{field.format(long=letter * 200_000)},x\n")
    inspect(tmp_path / "x.csv", HEADER + f"a,1,{field.format(long=letter * 200_000)}\n")
    assert time.perf_counter() - begin < 5


def test_against_sample_extents_and_codes(tmp_path: Path) -> None:
    sample = write_table(tmp_path / "sample.csv", ("a", 1, EMPTY), ("a", 2, EMPTY), ("b", 1, EMPTY))
    grids = tmp_path / "grid.csv"
    grids.write_text(",Xmax,Ymin\na,2,-2\n")
    terms = read_terms(sample, grids)
    content = HEADER + f'b,1,"{SQUARE}"\na,1,"{square(1.5)}"\nc,7,{EMPTY}\n'
    assert inspect(tmp_path / "x.csv", content, terms) == [
        ("no-extent", 2),
        ("outside", 3),
        ("no-extent", 4),
        ("order", 2),
        ("extra", 4),
        ("missing", 3),
    ]
    only_codes = Terms(codes=(1, 2))
    assert inspect(tmp_path / "x.csv", content, only_codes) == [("class-code", 4)]


@pytest.mark.parametrize(
    ("wkt", "message"),
    [
        ("POLYGON ((0 0, 1 0, 1 1, 0 0))", "y has the wrong sign?"),
        ("POLYGON ((0 -1, 1 -1, 1 1, 0 -1))", "reaches 1 past y 0"),
        ("POLYGON ((50 50, 90 50, 90 90, 50 50))", "coordinates look like pixels"),
    ],
)
def test_y_is_never_positive(tmp_path: Path, wkt: str, message: str) -> None:
    path = write_table(tmp_path / "a.csv", ("a", 1, wkt), ("a", 2, SQUARE))
    (finding,) = Inspection(path).findings()
    assert finding.kind.name == "positive-y"
    assert message in finding.message
    assert list(Inspection(path, Terms(any_units=True)).findings()) == []


def test_hints_with_grid_sizes(tmp_path: Path) -> None:
    terms = Terms(extents={"a": (0.01, -0.01)})
    for wkt, message in (
        ("POLYGON ((0 0, 0.001 0, 0.001 0.001, 0 0))", "y has the wrong sign?"),
        ("POLYGON ((5 -5, 90 -5, 90 -90, 5 -5))", "coordinates look like pixels"),
        ("POLYGON ((0 0, 0.02 0, 0.02 -0.01, 0 0))", "polygon 1 reaches 0.01 past"),
    ):
        path = write_table(tmp_path / "a.csv", ("a", 1, wkt))
        (finding,) = Inspection(path, terms).findings()
        assert finding.kind.name == "outside"
        assert finding.message.startswith(message)


def test_rows_that_the_sample_lacks(tmp_path: Path) -> None:
    path = write_table(tmp_path / "a.csv", ("a", 1, EMPTY), ("b", 1, EMPTY), ("a", 11, EMPTY))
    messages = [one.message for one in Inspection(path, Terms(sample={("a", 1): 2})).findings()]
    assert messages == ["the sample has no such row", "class 11 is not in the sample"]


def test_numbers_of_a_whole_inspection(tmp_path: Path) -> None:
    path = write_table(tmp_path / "a.csv", ("a", 1, SQUARE), ("a", 2, EMPTY), ("a", 3, BOW_TIE))
    inspection = Inspection(path)
    assert len(list(inspection.findings())) == 1
    assert (inspection.rows, inspection.filled) == (3, 2)


def test_packed_tables_have_the_same_findings(tmp_path: Path) -> None:
    path = write_table(tmp_path / "a.csv", ("a", 1, BOW_TIE), ("a", 1, ""))
    packed = tmp_path / "a.csv.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    assert list(Inspection(packed).findings()) == list(Inspection(path).findings())


def test_fields_longer_than_the_csv_limit(tmp_path: Path) -> None:
    ring = ", ".join(f"{i} 0" for i in range(30_000))
    path = write_table(tmp_path / "a.csv", ("a", 1, f"POLYGON ((0 0, {ring}, 5 -9, 0 0))"))
    assert path.stat().st_size > 200_000
    assert list(Inspection(path).findings()) == []


def test_field_past_every_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "MOST_RECORD", 1000)
    content = HEADER + f'a,1,"{"1 2, " * 900}"\nb,2,\n'
    assert inspect(tmp_path / "a.csv", content) == [("field-size", 2), ("blank", 3)]


@pytest.mark.parametrize("content", ["", "\n\n"])
def test_empty_file(tmp_path: Path, content: str) -> None:
    with pytest.raises(SubmissionError, match="is empty"):
        inspect(tmp_path / "a.csv", content)


def test_finding_as_cells(tmp_path: Path) -> None:
    path = write_table(tmp_path / "a.csv", ("a", 1, BOW_TIE))
    (finding,) = Inspection(path).findings()
    cells = dict(zip(COLUMNS, finding.cells, strict=True))
    assert cells["kind"] == "self-crossing"
    assert (cells["row"], cells["scene"], cells["class"]) == ("2", "a", "1")
    assert (float(cells["x"]), float(cells["y"])) == (0.5, -0.5)
    assert str(finding).startswith("row 2: invalid geometry: Self-intersection")


def test_tally_counts_all_and_keeps_few() -> None:
    tally = Tally(shown=2)
    for row in range(2, 7):
        tally.add(Finding(KINDS["blank"], row, "a", "1", None, None, "blank"))
    tally.add(Finding(KINDS["exponent"], 9, "a", "1", 0.5, 1.0, "one"))
    assert (tally.total("error"), tally.total("note")) == (5, 1)
    lines = tally.lines()
    assert lines[0].startswith("error blank: 5")
    assert lines[3] == "  ... and 3 more"
    assert lines[5] == "  row 9: one at (0.5, 1) (scene a, class 1)"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (HEADER, "has no rows"),
        (HEADER + "a,1,x\na,1,x\n", "row 3: scene a, class 1 stands in row 2 already"),
        (HEADER + "../a,1,x\n", "row 2: '../a' can't be"),
        ("a,b\n1,2\n", "the header is 'a,b'"),
    ],
)
def test_bad_samples(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "sample.csv"
    path.write_text(content)
    with pytest.raises(SubmissionError, match=message):
        read_sample(path)


def test_dataset_without_tables(tmp_path: Path) -> None:
    """In map coordinates y is above zero, and nothing says which rows there must be."""
    tree = {
        "layout": "files",
        "folder": tmp_path,
        "classes": [{"code": 1, "name": "Houses"}],
        "groups": [{"name": "M", "file": "{id}.tif", "metres": 10, "bands": ["x"]}],
    }
    terms = read_terms(dataset=Dataset.model_validate(tree))
    square = "POLYGON ((500000 5000000, 500010 5000000, 500010 5000010, 500000 5000000))"
    rows = HEADER + f'a,1,"{square}"\nb,2,{EMPTY}\n'
    assert inspect(tmp_path / "a.csv", rows, terms) == [("class-code", 3)]
