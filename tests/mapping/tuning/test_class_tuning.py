"""Tuning of one class: scores by hand, what trials find, and what carries over."""

import csv
import io
import json
from dataclasses import replace
from typing import Any, Literal

import numpy as np
import pytest
import yaml
from numpy.typing import NDArray

from pipeline.config.dataset import ClassRow
from pipeline.config.mapping import Evaluate, Polygons
from pipeline.config.tune import Tune
from pipeline.learning.metrics import NOTHING
from pipeline.mapping.jaccard import Overlap
from pipeline.mapping.masks.postprocessing import Cleaning, cleaning_of
from pipeline.mapping.tuning.choice import Choice, choice_of, scores_record, trials_csv, tuned_yaml
from pipeline.mapping.tuning.class_tuning import (
    Ground,
    Judge,
    Trial,
    best,
    carried_over,
    ground_of,
    robust,
    tune,
)
from pipeline.mapping.tuning.cleaning_space import CleaningSpace

Levels = NDArray[np.uint8]
PLAIN: dict[str, Any] = {
    "median_metres": 0,
    "closing_metres": 0,
    "opening_metres": 0,
    "hysteresis": False,
}
QUICK = Tune(trials=60, startup=25, smooth_metres=8, min_area=400, min_hole=400, **PLAIN)
EXACT = Evaluate(slack=0)
NOW = Cleaning(NOTHING)


def ground(levels: Levels, truth: NDArray[np.bool_], fold: int, metres: float = 2.0) -> Ground:
    return ground_of(levels, truth, np.ones(truth.shape, np.bool_), fold, metres)


def judge_of(*grounds: Ground, fixed: int | None = None) -> Judge:
    return Judge(grounds, 1 + max(one.fold for one in grounds), EXACT, fixed)


def specks(fold: int, side: int = 40) -> Ground:
    """A square of the class; pixels that say the opposite, in it and around it, far apart."""
    truth = np.zeros((side, side), np.bool_)
    truth[6 + fold : 26 + fold, 8:28] = True
    levels = np.where(truth, 180, 60).astype(np.uint8)
    levels[1 + fold :: 4, 2::4] = np.where(truth[1 + fold :: 4, 2::4], 60, 200)
    return ground(levels, truth, fold)


def test_overlaps_by_hand() -> None:
    """Row 0 is not valid, the last column has no answer and holds a pixel of the class."""
    levels = np.array([[9, 9, 9, 0], [9, 5, 9, 0], [9, 9, 9, 0]], np.uint8)
    truth = np.array([[1, 1, 1, 1], [1, 1, 0, 1], [0, 0, 0, 0]], np.bool_)
    valid = np.array([[0] * 4, [1] * 4, [1] * 4], np.bool_)
    one = ground_of(levels, truth, valid, 1, 1.0)
    assert one.levels.shape == (3, 3)
    judge = Judge([one], 2, EXACT, fixed=6)
    assert judge.trial(NOW).folds == (Overlap(), Overlap(1, 4, 2))
    assert judge.trial(NOW).cleaning.level == 6
    # The hole at level 5 is filled, which is a pixel of the class.
    assert judge.trial(Cleaning(0, min_hole=2)).folds[1] == Overlap(2, 4, 1)
    assert judge.trial(Cleaning(0, min_area=9)).folds[1] == Overlap(0, 0, 3)
    assert judge.trial(Cleaning(0, min_area=8)).folds[1] == Overlap(1, 4, 2)
    nowhere = ground_of(np.zeros_like(levels), truth, valid, 0, 1.0)
    assert judge_of(nowhere, fixed=1).trial(Cleaning(0, 3.0, 2, 2)).folds == (Overlap(0, 0, 3),)


def test_a_fold_is_cut_at_the_threshold_that_the_others_tell() -> None:
    truth = np.array([[True, True, False, False]])
    folds = [
        ground(np.array([row], np.uint8), truth, fold)
        for fold, row in enumerate(([90, 80, 20, 10], [200, 190, 150, 140]))
    ]
    trial = judge_of(*folds).trial(NOW)
    assert 150 < trial.levels[0] <= 190
    assert 20 < trial.levels[1] <= 80
    assert trial.folds == (Overlap(0, 0, 2), Overlap(2, 2, 0))
    # The best of all: from 141 to 150 and on, 2 of 4, or from 21 to 80, 4 of 6.
    assert 20 < trial.cleaning.level <= 80
    half = Judge(folds, 2, Evaluate(thresholds=0.5)).trial(NOW)
    assert half.levels == (128, 128)
    assert half.cleaning.level == 128


