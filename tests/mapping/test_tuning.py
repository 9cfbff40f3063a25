"""Tuning of one class: scores by hand, what trials find, and what carries over."""

import csv
import io

import numpy as np
import pytest
import yaml
from numpy.typing import NDArray

from pipeline.config.dataset import ClassRow
from pipeline.config.mapping import Polygons
from pipeline.config.tune import Tune
from pipeline.mapping.choice import Choice, choice_of, scores_record, trials_csv, tuned_yaml
from pipeline.mapping.cleaning_space import CleaningSpace
from pipeline.mapping.jaccard import Overlap
from pipeline.mapping.postprocessing import Cleaning, cleaning_of
from pipeline.mapping.thresholds import level_of
from pipeline.mapping.tuning import (
    Ground,
    Judge,
    Starts,
    Trial,
    best,
    cross_fitted,
    ground_of,
    tune,
)

Levels = NDArray[np.uint8]
PLAIN = {"median_metres": 0, "closing_metres": 0, "opening_metres": 0, "hysteresis": False}
QUICK = Tune(trials=60, startup=25, smooth_metres=8, min_area=400, min_hole=400, **PLAIN)


def ground(levels: Levels, truth: NDArray[np.bool_], fold: int, metres: float = 2.0) -> Ground:
    return ground_of(levels, truth, np.ones(truth.shape, np.bool_), fold, metres)


def specks(fold: int, side: int = 40) -> Ground:
    """A square of the class; pixels that say the opposite, in it and around it, far apart."""
    truth = np.zeros((side, side), np.bool_)
    truth[6 + fold : 26 + fold, 8:28] = True
    levels = np.where(truth, 180, 60).astype(np.uint8)
    levels[1 + fold :: 4, 2::4] = np.where(truth[1 + fold :: 4, 2::4], 60, 200)
    return ground(levels, truth, fold)


def starts(level: int, folds: int) -> Starts:
    return Starts(Cleaning(level), (Cleaning(level),) * folds)


def test_overlaps_by_hand() -> None:
    """Row 0 is not valid, the last column has no answer and holds a pixel of the class."""
    levels = np.array([[9, 9, 9, 0], [9, 5, 9, 0], [9, 9, 9, 0]], np.uint8)
    truth = np.array([[1, 1, 1, 1], [1, 1, 0, 1], [0, 0, 0, 0]], np.bool_)
    valid = np.array([[0] * 4, [1] * 4, [1] * 4], np.bool_)
    one = ground_of(levels, truth, valid, 1, 1.0)
    assert one.levels.shape == (3, 3)
    judge = Judge([one], 2)
    assert judge.trial(Cleaning(6)).folds == (Overlap(), Overlap(1, 4, 2))
    # The hole at level 5 is filled, which is a pixel of the class.
    assert judge.trial(Cleaning(6, min_hole=2)).folds[1] == Overlap(2, 4, 1)
    assert judge.trial(Cleaning(6, min_area=9)).folds[1] == Overlap(0, 0, 3)
    assert judge.trial(Cleaning(6, min_area=8)).folds[1] == Overlap(1, 4, 2)
    nowhere = ground_of(np.zeros_like(levels), truth, valid, 0, 1.0)
    assert Judge([nowhere], 1).trial(Cleaning(1, 3.0, 2, 2)).folds == (Overlap(0, 0, 3),)


def test_margins_without_an_answer_change_nothing() -> None:
    rng = np.random.default_rng(4)
    levels = rng.integers(1, 256, (12, 15), np.uint8)
    truth = rng.random((12, 15)) < 0.4
    cleanings = [Cleaning(128), Cleaning(120, 1.5, 5, 9), Cleaning(90, 0, 3.5, 30)]
    wide, broad = np.pad(levels, 7), np.pad(truth, 7)
    one, two = Judge([ground(levels, truth, 0)], 1), Judge([ground(wide, broad, 0)], 1)
    for cleaning in cleanings:
        assert one.trial(cleaning).folds == two.trial(cleaning).folds


def test_smoothing_and_areas_are_found_and_taken_over() -> None:
    judge = Judge([specks(fold) for fold in range(3)], 3)
    before = starts(120, 3)
    trials = tune(judge, before, QUICK)
    assert len(trials) == 60
    assert trials[0].cleaning == before.now
    found = choice_of(judge, before, trials)
    assert (found.chosen["now"].jaccard or 0) < 0.8
    assert (found.chosen["tuned"].jaccard or 0) > 0.97
    assert (found.cross_fitted["tuned"].jaccard or 0) > 0.97
    assert found.taken
    assert found.tuned.smooth or (found.tuned.min_area and found.tuned.min_hole)


