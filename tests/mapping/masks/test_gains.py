"""Steps from levels to masks, and what each gains: by hand."""

import csv
import io

import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.config.dataset import ClassRow
from pipeline.config.mapping import Polygons
from pipeline.config.rules import Clear
from pipeline.mapping.held_out import HeldOutScene
from pipeline.mapping.jaccard import Overlap
from pipeline.mapping.masks.finishing import Finish, finish_of, object_masks
from pipeline.mapping.masks.gains import (
    StepOverlaps,
    gains_csv,
    gains_record,
    step_overlaps,
    steps_of,
)
from pipeline.mapping.masks.postprocessing import Cleaning

CLASSES = (ClassRow(code=3, name="Road"), ClassRow(code=7, name="Water"))
WATER_FIRST = Clear(rule="clear", by=(7,), of=(3,), name="water first")
OFF = Clear(rule="clear", by=(3,), of=(7,), on=False)
# A road of six pixels that the water of the right column is taken for, and a speck of it.
ROAD = np.array([[200, 200, 200, 140], [1, 1, 1, 1], [140, 1, 1, 140]], np.uint8)
WATER = np.array([[1, 1, 1, 200], [1, 1, 1, 200], [1, 1, 1, 200]], np.uint8)


def no_index(_: object) -> NDArray[np.float32]:
    raise AssertionError("no rule asks for an index")


def scene() -> HeldOutScene:
    truth = np.stack([ROAD == 200, WATER == 200])
    valid = np.ones(ROAD.shape, np.bool_)
    valid[1, 0] = False
    return HeldOutScene(np.stack([ROAD, WATER]), truth, valid, 1.0)


def finish() -> Finish:
    settings = Polygons(rules=(WATER_FIRST, OFF), min_area={3: 2})
    return finish_of(settings, CLASSES, [130, 128])


def test_finish_of_a_configuration() -> None:
    assert finish().codes == (3, 7)
    assert finish().cleanings == (Cleaning(130, min_area=2.0), Cleaning(128))
    assert finish().rules == (WATER_FIRST, OFF)
    assert finish().to_json()[1][0]["level"] == 130


def test_rules_follow_cleaning_and_leave_no_small_parts() -> None:
    masks = object_masks(np.stack([ROAD, WATER]), finish(), 1.0, no_index)
    np.testing.assert_array_equal(masks[0], [[1, 1, 1, 0], [0] * 4, [0] * 4])
    np.testing.assert_array_equal(masks[1], WATER == 200)
    # A rule leaves one pixel of a part of two, which is below the smallest that is kept.
    road = np.ones_like(WATER)
    road[0, 2:] = 200
    assert not object_masks(np.stack([road, WATER]), finish(), 1.0, no_index)[0].any()


def test_steps_are_those_that_do_something() -> None:
    names = [step.name for step in steps_of(finish())]
    assert names == ["0.5", "thresholds", "small parts", "water first"]
    first, *_, last = steps_of(finish())
    assert first.until == Finish((3, 7), (Cleaning(128), Cleaning(128)), ())
    assert last.until.cleanings == finish().cleanings
    assert last.until.rules == (WATER_FIRST,)
    assert last.without.rules == ()
    plain = finish_of(Polygons(), CLASSES, [128, 128])
    assert [step.name for step in steps_of(plain)] == ["0.5"]
    assert [step.name for step in steps_of(plain, [plain, finish()])] == names[:3]


def test_overlaps_after_each_step_by_hand() -> None:
    """Three of the road's pixels are right; a corner and two specks are wrong."""
    found = step_overlaps(scene(), steps_of(finish()), no_index)
    assert [step.until[0] for step in found] == [
        Overlap(3, 3, 0),
        Overlap(3, 3, 0),
        # The speck to the left goes; that to the right is one pixel as well.
        Overlap(3, 1, 0),
        Overlap(3, 0, 0),
    ]
    assert all(step.until[1] == Overlap(3, 0, 0) for step in found)
    without_small_parts, without_rule = found[2].without[0], found[3].without[0]
    # The rule alone leaves the left speck.
    assert without_small_parts == Overlap(3, 1, 0)
    assert without_rule == Overlap(3, 1, 0)


def test_record_and_table() -> None:
    steps = steps_of(finish())
    overlaps = step_overlaps(scene(), steps, no_index)
    names = [step.name for step in steps]
    record = gains_record(names, [overlaps, overlaps], CLASSES, "zero")
    assert record["scenes"] == 2
    assert record["start"] == 0.75
    assert record["end"] == 1.0
    assert [row["gain"] for row in record["steps"]] == [0, 0, 0.125, 0.125]
    assert [row["share"] for row in record["steps"]] == [0, 0, 0.125, 0.125]
    assert record["steps"][0]["classes"] == {"3": 0.5, "7": 1.0}
    rows = list(csv.DictReader(io.StringIO(gains_csv(record))))
    assert [row["step"] for row in rows] == names
    assert float(rows[-1]["class 3"]) == pytest.approx(1.0)


def test_a_class_that_is_skipped_has_no_number() -> None:
    overlaps = StepOverlaps((Overlap(1, 0, 0), Overlap()), (Overlap(1, 0, 0), Overlap()))
    record = gains_record(["0.5"], [[overlaps]], CLASSES, "skip")
    assert record["end"] == 1.0
    assert record["steps"][0]["classes"]["7"] is None
    assert gains_csv(record).splitlines()[1].endswith(",")