def test_thresholds_are_those_of_smoothed_levels() -> None:
    """A pixel of the class that is told by its surroundings alone."""
    levels = np.full((9, 9), 40, np.uint8)
    levels[4, 4] = 250
    truth = np.zeros((9, 9), np.bool_)
    truth[4, 4] = True
    judge = judge_of(ground(levels, truth, 0, 1.0), ground(levels, truth, 1, 1.0))
    soft = judge.trial(Cleaning(0, smooth=1.0))
    assert 40 < soft.cleaning.level < 100
    assert soft.overlap() == Overlap(2, 0, 0)


def test_margins_without_an_answer_change_nothing() -> None:
    rng = np.random.default_rng(4)
    levels = rng.integers(1, 256, (12, 15), np.uint8)
    truth = rng.random((12, 15)) < 0.4
    cleanings = [NOW, Cleaning(0, 1.5, 5, 9), Cleaning(0, 0, 3.5, 30, median=2.0)]
    wide, broad = np.pad(levels, 7), np.pad(truth, 7)
    one = judge_of(ground(levels, truth, 0), fixed=100)
    two = judge_of(ground(wide, broad, 0), fixed=100)
    for cleaning in cleanings:
        assert one.trial(cleaning).folds == two.trial(cleaning).folds


@pytest.mark.parametrize("method", ["sweep", "tpe"])
def test_smoothing_and_areas_are_found_and_taken_over(method: Literal["sweep", "tpe"]) -> None:
    judge = judge_of(*(specks(fold) for fold in range(3)))
    trials = tune(judge, NOW, QUICK.model_copy(update={"method": method}))
    assert len(trials) == 60 if method == "tpe" else len(trials) <= 60
    assert trials[0].cleaning == Cleaning(trials[0].cleaning.level)
    found = choice_of(trials)
    assert (found.before.jaccard or 0) < 0.8
    assert (found.after.jaccard or 0) > 0.97
    assert (found.carried.jaccard or 0) > 0.97
    assert found.taken
    assert found.kept == found.tuned
    assert len(found.levels) == 3
    assert found.tuned.smooth or (found.tuned.min_area and found.tuned.min_hole)


def test_a_sweep_ends_where_no_single_key_gets_better() -> None:
    judge = judge_of(*(specks(fold) for fold in range(3)))
    trials = tune(judge, NOW, QUICK.model_copy(update={"trials": 1000}))
    assert len(trials) < 300
    assert len({trial.cleaning for trial in trials}) == len(trials)
    top, space = best(trials), CleaningSpace.of(NOW, QUICK, 2.0)
    assert top is not None
    for name, values in space.axes(2.0).items():
        for value in values:
            changes: dict[str, Any] = {name: value}
            other = judge.trial(replace(top.cleaning, **changes))
            assert robust(other) <= robust(top)
    advanced: list[None] = []
    shorter = QUICK.model_copy(update={"trials": 7})
    assert tune(judge, NOW, shorter, lambda: advanced.append(None)) == trials[:7]
    assert len(advanced) == 6


def test_same_seed_gives_the_same_trials() -> None:
    judge = judge_of(specks(0), specks(1))
    settings = QUICK.model_copy(update={"trials": 30, "startup": 10, "method": "tpe"})
    one, two = (tune(judge, NOW, settings) for _ in range(2))
    assert one == two
    other = tune(judge, NOW, settings.model_copy(update={"seed": 1}))
    assert [t.cleaning for t in other[1:]] != [t.cleaning for t in one[1:]]