def test_same_seed_gives_the_same_trials() -> None:
    judge = Judge([specks(0), specks(1)], 2)
    settings = QUICK.model_copy(update={"trials": 30, "startup": 10})
    one, two = (tune(judge, starts(120, 2), settings) for _ in range(2))
    assert one == two
    other = tune(judge, starts(120, 2), settings.model_copy(update={"seed": 1}))
    assert [t.cleaning for t in other[1:]] != [t.cleaning for t in one[1:]]


def test_what_helps_one_fold_alone_is_not_taken_over() -> None:
    """Fold 0 has specks of 2 x 2 around a square; in fold 1 such specks are the class."""
    many = np.zeros((40, 40), np.bool_)
    many[1::6, 1::6] = many[2::6, 1::6] = many[1::6, 2::6] = many[2::6, 2::6] = True
    square = np.zeros((40, 40), np.bool_)
    square[10:34, 10:34] = True
    small = many.copy()
    small[:, 8:] = False
    folds = [
        ground(np.where(square | many, 180, 60).astype(np.uint8), square, 0),
        ground(np.where(small, 180, 60).astype(np.uint8), small, 1),
    ]
    judge, before = Judge(folds, 2), starts(120, 2)
    found = choice_of(judge, before, tune(judge, before, QUICK))
    assert (found.chosen["tuned"].jaccard or 0) > (found.chosen["now"].jaccard or 0)
    assert (found.cross_fitted["tuned"].jaccard or 0) < (found.cross_fitted["now"].jaccard or 0)
    assert not found.taken
    text = tuned_yaml(Polygons(min_area=3), {7: found})
    assert yaml.safe_load(text)["polygons"]["thresholds"] == {}
    assert yaml.safe_load(text)["polygons"]["min_area"] == {7: 0.0}


def test_cross_fitting_by_hand() -> None:
    """Fold 0 is scored by what is best on folds 1 and 2, and so on."""
    one = Trial(Cleaning(1), (Overlap(5, 0, 5), Overlap(9, 1, 0), Overlap(1, 8, 1)))
    two = Trial(Cleaning(2), (Overlap(8, 0, 2), Overlap(2, 0, 7), Overlap(2, 0, 0)))
    trials = [one, two]
    # Without 0: 10/20 and 4/11; without 1: 6/20 and 10/12; without 2: 14/20 and 10/19.
    assert cross_fitted(trials) == [one.folds[0], two.folds[1], one.folds[2]]
    # All: 15/30 and 12/21; where all are equal, the first.
    assert best(trials) is two
    assert best([two, one, two], without=2) is one


def test_a_class_of_one_fold_alone_is_not_found_by_the_others() -> None:
    """As `evaluate` has it: the other folds could not tell how it looks."""
    truth = np.zeros((6, 6), np.bool_)
    truth[2:4, 2:4] = True
    levels = np.where(truth, 200, 20).astype(np.uint8)
    judge = Judge([ground(levels, truth, 0), ground(levels * 0 + 20, truth & False, 1)], 2)
    before = Starts(Cleaning(110), (Cleaning(256), Cleaning(110)))
    found = choice_of(judge, before, tune(judge, before, QUICK))
    assert found.cross_fitted["tuned"] == Overlap(0, 0, 4)
    assert not found.taken


def test_a_class_that_is_nowhere_has_one_trial() -> None:
    levels = np.full((5, 5), 90, np.uint8)
    judge = Judge([ground(levels, np.zeros((5, 5), np.bool_), fold) for fold in (0, 1)], 2)
    before = starts(256, 2)
    trials = tune(judge, before, QUICK)
    assert [trial.cleaning for trial in trials] == [Cleaning(256)]
    found = choice_of(judge, before, trials)
    assert not found.taken
    assert found.chosen["tuned"] == Overlap()
    classes = [ClassRow(code=4, name="None")]
    assert scores_record(classes, {4: found}, "one")["means"]["chosen"]["tuned"] == 1.0
    assert scores_record(classes, {4: found}, "zero")["means"]["cross_fitted"]["taken"] == 0.0


