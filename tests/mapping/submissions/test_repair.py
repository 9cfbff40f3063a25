"""What a repair writes is valid, and what it changed is said."""

import csv
import gzip
from pathlib import Path

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import MultiPolygon

from pipeline.errors import SubmissionError
from pipeline.mapping.submissions import repair as module
from pipeline.mapping.submissions.inspection import Inspection
from pipeline.mapping.submissions.repair import Repairs, mended_text, repair_table, report_path
from pipeline.mapping.submissions.terms import Terms
from pipeline.mapping.tables import geometry_of
from pipeline.mapping.text import MOST_DECIMALS, decimals_for
from tests.mapping.submissions.tables import BOW_TIE, EMPTY, HEADER, SQUARE, square, write_table

TRIANGLE = "((0 0, 1 0, 1 -1, 0 0))"


@pytest.mark.parametrize(
    ("texts", "area", "note"),
    [
        ([SQUARE], 1, ""),
        ([""], 0, ""),
        (["GEOMETRYCOLLECTION EMPTY"], 0, ""),
        (["POLYGON ((0 0, 1 0, 1 -1))"], 0.5, ""),
        ([f"GEOMETRYCOLLECTION (POINT (0 0), POLYGON {TRIANGLE})"], 0.5, ""),
        (["POLYGON Z ((0 0 5, 1 0 5, 1 -1 5, 0 0 5))"], 0.5, ""),
        ([f"MULTIPOLYGON ({TRIANGLE}, EMPTY)"], 0.5, ""),
        # Its lobes are two triangles of 1/4 each, its own area is 0.
        ([BOW_TIE], 0.5, "area 0 -> 0.5"),
        ([f"MULTIPOLYGON ({TRIANGLE}, {TRIANGLE})"], 0.5, "area 1 -> 0.5 (-50.00%)"),
        ([square(1.5)], 0.5, "area 1 -> 0.5 (-50.00%)"),
        ([square(7)], 0, "area 1 -> 0 (-100.00%)"),
        # Lobes that are cut away had no area before either; it is said all the same.
        (["POLYGON ((7 0, 8 -1, 8 0, 7 -1, 7 0))"], 0, "area 0.5 lay outside"),
        (["LINESTRING (0 0, 1 1)"], 0, ""),
        ([f"MULTIPOLYGON ({TRIANGLE}, ((1 0, nan 0, 2 -1, 1 0)))"], 0.5, "is not known"),
        (["POLYGON ((0 0, 1 0, 1 -1, 0 0)"], 0.5, "is not known"),
        ([SQUARE, SQUARE], 1, ""),
        ([SQUARE, square(0.5)], 1.5, "area 2 -> 1.5 (-25.00%)"),
        ([SQUARE, "POLYGON EMPTY"], 1, ""),
    ],
)
def test_geometries_by_hand(texts: list[str], area: float, note: str) -> None:
    """The scene spans 0 to 2 and -2 to 0."""
    text, repair = mended_text(texts, (2, -2))
    assert shapely.is_valid(geometry_of(text))
    assert geometry_of(text).area == pytest.approx(area, abs=1e-9)
    assert repair.after == pytest.approx(area, abs=1e-9)
    assert note in repair.note if note else repair.note == ""
    assert (text == EMPTY) == (area == 0)


def test_what_is_right_is_written_as_it_stands() -> None:
    assert mended_text([SQUARE], (2, -2))[0] == SQUARE
    assert mended_text([SQUARE], None)[1].done == ()


def test_areas_past_the_largest_number_are_dropped_and_said() -> None:
    for last in ("", ", 0 0"):
        text, repair = mended_text([f"POLYGON ((0 0, 1e200 0, 1e200 -1e200{last}))"], None)
        assert text == EMPTY
        assert "is not known" in repair.note


def test_ids_lose_their_blanks_and_codes_their_zeros(tmp_path: Path) -> None:
    rows, done = run(tmp_path, HEADER + f"a ,01,{EMPTY}\n")
    assert rows[1:] == [["a", "1", EMPTY]]
    assert done.touched == 1


