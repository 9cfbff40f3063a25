"""Confusion of classes that may overlap, by hand and against every pixel."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from pipeline.reporting.page.blocks import Picture, Table
from pipeline.reporting.report import confusion as module
from pipeline.reporting.report.confusion import Bits, ClassConfusion
from pipeline.reporting.report.confusion_blocks import confusion_blocks
from pipeline.reporting.report.confusion_chart import confusion_chart, percent_text
from pipeline.reporting.viewer.data import ViewerClass
from tests.reporting.search.drawn import collisions, texts

TRUTH = np.array([[1, 1, 1, 1, 0, 0, 0, 0], [0, 0, 0, 1, 1, 0, 0, 0]], bool)
FOUND = np.array([[1, 1, 0, 0, 1, 0, 0, 1], [0, 1, 0, 1, 0, 0, 0, 0]], bool)


def confusion_of(truth: Bits, found: Bits) -> ClassConfusion:
    confusion = ClassConfusion.empty(len(truth))
    confusion.add(truth, found)
    return confusion


def rows_of(count: int) -> list[ViewerClass]:
    return [ViewerClass(k, f"<class {k}>", "#d55e00", "solid") for k in range(count)]


def test_by_hand() -> None:
    """Class 0: pixels 0-3, class 1: 3 and 4; 5-7 are of none."""
    shares = confusion_of(TRUTH, FOUND).shares()
    assert shares[0].tolist() == [2 / 4, 1 / 3, 1 / 4], "1 is found on one of 0, 1, 2; 2 is missed"
    assert shares[1].tolist() == [1, 1 / 2, 0], "0 is found on 4, the only one not of 0"
    assert shares[2].tolist() == [1 / 3, 0, 2 / 3]
    assert confusion_of(TRUTH, FOUND).overlaps().tolist() == [[1, 1 / 4], [1 / 2, 1]]


def test_class_within_another_is_never_taken_for_it() -> None:
    truth = np.array([[1, 1, 1], [0, 1, 1]], bool)
    shares = confusion_of(truth, truth).shares()
    assert np.isnan(shares[1, 0]), "none of its pixels is not of the other"
    assert shares[0].tolist() == [1, 0, 0]
    assert np.isnan(shares[2]).all(), "all ground is of a class"


@given(st.data(), st.integers(1, 4), st.integers(0, 30))
def test_against_every_pixel(data: st.DataObject, classes: int, pixels: int) -> None:
    masks = arrays.arrays(bool, (classes, pixels))
    truth, found = data.draw(masks), data.draw(masks)
    shares = confusion_of(truth, found).shares()
    ground = [*truth, ~truth.any(axis=0)]
    for row, mine in enumerate(ground):
        for column in range(classes + 1):
            if column == classes:
                wrong, of = mine & ~found.any(axis=0), mine
            elif row == column:
                wrong, of = mine & found[column], mine
            else:
                of = mine & ~truth[column]
                wrong = of & found[column]
            if of.any():
                assert np.isclose(shares[row, column], wrong.sum() / of.sum())
            else:
                assert np.isnan(shares[row, column])


def test_parts_add_up() -> None:
    whole = confusion_of(TRUTH, FOUND)
    parts = ClassConfusion.empty(2)
    parts.add(TRUTH[:, :3], FOUND[:, :3])
    parts.add(TRUTH[:, 3:], FOUND[:, 3:])
    again = ClassConfusion.of_arrays(parts.arrays())
    assert all(np.array_equal(array, again.arrays()[n]) for n, array in whole.arrays().items())


def test_long_rows_are_counted_in_pieces() -> None:
    pixels = 2 * module._CHUNK + 5
    truth = np.ones((1, pixels), bool)
    found = np.zeros((1, pixels), bool)
    found[:, ::2] = True
    assert confusion_of(truth, found).shares()[0, 0] == (pixels + 1) // 2 / pixels


def test_chart_names_the_largest_mistake() -> None:
    figure = confusion_chart(["a", "b"], confusion_of(TRUTH, FOUND).shares())
    shown = texts(figure)
    assert "100% of b is taken for a" in shown
    cells = {t.get_gid(): t.get_text() for t in figure.axes[0].texts}
    assert cells["cell 0 1"] == "33"
    assert cells["cell 2 2"] == "67"
    right = confusion_chart(["a", "b"], confusion_of(TRUTH, TRUTH).shares())
    assert "No class is taken for another" in texts(right)


def test_nothing_overlaps_in_charts() -> None:
    rng = np.random.default_rng(0)
    for count, name in ((1, "a"), (2, "a name that is as long as any name of a class"), (16, "W")):
        shares = rng.random((count + 1, count + 1))
        figure = confusion_chart([f"{k} {name * 3}" for k in range(count)], shares)
        assert collisions(figure) == []


def test_numbers_in_cells() -> None:
    values = (0.0, 0.004, 0.005, 0.335, 0.994, 0.996, 1.0, float("nan"))
    assert [percent_text(value) for value in values] == [
        *("0", "<1", "0", "34", "99", ">99", "100", "–"),
    ]


def test_blocks_of_few_classes_have_the_chart() -> None:
    _, chart, numbers, pairs, overlaps = confusion_blocks(rows_of(2), confusion_of(TRUTH, FOUND))
    assert isinstance(chart, Picture)
    assert isinstance(numbers, Table)
    assert numbers.rows[0] == ("<class 0>", "50", "33", "25")
    assert isinstance(pairs, Table)
    assert pairs.rows[0] == ("<class 1>", "<class 0>", "100.0", 1)
    assert isinstance(overlaps, Table)
    assert overlaps.rows[0] == ("<class 1>", "<class 0>", "50.0", 1, "0.0")


def test_blocks_of_many_classes_have_the_strongest_pairs() -> None:
    truth = np.eye(60, dtype=bool).repeat(2, axis=1)
    found = truth.copy()
    found[7, 2] = True
    blocks = confusion_blocks(rows_of(60), confusion_of(truth, found))
    assert not any(isinstance(block, Picture) for block in blocks)
    shares, pairs = blocks[1:]
    assert isinstance(shares, Table)
    assert shares.rows[7] == ("<class 7>", "100", "0", "–")
    assert isinstance(pairs, Table)
    assert pairs.rows == (("<class 1>", "<class 7>", "50.0", 1),)


def test_one_class_has_no_pairs() -> None:
    blocks = confusion_blocks(rows_of(1), confusion_of(TRUTH[:1], FOUND[:1]))
    assert len(blocks) == 3