def test_space_holds_what_the_run_has_whatever_the_ranges() -> None:
    now = Cleaning(77, 3.3, 5.0, 9000.0)
    space = CleaningSpace.of(now, QUICK, 2.0)
    assert space.cleaning(space.params(now)) == now
    assert space.lengths["smooth"] == (0.0, 1.0, 1.414, 2.0, 2.828, 3.3, 4.0, 5.657, 8.0)
    assert space.cleaning(
        {"level": 5, "smooth": 3, "min_area": "off", "min_hole": "off"}
    ) == Cleaning(5, 2)
    params = {"level": 5, "smooth": 0, "min_area": "on", "min_area.value": 12.34567}
    assert space.cleaning({**params, "min_hole": "off"}) == Cleaning(5, 0, 12.35, 0)


def test_all_of_a_cleaning_may_be_tuned() -> None:
    now = Cleaning(77, 1.0, 5.0, 9.0, 200, 3.0, 2.5, 4.0)
    space = CleaningSpace.of(now, Tune(), 2.0)
    assert space.cleaning(space.params(now)) == now
    assert space.lengths["closing"][:4] == (0.0, 2.0, 2.5, 2.828)
    params = dict(space.params(now)) | {"median": 1, "opening": 0, "closing": 2, "seed": "off"}
    assert space.cleaning(params) == Cleaning(77, 1.0, 5.0, 9.0, 0, 2.0, 2.5, 0.0)
    assert space.cleaning(params | {"seed": "on", "seed.value": 9}).seed == 9


def test_hysteresis_is_found() -> None:
    """Parts of the class hold a pixel that is sure of it; those beside it are as large."""
    truth = np.zeros((40, 40), np.bool_)
    truth[4:12, 4:30], truth[20:30, 10:18] = True, True
    levels = np.where(truth, 140, 30).astype(np.uint8)
    levels[8, 10] = levels[25, 12] = 250
    levels[30:38, 24:36] = 140
    judge = Judge([ground(np.roll(levels, k, 1), np.roll(truth, k, 1), k) for k in (0, 1)], 2)
    settings = Tune(trials=80, startup=40, smooth_metres=0, min_area=0, min_hole=0)
    found = choice_of(judge, starts(120, 2), tune(judge, starts(120, 2), settings))
    assert found.tuned.seed > 140
    assert found.cross_fitted["tuned"] == Overlap(2 * truth.sum(), 0, 0)


def test_ranges_of_nothing_leave_keys_as_they_are() -> None:
    fixed = Tune(smooth_metres=0, min_area=0, min_hole=0, **PLAIN)
    now = Cleaning(77, 3.3, 5.0, 9.0)
    space = CleaningSpace.of(now, fixed, 2.0)
    assert [dimension.name for dimension in space.space.dimensions] == ["level"]
    assert space.cleaning({"level": 9}) == Cleaning(9, 3.3, 5.0, 9.0)


@pytest.mark.parametrize("level", range(1, 256))
def test_written_probability_means_the_same_level(level: int) -> None:
    tuned = Cleaning(level, 1.0, 2.0, 3.0)
    overlaps = {"now": Overlap(0, 0, 1), "tuned": Overlap(1, 0, 0)}
    text = tuned_yaml(Polygons(), {3: Choice(Cleaning(50), tuned, overlaps, overlaps)})
    settings = Polygons(**yaml.safe_load(text)["polygons"])
    assert cleaning_of(settings, 3, 50) == tuned
    assert level_of(settings.thresholds[3]) == level


def test_table_of_trials() -> None:
    trials = [Trial(Cleaning(51, 2.0, 0.0, 4.5), (Overlap(3, 1, 0), Overlap(0, 0, 4)))]
    (row,) = csv.DictReader(io.StringIO(trials_csv(trials)))
    assert row["level"] == "51"
    assert row["probability"] == "0.2"
    assert row["min_hole"] == "4.5"
    assert row["jaccard"] == "0.375"
    assert [row[f"{name}_1"] for name in ("tp", "fp", "fn")] == ["0", "0", "4"]


def test_choice_is_read_back() -> None:
    overlaps = {"now": Overlap(1, 2, 3), "tuned": Overlap(2, 2, 2)}
    choice = Choice(
        Cleaning(3), Cleaning(9, 1.0), overlaps, {**overlaps, "tuned": Overlap(0, 0, 4)}
    )
    assert Choice.from_json(choice.to_json()) == choice