@pytest.mark.parametrize("header", [HEADER, f",{HEADER}", ""])
def test_an_index_and_codes_of_floats_cost_no_ground(tmp_path: Path, header: str) -> None:
    rows, done = run(tmp_path, header + f'0,a,1.0,"{SQUARE}"\n1,b,2.0,"{square(3)}"\n')
    assert rows[1:] == [["a", "1", SQUARE], ["b", "2", square(3)]]
    assert (done.loss.had, done.loss.kept) == (2, 2)


def test_rows_without_ids_have_no_empty_names(tmp_path: Path) -> None:
    _, done = run(tmp_path, HEADER + f',,"{SQUARE}"\n,1,{EMPTY}\na,1,"{SQUARE}"\n')
    assert [str(one).partition(":")[0] for one in done.notable] == ["row 2", "row 3 (class 1)"]


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (f'a,x,"{SQUARE}"', "class 'x' is no class code"),
        (f'a,11,"{SQUARE}"', "class 11 is not in the sample"),
        ('a,1,"POLYGON ((0 0, nan 0, 1 -1, 0 0))"', "not finite"),
        (f'a,1,"{SQUARE}" x', "is no CSV"),
    ],
)
def test_nothing_is_written_where_all_ground_is_lost(tmp_path: Path, row: str, why: str) -> None:
    with pytest.raises(SubmissionError, match=f"ALL of the ground.*{why}.*nothing was written"):
        run(tmp_path, f"{HEADER}{row}\n", Terms(sample={("a", 1): 2, ("a", 2): 3}))
    assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]


def test_ground_that_is_united_is_not_lost(tmp_path: Path) -> None:
    _, done = run(tmp_path, HEADER + f'a,1,"{SQUARE}"\n' * 1 + f'a,1,"{SQUARE} "\n' * 4)
    assert not done.loss.is_most


def test_numbers_lose_their_exponents() -> None:
    text, repair = mended_text(["POLYGON ((1e-7 0, 2e-7 0, 2e-7 -1e-7, 1e-7 0))"], None)
    assert "e" not in text
    assert repair.after == pytest.approx(0.5e-14)
    assert repair.note == ""


def test_tangled_polygons_are_dropped_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.mapping.submissions.crossings.MOST_CROSSINGS", 0)
    text, repair = mended_text([BOW_TIE], None)
    assert text == EMPTY
    assert "is not known" in repair.note


def run(folder: Path, content: str, terms: Terms | None = None) -> tuple[list[list[str]], Repairs]:
    source, out = folder / "in.csv", folder / "out.csv"
    source.write_text(content)
    done = repair_table(source, out, terms or Terms())
    with out.open(newline="") as file:
        return list(csv.reader(file)), done


def test_rows_follow_the_sample(tmp_path: Path) -> None:
    sample = {("a", 1): 2, ("a", 2): 3, ("b", 1): 4}
    content = HEADER + f'b,1,"{SQUARE}"\nz,1,{EMPTY}\na,1,{EMPTY}\nb,x,{EMPTY}\n'
    rows, done = run(tmp_path, content, Terms(sample=sample))
    assert rows[1:] == [["a", "1", EMPTY], ["a", "2", EMPTY], ["b", "1", SQUARE]]
    assert (done.rows, done.touched) == (3, 3)
    with report_path(tmp_path / "out.csv").open(newline="") as file:
        report = list(csv.DictReader(file))
    assert [(one["row"], one["done"]) for one in report] == [
        ("5", "row dropped: class 'x' is no class code"),
        ("0", "added without ground"),
        ("3", "row dropped: the sample has no such row"),
    ]


