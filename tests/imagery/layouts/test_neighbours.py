from __future__ import annotations

from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.imagery.layouts.neighbours import Placed, neighbours

UTM = Affine(10, 0, 500_000, 0, -10, 5_000_000)


def at(
    column: float, row: float, shape: tuple[int, int] = (100, 100), crs: str = "EPSG:32633"
) -> Placed:
    """A scene that begins so many pixels right of and below the others' corner."""
    return Placed(UTM @ Affine.translation(column, row), shape, crs)


def test_grid_of_scenes() -> None:
    placed = {
        f"{row}{column}": at(100 * column, 100 * row) for row in range(3) for column in range(3)
    }
    found = neighbours(placed, 8)
    assert found["11"] == ("00", "01", "02", "10", "12", "20", "21", "22")
    assert found["00"] == ("01", "10", "11")


def test_gap_and_margin() -> None:
    placed = {"a": at(0, 0), "b": at(105, 0)}
    assert neighbours(placed, 4) == {"a": (), "b": ()}
    assert neighbours(placed, 6) == {"a": ("b",), "b": ("a",)}


def test_margin_is_in_the_pixels_of_each() -> None:
    coarse = Placed(UTM @ Affine.translation(105, 0) @ Affine.scale(4), (25, 25), "EPSG:32633")
    assert neighbours({"a": at(0, 0), "b": coarse}, 2) == {"a": (), "b": ("a",)}


def test_the_same_place_at_another_date() -> None:
    """``c`` shares 40 of 100 columns with ``a``, and 50 of 100 by 95 of 100 rows with ``b``."""
    placed = {"a": at(0, 0), "b": at(10, 5), "c": at(60, 0)}
    assert neighbours(placed, 8) == {"a": ("c",), "b": ("c",), "c": ("a", "b")}
    assert neighbours({"a": at(0, 0), "part": at(20, 20, (30, 30))}, 8) == {"a": (), "part": ()}


def test_other_systems_are_apart() -> None:
    placed = {"a": at(0, 0), "b": at(100, 0, crs="EPSG:32634")}
    assert neighbours(placed, 8) == {"a": (), "b": ()}


def test_axes_of_any_direction() -> None:
    turned = Placed(
        UTM @ Affine.translation(200, 100) @ Affine.rotation(180), (100, 100), "EPSG:32633"
    )
    assert neighbours({"a": at(0, 0), "b": turned}, 1) == {"a": ("b",), "b": ("a",)}


@settings(deadline=None, max_examples=20)
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), unique=True, max_size=8))
def test_cells_that_touch_are_neighbours(cells: list[tuple[int, int]]) -> None:
    placed = {f"{x}{y}": at(100 * x, 100 * y) for x, y in cells}
    for (x, y), others in zip(cells, neighbours(placed, 1).values(), strict=True):
        touching = {
            f"{a}{b}" for a, b in cells if (a, b) != (x, y) and max(abs(a - x), abs(b - y)) <= 1
        }
        assert set(others) == touching