def test_what_helps_one_fold_alone_is_not_taken_over() -> None:
    """Fold 0 has specks of 2 x 2 around a square; in fold 1 such specks are the class."""
    many = np.zeros((40, 40), np.bool_)
    many[1::6, 1::6] = many[2::6, 1::6] = many[1::6, 2::6] = many[2::6, 2::6] = True
    square = np.zeros((40, 40), np.bool_)
    square[10:34, 10:34] = True
    small = many.copy()
    small[:, 8:] = False
    judge = judge_of(
        ground(np.where(square | many, 180, 60).astype(np.uint8), square, 0),
        ground(np.where(small, 180, 60).astype(np.uint8), small, 1),
    )
    found = choice_of(tune(judge, NOW, QUICK))
    assert (found.after.jaccard or 0) > (found.before.jaccard or 0)
    assert (found.carried.jaccard or 0) < (found.before.jaccard or 0)
    assert not found.taken
    assert found.kept == found.now
    values = yaml.safe_load(tuned_yaml({7: found}, []))["polygons"]
    assert values["min_area"] == {7: 0.0}
    assert values["rules"] == []


def test_carrying_over_by_hand() -> None:
    """Fold 0 is scored by what is best on folds 1 and 2, and so on."""
    one = Trial(Cleaning(1), (1, 1, 1), (Overlap(5, 0, 5), Overlap(9, 1, 0), Overlap(1, 8, 1)))
    two = Trial(Cleaning(2), (2, 2, 2), (Overlap(8, 0, 2), Overlap(2, 0, 7), Overlap(2, 0, 0)))
    trials = [one, two]
    # Without 0: 10/20 and 4/11; without 1: 6/20 and 10/12; without 2: 14/20 and 10/19.
    assert carried_over(trials) == [one.folds[0], two.folds[1], one.folds[2]]
    # The worst pair of folds: 6/20, without 1; and 4/11, without 0.
    assert robust(one) == 6 / 20
    assert robust(two) == 4 / 11
    assert robust(one, without=1) == 6 / 20
    assert best(trials) is two
    assert best([two, one, two], without=2) is one


def test_a_class_of_one_fold_alone_is_not_found_by_the_others() -> None:
    """As `evaluate` has it: the other folds could not tell how it looks."""
    truth = np.zeros((6, 6), np.bool_)
    truth[2:4, 2:4] = True
    levels = np.where(truth, 200, 20).astype(np.uint8)
    judge = judge_of(ground(levels, truth, 0), ground(levels * 0 + 20, truth & False, 1))
    found = choice_of(tune(judge, NOW, QUICK))
    assert found.carried == found.before == Overlap(0, 0, 4)
    assert not found.taken


def test_a_class_that_is_nowhere_has_one_trial() -> None:
    levels = np.full((5, 5), 90, np.uint8)
    judge = judge_of(*(ground(levels, np.zeros((5, 5), np.bool_), fold) for fold in (0, 1)))
    trials = tune(judge, NOW, QUICK)
    assert [trial.cleaning for trial in trials] == [NOW]
    found = choice_of(trials)
    assert not found.taken
    assert found.after == Overlap()
    classes = [ClassRow(code=4, name="None")]
    assert scores_record(classes, {4: found}, "one")["means"]["tuned"] == 1.0
    assert scores_record(classes, {4: found}, "zero")["means"]["kept"] == 0.0


def test_space_holds_what_the_run_has_whatever_the_ranges() -> None:
    now = Cleaning(77, 3.3, 5.0, 9000.0)
    space = CleaningSpace.of(now, QUICK, 2.0)
    assert space.cleaning(space.params()) == now
    assert space.lengths["smooth"] == (0.0, 1.0, 1.414, 2.0, 2.828, 3.3, 4.0, 5.657, 8.0)
    params = {"smooth": 3, "min_area": "off", "min_hole": "off"}
    assert space.cleaning(params) == Cleaning(77, 2.0)
    params = {"smooth": 0, "min_area": "on", "min_area.value": 12.34567, "min_hole": "off"}
    assert space.cleaning(params) == Cleaning(77, 0, 12.35, 0)
    axes = space.axes(2.0)
    assert axes["smooth"] == (0.0, 1.0, 1.414, 2.0, 2.828, 4.0, 5.657, 8.0)
    assert axes["min_area"] == (0.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0)
    assert axes["min_hole"][-1] == 8192.0
    assert set(axes) == {"smooth", "min_area", "min_hole"}


