"""History: its rows, what counts as better, and its table."""

from __future__ import annotations

import math

from pipeline.learning.history import Progress, Result, Row, history_text

ROWS = (
    Row(10, 0.5, 0.001, 1.25, 0.4, (0.4, math.nan)),
    Row(20, 0.25, 0.0005, 2.5, 0.6, (0.6, math.nan)),
)


def test_table_by_hand() -> None:
    assert history_text(ROWS, (5, 7)).splitlines() == [
        "step,loss,rate,seconds,mean_jaccard,jaccard_5,jaccard_7",
        "10,0.500000,0.001,1.25,0.400000,0.400000,",
        "20,0.250000,0.0005,2.50,0.600000,0.600000,",
    ]


def test_best_is_the_first_of_equals() -> None:
    rows = (ROWS[1], Row(30, 0.1, 0.0, 3.0, 0.6, (0.6, math.nan)), ROWS[0])
    assert Result({}, rows, "steps").best is rows[0]


def test_best_is_the_last_where_nothing_scores() -> None:
    rows = tuple(Row(step, 0.1, 0.0, 3.0, 0.0, (math.nan,)) for step in (10, 20))
    assert Result({}, rows, "steps").best is rows[1]


def _scored(mean: float) -> Row:
    return Row(1, 0.5, 0.1, 1.0, mean, (mean,))


def test_nothing_held_out_leaves_scores_empty_and_keeps_the_last() -> None:
    rows = (_scored(math.nan), _scored(math.nan))
    assert history_text(rows, (5,)).splitlines()[1] == "1,0.500000,0.1,1.00,,"
    assert Result({}, rows, "steps").best is rows[1]
    progress = Progress()
    for row in rows:
        progress.add(row, 0.0)
    assert (progress.since_best, progress.since_drop, progress.best) == (0, 0, -1)


def test_gains_by_hand() -> None:
    progress = Progress()
    found = []
    for mean in (0.0, 0.0, 0.3, 0.35, 0.39, 0.41, 0.2):
        progress.loss_sum, progress.loss_steps = 3.0, 2
        assert progress.loss == 1.5
        progress.add(_scored(mean), 0.1)
        found.append(progress.since_best)
    # Zeros are no failure; .35 and .39 gain less than .1 over .3, but .41 does.
    assert found == [0, 0, 0, 1, 2, 0, 1]
    assert progress.best == 0.41
    assert progress.loss == 0


def test_drops_by_hand() -> None:
    progress = Progress()
    drops = []
    for mean in (0.5, 0.4, 0.4, 0.4, 0.4, 0.6, 0.5):
        progress.add(_scored(mean), 0.0)
        progress.drop_after(2)
        drops.append(progress.drops)
    assert drops == [0, 0, 1, 1, 2, 2, 2]
    assert progress.since_best == 1
