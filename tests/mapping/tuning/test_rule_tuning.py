"""Rows of rules, tuned on folds: what carries over is taken over, what harms is switched off."""

import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.config.rules import Clear, RuleRow, Shape
from pipeline.mapping.held_out import HeldOutScene
from pipeline.mapping.masks.finishing import Finish, settled
from pipeline.mapping.masks.postprocessing import Cleaning
from pipeline.mapping.tuning.rule_tuning import RuleGround, rule_ground, tune_rules

CODES = (3, 7)
PLAIN = (Cleaning(128), Cleaning(128))
SPECKS = Shape(rule="shape", of=3, min_area=40, name="no specks")
CLEAR = Clear(rule="clear", by=(7,), of=(3,))


def no_index(_: object) -> NDArray[np.float32]:
    raise AssertionError("no rule asks for an index")


def ground(fold: int, speck: int = 5, over_water: bool = False) -> RuleGround:
    """A road of 30 pixels that may lead over water, and a square speck that is none."""
    truth = np.zeros((2, 24, 40), np.bool_)
    truth[0, 3, 4:34] = True
    truth[1, 1:7, 10:13] = over_water
    masks = truth.copy()
    masks[0, 12 : 12 + speck, 20 : 20 + speck] = True
    levels = np.where(masks, 200, 20).astype(np.uint8)
    scene = HeldOutScene(levels, truth, np.ones(truth.shape[1:], np.bool_), 1.0)
    return rule_ground(scene, CODES, PLAIN, fold, no_index)


def tuned(rules: list[RuleRow], *grounds: RuleGround) -> list[tuple[bool, float]]:
    advanced: list[None] = []
    found = tune_rules(grounds, 3, rules, "zero", lambda: advanced.append(None))
    assert len(advanced) == len(rules) == len(found)
    return [(choice.row.on, getattr(choice.row, "min_area", 0.0)) for choice in found]


def test_a_number_that_carries_over_is_taken_over() -> None:
    """At 40 square metres the roads go as well; of half as much, only the specks of 16."""
    grounds = [ground(fold, speck=4) for fold in range(3)]
    assert tuned([SPECKS], *grounds) == [(True, 20.0)]
    (choice,) = tune_rules(
        [ground(fold, speck=4) for fold in range(3)],
        3,
        [SPECKS.model_copy(update={"name": None})],
        "zero",
    )
    # Its own title would be that of a row that has this number to begin with.
    assert choice.row.title == "shape of 3: min_area 40, tuned"
    assert choice.to_json()["was"]["min_area"] == 40
    masks = grounds[0].settled
    np.testing.assert_array_equal(masks[0], grounds[0].scene.truth[0])


def test_a_number_that_one_fold_asks_for_is_not() -> None:
    """Specks of 36 in one fold: there a larger area would be right, elsewhere it takes roads."""
    row = SPECKS.model_copy(update={"min_area": 28.4})
    grounds = [ground(0, speck=6), ground(1, speck=4), ground(2, speck=4)]
    assert tuned([row], *grounds) == [(True, 28.4)]


def test_a_rule_that_does_harm_is_switched_off() -> None:
    grounds = [ground(fold, speck=0, over_water=True) for fold in range(3)]
    (choice,) = tune_rules(grounds, 3, [CLEAR], "zero")
    assert not choice.row.on
    assert choice.row.name is None, "a row without a name keeps none"
    assert choice.without == 1.0
    assert choice.before == pytest.approx((27 / 30 + 1) / 2)
    assert choice.carried == choice.after == 1.0
    assert choice.tried == 2
    record = choice.to_json()
    assert record["name"] == CLEAR.title
    assert record["row"]["on"] is False


def test_a_row_that_is_off_stays_off() -> None:
    grounds = [ground(fold, speck=4) for fold in range(3)]
    row = SPECKS.model_copy(update={"on": False, "min_area": 20.0})
    assert tuned([row], *grounds) == [(False, 20.0)]


def test_later_rows_see_what_became_of_earlier_ones() -> None:
    """Switched off, the first rule leaves the road whole, which the second then judges."""
    grounds = [ground(fold, speck=4, over_water=True) for fold in range(3)]
    long = Shape(rule="shape", of=3, min_area=20, name="no specks")
    assert tuned([CLEAR, long], *grounds) == [(False, 0.0), (True, 20.0)]
    np.testing.assert_array_equal(grounds[0].settled, grounds[0].scene.truth)


def test_a_later_row_is_scored_without_what_earlier_rows_left_of_parts() -> None:
    """Water over a road leaves 2 pixels of it, less than a road has; the next row takes nothing."""
    truth = np.zeros((2, 12, 24), np.bool_)
    masks = truth.copy()
    masks[0, 3, 4:14] = True
    masks[1, 1:7, 6:14] = True
    levels = np.where(masks, 200, 20).astype(np.uint8)
    cleanings = (Cleaning(128, min_area=4), Cleaning(128))
    scene = HeldOutScene(levels, truth | masks, np.ones((12, 24), np.bool_), 1.0)
    small = Shape(rule="shape", of=7, min_area=2, name="no dots")
    own = rule_ground(scene, CODES, cleanings, 0, no_index)
    wanted = settled(
        own.cleaned, Finish(CODES, cleanings, (CLEAR, small)), 1.0, own.answered, no_index
    )
    own.settle(CLEAR)
    np.testing.assert_array_equal(own.masks([small]), wanted)
    assert not wanted[0].any()