def test_all_of_a_cleaning_may_be_tuned() -> None:
    now = Cleaning(77, 1.0, 5.0, 9.0, 200, 3.0, 2.5, 4.0)
    space = CleaningSpace.of(now, Tune(), 2.0)
    assert space.cleaning(space.params()) == now
    assert space.lengths["closing"][:4] == (0.0, 2.0, 2.5, 2.828)
    params = dict(space.params()) | {"median": 1, "opening": 0, "closing": 2, "seed": "off"}
    assert space.cleaning(params) == Cleaning(77, 1.0, 5.0, 9.0, 0, 2.0, 2.5, 0.0)
    assert space.cleaning(params | {"seed": "on", "seed.value": 9}).seed == 9
    assert space.axes(2.0)["seed"][:2] == (0, 77)


def test_hysteresis_is_found() -> None:
    """Parts of the class hold a pixel that is sure of it; those beside it are as large."""
    truth = np.zeros((40, 40), np.bool_)
    truth[4:12, 4:30], truth[20:30, 10:18] = True, True
    levels = np.where(truth, 140, 30).astype(np.uint8)
    levels[8, 10] = levels[25, 12] = 250
    levels[30:38, 24:36] = 140
    judge = judge_of(*(ground(np.roll(levels, k, 1), np.roll(truth, k, 1), k) for k in (0, 1)))
    found = choice_of(tune(judge, NOW, Tune(smooth_metres=0, min_area=0, min_hole=0)))
    assert found.tuned.seed > 140
    assert found.carried == Overlap(2 * truth.sum(), 0, 0)


def test_ranges_of_nothing_leave_keys_as_they_are() -> None:
    fixed = Tune(smooth_metres=0, min_area=0, min_hole=0, **PLAIN)
    now = Cleaning(77, 3.3, 5.0, 9.0)
    assert not CleaningSpace.of(now, fixed, 2.0).space.dimensions
    assert len(tune(judge_of(specks(0), specks(1)), now, fixed)) == 1


@pytest.mark.parametrize("level", range(1, 256))
def test_written_probability_means_the_same_level(level: int) -> None:
    tuned = Cleaning(9, 1.0, 2.0, 3.0, level, 4.0, 5.0, 6.0)
    overlaps = Overlap(0, 0, 1), Overlap(1, 0, 0), Overlap(1, 0, 0)
    text = tuned_yaml({3: Choice(Cleaning(50), tuned, *overlaps, (9,))}, [])
    settings = Polygons(**yaml.safe_load(text)["polygons"])
    assert cleaning_of(settings, 3, 9) == tuned


def test_table_of_trials() -> None:
    trials = [Trial(Cleaning(51, 2.0, 0.0, 4.5), (51, 50), (Overlap(3, 1, 0), Overlap(0, 0, 4)))]
    (row,) = csv.DictReader(io.StringIO(trials_csv(trials)))
    assert row["level"] == "51"
    assert row["probability"] == "0.2"
    assert row["min_hole"] == "4.5"
    assert row["jaccard"] == "0.375"
    assert [row[f"{name}_1"] for name in ("tp", "fp", "fn")] == ["0", "0", "4"]


def test_choice_is_read_back() -> None:
    overlaps = Overlap(1, 2, 3), Overlap(2, 2, 2), Overlap(0, 0, 4)
    choice = Choice(Cleaning(3), Cleaning(9, 1.0), *overlaps, (4, 8))
    assert Choice.from_json(json.loads(json.dumps(choice.to_json()))) == choice


def test_a_range_below_two_pixels_leaves_the_area_as_it_is() -> None:
    narrow = Tune(smooth_metres=0, min_area=8, min_hole=1, **PLAIN)
    assert not CleaningSpace.of(NOW, narrow, 2.0).space.dimensions
    space = CleaningSpace.of(NOW, narrow.model_copy(update={"min_area": 9.0}), 2.0)
    assert max(space.axes(2.0)["min_area"]) <= 9
    params = {"min_area": "on", "min_area.value": 9.0}
    assert space.cleaning(space.space.completed(params)).min_area == 9
