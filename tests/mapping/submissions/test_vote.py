"""Tables merged row by row, whatever their order."""

import csv
import gzip
from pathlib import Path

import pytest

from pipeline.errors import SubmissionError
from pipeline.mapping.submissions.inspection import Inspection
from pipeline.mapping.submissions.vote import Ballot, check_weights, parse_weights, vote_tables
from pipeline.mapping.tables import geometry_of
from tests.mapping.submissions.tables import BOW_TIE, EMPTY, HEADER, SQUARE, square, write_table


@pytest.fixture
def tables(tmp_path: Path) -> list[Path]:
    """Three tables: other orders, missing rows, one packed."""
    one = write_table(tmp_path / "one.csv", ("a", 1, square(0, 2)), ("b", 1, SQUARE))
    two = write_table(tmp_path / "two.csv", ("c", 1, SQUARE), ("a", 1, square(1, 2)))
    three = write_table(tmp_path / "three.csv", ("b", 1, SQUARE), ("a", 1, square(1, 2)))
    packed = tmp_path / "three.csv.gz"
    packed.write_bytes(gzip.compress(three.read_bytes()))
    return [one, two, packed]


def areas(path: Path) -> dict[tuple[str, int], float]:
    with path.open(newline="") as file:
        rows = list(csv.reader(file))[1:]
    return {(image, int(code)): geometry_of(wkt).area for image, code, wkt in rows}


def test_majority_of_tables(tmp_path: Path, tables: list[Path]) -> None:
    out = tmp_path / "out.csv"
    assert vote_tables(out, tables) == Ballot(rows=2, filled=2, lacking=1, ignored=1, mended=0)
    assert list(areas(out)) == [("a", 1), ("b", 1)]
    assert list(areas(out).values()) == pytest.approx([4, 1])
    assert not list(Inspection(out).findings())


def test_weights_decide(tmp_path: Path, tables: list[Path]) -> None:
    out = tmp_path / "out.csv"
    vote_tables(out, tables, (5, 1, 1))
    assert areas(out) == {("a", 1): pytest.approx(4), ("b", 1): pytest.approx(1)}
    assert "0.0000000000 0.0000000000" in out.read_text()
    ballot = vote_tables(out, tables, (1, 5, 1))
    assert areas(out)["b", 1] == 0
    assert ballot.filled == 1


def test_invalid_rows_are_mended_and_counted(tmp_path: Path) -> None:
    one = write_table(tmp_path / "one.csv", ("a", 1, BOW_TIE), ("a", 2, EMPTY))
    assert vote_tables(tmp_path / "out.csv", [one]).mended == 1
    assert areas(tmp_path / "out.csv")["a", 1] == pytest.approx(0.5)


def test_row_that_stands_there_twice(tmp_path: Path) -> None:
    one = write_table(tmp_path / "one.csv", ("a", 1, SQUARE), ("a", 1, EMPTY))
    with pytest.raises(SubmissionError, match=r"row 3: .* stands in row 2 already"):
        vote_tables(tmp_path / "out.csv", [one])
    assert not (tmp_path / "out.csv").exists()


def test_row_without_scene_or_class(tmp_path: Path) -> None:
    one = tmp_path / "one.csv"
    one.write_text(HEADER + "a,x,\n")
    with pytest.raises(SubmissionError, match="row 2: class 'x' is no class code"):
        vote_tables(tmp_path / "out.csv", [one])


def test_output_is_never_an_input(tables: list[Path]) -> None:
    before = tables[1].read_bytes()
    with pytest.raises(SubmissionError, match="is an input itself"):
        vote_tables(tables[1], tables)
    assert tables[1].read_bytes() == before


@pytest.mark.parametrize(
    ("weights", "share", "message"),
    [
        ((1, 2), 0.5, "2 weights for 3 tables"),
        ((1, 2, 0), 0.5, "each is a number above 0"),
        ((1, 2, float("nan")), 0.5, "each is a number above 0"),
        ((), 1.0, "share is 1"),
        ((), -0.1, "share is -0.1"),
        ((), float("nan"), "share is nan"),
    ],
)
def test_weights_that_do_not_fit(weights: tuple[float, ...], share: float, message: str) -> None:
    with pytest.raises(SubmissionError, match=message):
        check_weights(weights, 3, share)


def test_weights_as_text() -> None:
    assert parse_weights("2,1, 0.5") == (2, 1, 0.5)
    assert parse_weights(None) == ()
    with pytest.raises(SubmissionError, match="are no numbers"):
        parse_weights("2;1")