def test_rows_without_a_sample_keep_their_order(tmp_path: Path) -> None:
    content = "\ufeff" + HEADER + f'b,1,"{SQUARE}"\r\na,1,\r\nb,1,"{SQUARE}"\r\na,2,{SQUARE}\r\n'
    rows, done = run(tmp_path, content)
    assert rows == [
        HEADER.strip().split(","),
        ["b", "1", SQUARE],
        ["a", "1", EMPTY],
        ["a", "2", SQUARE],
    ]
    assert done.notable == []


def test_quote_that_is_never_closed_is_closed(tmp_path: Path) -> None:
    rows, _ = run(tmp_path, HEADER + f'a,1,"{SQUARE}\nb,1,{EMPTY}\n')
    assert rows[1:] == [["a", "1", SQUARE], ["b", "1", EMPTY]]


def test_packed_in_and_out_equal_files(tmp_path: Path) -> None:
    source = write_table(tmp_path / "in.csv", ("a", 1, BOW_TIE), ("a", 2, SQUARE))
    packed = tmp_path / "in.csv.gz"
    packed.write_bytes(gzip.compress(source.read_bytes()))
    repair_table(packed, tmp_path / "one.csv.gz", Terms())
    repair_table(source, tmp_path / "two.csv.gz", Terms())
    assert (tmp_path / "one.csv.gz").read_bytes() == (tmp_path / "two.csv.gz").read_bytes()
    assert not list(Inspection(tmp_path / "one.csv.gz").findings())
    assert report_path(tmp_path / "one.csv.gz").name == "one.repairs.csv"


def test_output_is_never_the_input(tmp_path: Path) -> None:
    source = write_table(tmp_path / "in.csv", ("a", 1, SQUARE))
    (tmp_path / "link.csv").symlink_to(source)
    for out in (source, tmp_path / "link.csv"):
        with pytest.raises(SubmissionError, match="is an input itself"):
            repair_table(source, out, Terms())
    assert SQUARE in source.read_text()


def test_failure_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = write_table(tmp_path / "in.csv", ("a", 1, SQUARE))
    out = tmp_path / "out.csv"
    out.write_text("before")

    def fail(texts: list[str], extent: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(module, "mended_text", fail)
    with pytest.raises(RuntimeError):
        repair_table(source, out, Terms())
    assert out.read_text() == "before"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.csv", "out.csv"]


POINT = st.tuples(st.integers(-2, 8), st.integers(-8, 2)).map(lambda at: f"{at[0]} {at[1]}")
RING = st.lists(POINT, min_size=1, max_size=7).map(lambda points: f"({', '.join(points)})")
PART = st.lists(RING, min_size=1, max_size=3).map(lambda rings: f"({', '.join(rings)})")
TEXT = st.lists(PART, min_size=1, max_size=3).map(lambda parts: f"MULTIPOLYGON ({','.join(parts)})")


@settings(deadline=None, max_examples=200)
@given(st.lists(TEXT, min_size=1, max_size=2))
def test_whatever_comes_in_valid_ground_on_the_scene_goes_out(texts: list[str]) -> None:
    text, repair = mended_text(texts, (6, -6))
    back = geometry_of(text)
    assert back.is_valid
    scene = shapely.box(-1e-8, -6 - 1e-8, 6 + 1e-8, 1e-8)
    assert back.is_empty or shapely.covers(scene, back)
    assert repair.note or back.area == pytest.approx(repair.before, rel=1e-3)
    again, more = mended_text([text], (6, -6))
    assert again == text
    assert more.done == ()


@pytest.mark.parametrize(
    ("largest", "digits"),
    [(0.0092, 13), (0.5, 11), (1, 10), (999, 8), (5e6, 4), (1e30, 0), (0, 10)],
)
def test_ten_digits_of_the_largest_coordinate(largest: float, digits: int) -> None:
    assert decimals_for(MultiPolygon([shapely.box(0, 0, largest, largest)])) == digits


def test_digits_have_an_end() -> None:
    assert decimals_for(MultiPolygon([shapely.box(0, 0, 1e-30, 1e-30)])) == MOST_DECIMALS
    assert decimals_for(MultiPolygon()) == 0
