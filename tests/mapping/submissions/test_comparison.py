"""Differences of two tables, by hand."""

from pathlib import Path

import pytest

from pipeline.mapping.submissions.comparison import COLUMNS, by_class, by_scene, compare_tables
from tests.mapping.submissions.tables import EMPTY, SQUARE, square, write_table


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    one = write_table(
        tmp_path / "one.csv", ("a", 1, square(0, 2)), ("a", 2, EMPTY), ("b", 1, SQUARE)
    )
    two = write_table(
        tmp_path / "two.csv", ("c", 2, SQUARE), ("b", 1, SQUARE), ("a", 1, square(1, 2))
    )
    return one, two


def test_rows(pair: tuple[Path, Path]) -> None:
    """Squares of area 4 that share 2: 2 are in each alone, and IoU is 2 / 6."""
    found = {(one.scene, one.code): one for one in compare_tables(*pair)}
    assert list(found) == [("a", 1), ("a", 2), ("b", 1), ("c", 2)]
    assert found["a", 1].numbers == pytest.approx((4, 4, 2, 2, 2, 1 / 3))
    assert found["a", 2].numbers == (0, 0, 0, 0, 0, None)
    assert found["b", 1].numbers == pytest.approx((1, 1, 1, 0, 0, 1))
    assert found["c", 2].numbers == pytest.approx((0, 1, 0, 0, 1, 0))
    assert [one.rows for one in found.values()] == ["both", "a", "both", "b"]


def test_totals(pair: tuple[Path, Path]) -> None:
    found = list(compare_tables(*pair))
    one, two = by_class(found)
    assert (one.code, two.code) == (1, 2)
    assert one.numbers == pytest.approx((5, 5, 3, 2, 2, 3 / 7))
    scenes = by_scene(found)
    assert [row.scene for row in scenes] == ["a", "c", "b"]
    assert [row.apart for row in scenes] == pytest.approx([4, 1, 0])


def test_cells(pair: tuple[Path, Path]) -> None:
    first = next(iter(compare_tables(*pair)))
    cells = dict(zip(COLUMNS, first.cells, strict=True))
    assert (cells["scene"], cells["class"], cells["both"], cells["rows"]) == ("a", "1", "2", "both")
