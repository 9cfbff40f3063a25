"""The driver on a task that takes no time: order, limits, failures, resuming."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipeline.config.search import Search
from pipeline.errors import ArtifactError, ConfigError
from pipeline.search.allowance import Allowance
from pipeline.search.driver import Checked, Driver
from pipeline.search.entry import Entry, Params
from pipeline.search.ledger import open_ledger
from pipeline.search.space import Limits, Space
from pipeline.search.space_file import read_space
from pipeline.search.study import Study, key_of, sort_entries, suggestions
from pipeline.workers.opening import Inline
from tests.search.entries import entry

RATE = {"train.rate": 0.01}
SPACE = """
dimensions:
  network.width: {choice: [4, 8, 16], default: 16}
  train.rate: {loguniform: [1.0e-3, 1.0e-1], default: 4.0e-3}
"""


def toy(argument: dict[str, Any]) -> dict[str, Any]:
    """Best at a rate of 0.01; more steps are better."""
    distance = math.log10(argument["params"]["train.rate"]) + 2
    score = 0.5 - 0.2 * distance**2 + 0.001 * argument["budget"]
    return {
        "outcome": "done",
        "score": score,
        "loss": 1 - score,
        "folds": [score, score],
        "classes": {"1": score},
        "seconds": 0.1 * argument["budget"],
        "peak_bytes": 5,
    }


@pytest.fixture
def space(tmp_path: Path) -> Space:
    path = tmp_path / "space.yaml"
    path.write_text(SPACE)
    return read_space(path)


def _study(space: Space, **settings: Any) -> Study:
    chosen = Search(**{"trials": 12, "startup": 4, **settings})
    return Study(space, chosen, chosen.budgets(90), "ground", "code", 7, key_of)


def _search(
    path: Path,
    study: Study,
    task: Callable[[dict[str, Any]], dict[str, Any]] = toy,
    check: Callable[[Params], Checked] = lambda _params: Checked(None, 1, 2),
) -> tuple[list[Entry], str]:
    with Inline(task) as workers:
        driver = Driver(
            study,
            open_ledger(path),
            workers,
            check,
            lambda number, params, budget: {
                "number": number,
                "params": dict(params),
                "budget": budget,
            },
        )
        reason = driver.run()
        return list(driver.entries), reason


def _plain(entries: list[Entry]) -> list[Entry]:
    """Without what differs from run to run."""
    return [replace(e, cost=replace(e.cost, finished="")) for e in entries]


def test_the_default_is_first_and_budgets_grow(tmp_path: Path, space: Space) -> None:
    entries, reason = _search(tmp_path / "l", _study(space))
    assert reason == "12 trials"
    assert entries[0].source == "default"
    assert entries[0].params == {"network.width": 16, "train.rate": 4e-3}
    assert {e.source for e in entries[1:] if e.trial} == {"proposed"}
    counts = [sum(e.budget == budget for e in entries) for budget in (10, 30, 90)]
    # More than a third may go on: who was among the best early may not be so later.
    assert counts[0] == 12
    assert 4 <= counts[1] <= 8
    assert 1 <= counts[2] <= 4
    full = entries[-1] if entries[-1].budget == 90 else next(e for e in entries if e.budget == 90)
    assert [point.step for point in full.history] == [10, 30, 90]
    assert full.rung == 2
    assert full.history[-1].score == full.score
    assert full.seed == 7


def test_killed_at_any_entry_goes_on_to_the_same_ledger(tmp_path: Path, space: Space) -> None:
    whole, _ = _search(tmp_path / "whole", _study(space))
    lines = (tmp_path / "whole").read_bytes().splitlines(keepends=True)
    for kept in (1, 2, 5, 9, len(lines) - 1):
        path = tmp_path / f"cut-{kept}"
        path.write_bytes(b"".join(lines[:kept]) + lines[kept][:20])
        again, _ = _search(path, _study(space))
        assert _plain(again) == _plain(whole), kept


@pytest.mark.parametrize("method", ["tpe", "anneal", "random"])
def test_same_seed_same_search_other_seed_another(
    tmp_path: Path, space: Space, method: str
) -> None:
    runs = [
        _plain(_search(tmp_path / str(n), _study(space, method=method, seed=seed))[0])
        for n, seed in enumerate((1, 1, 2))
    ]
    assert runs[0] == runs[1]
    assert runs[0] != runs[2]


def test_more_trials_go_on_where_the_search_ended(tmp_path: Path, space: Space) -> None:
    short, _ = _search(tmp_path / "l", _study(space, trials=5))
    longer, _ = _search(tmp_path / "l", _study(space, trials=9))
    assert longer[: len(short)] == short
    assert len({e.trial for e in longer}) == 9


def test_without_rungs_every_trial_is_trained_in_full(tmp_path: Path, space: Space) -> None:
    entries, _ = _search(tmp_path / "l", _study(space, rungs=1, trials=4))
    assert [e.budget for e in entries] == [90] * 4


def test_few_trials_still_reach_a_full_training(tmp_path: Path, space: Space) -> None:
    entries, _ = _search(tmp_path / "l", _study(space, trials=1))
    assert [e.budget for e in entries] == [10, 30, 90]


def test_failures_are_kept_and_never_fatal(tmp_path: Path, space: Space) -> None:
    def broken(argument: dict[str, Any]) -> dict[str, Any]:
        if argument["number"] % 2:
            raise MemoryError("no room")
        if argument["number"] == 2:
            return {**toy(argument), "score": math.nan}
        if argument["number"] == 4:
            return {"outcome": "failed", "reason": "the loss is nan", "seconds": 1.0}
        return toy(argument)

    entries, _ = _search(tmp_path / "l", _study(space), broken)
    reasons = {e.trial: e.reason for e in entries if e.outcome == "failed"}
    assert set(reasons) == {1, 2, 3, 4, 5, 7, 9, 11}
    assert "no room" in str(reasons[1])
    assert reasons[2] == "its score is nan"
    assert reasons[4] == "the loss is nan"
    assert all(e.score is None for e in entries if e.outcome == "failed")


def test_refused_trials_cost_nothing_and_are_not_counted(tmp_path: Path, space: Space) -> None:
    def check(params: Params) -> Checked:
        return Checked("too wide" if params["network.width"] == 16 else None, 1, 1)

    entries, reason = _search(tmp_path / "l", _study(space, trials=6), check=check)
    refused = [e for e in entries if e.outcome == "rejected"]
    assert reason == "6 trials"
    assert refused
    assert all(e.reason == "too wide" and e.cost.seconds == 0 for e in refused)
    assert len({e.trial for e in entries if e.outcome == "done"}) == 6


def test_a_space_that_is_refused_as_a_whole_ends(
    tmp_path: Path, space: Space, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.search.driver.MOST_REFUSED", 5)
    entries, reason = _search(tmp_path / "l", _study(space), check=lambda _p: Checked("never"))
    assert len(entries) == 5
    assert "widen the space's limits" in reason


def test_a_space_that_is_used_up_ends(tmp_path: Path) -> None:
    path = tmp_path / "small.yaml"
    path.write_text("dimensions: {network.width: {choice: [4, 8], default: 4}}")
    entries, reason = _search(tmp_path / "l", _study(read_space(path), rungs=1))
    assert sorted(e.params["network.width"] for e in entries) == [4, 8]
    assert "nothing left" in reason


def test_preparation_may_refuse_and_damage_stops(tmp_path: Path, space: Space) -> None:
    def argument(number: int, params: Params, budget: int) -> dict[str, Any]:
        if number == 1:
            raise ConfigError("no such bands")
        return {"number": number, "params": dict(params), "budget": budget}

    study = _study(space, trials=2)
    with Inline(toy) as workers:
        driver = Driver(study, open_ledger(tmp_path / "l"), workers, lambda _p: Checked(), argument)
        driver.run()
    assert driver.entries[1].reason == "no such bands"
    assert driver.entries[1].outcome == "rejected"

    def full(_argument: dict[str, Any]) -> dict[str, Any]:
        return {"outcome": "broken", "reason": "No space left on device"}

    with pytest.raises(ArtifactError, match="trial 0: No space left"):
        _search(tmp_path / "m", study, full)
    assert not open_ledger(tmp_path / "m").entries, "a full disk is no trial's fault"


def test_limits_of_time_target_and_patience(tmp_path: Path, space: Space) -> None:
    # A full training takes 9 s, so 30 s hold three of them.
    entries, reason = _search(tmp_path / "a", _study(space, rungs=1, trials=None, minutes=0.5))
    assert (len(entries), reason) == (3, "0.5 minutes")
    entries, reason = _search(tmp_path / "b", _study(space, trials=50, target=0.55))
    assert reason == "the target of 0.55"
    assert entries[-1].budget == 90
    assert (entries[-1].score or 0) >= 0.55
    entries, reason = _search(tmp_path / "c", _study(space, rungs=1, trials=50, patience=4))
    scores = [e.score or 0 for e in entries]
    assert scores.index(max(scores)) == len(scores) - 5
    assert reason == "4 full trainings without a better one"


def test_time_is_left_for_a_full_training(tmp_path: Path, space: Space) -> None:
    """A full training takes 13 s, its rungs together: nothing begins that can't get there."""
    entries, reason = _search(tmp_path / "l", _study(space, trials=None, minutes=0.4))
    assert reason == "0.4 minutes"
    assert max(e.budget for e in entries) == 90
    assert sum(e.cost.seconds for e in entries) <= 24 + 9


def test_tables_by_class_code_are_kept(tmp_path: Path) -> None:
    """Codes below and above 10 sort otherwise as texts than as numbers."""
    path = tmp_path / "space.yaml"
    path.write_text(
        "dimensions: {train.loss.class_weights: {choice: [{1: 1, 2: 2, 10: 3}, {}], default: {}}}"
    )
    study = _study(read_space(path), rungs=1)
    entries, _ = _search(tmp_path / "l", study, lambda a: {**toy({**a, "params": RATE})})
    assert len(entries) == 2
    again, reason = _search(tmp_path / "l", study)
    assert [key_of(e.params) for e in again] == [key_of(e.params) for e in entries]
    assert "nothing left" in reason


def test_widened_limits_try_again_what_was_refused(tmp_path: Path, space: Space) -> None:
    narrow = replace(_study(replace(space, limits=Limits(parameters=1))), meaning=key_of)
    _search(tmp_path / "l", narrow, check=lambda _p: Checked("too large", 5, 5))
    entries, _ = _search(tmp_path / "l", _study(space, trials=2))
    assert entries[0].source == "default"
    assert entries[0].outcome == "done"


def test_trials_that_all_break_end_the_search(
    tmp_path: Path, space: Space, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.search.driver.MOST_BROKEN", 4)

    def lost(_argument: dict[str, Any]) -> dict[str, Any]:
        raise RuntimeError("no such module")

    study = _study(space, trials=None, minutes=10)
    entries, reason = _search(tmp_path / "l", study, lost)
    assert reason.startswith("4 trials in a row that broke")
    assert all("no such module" in str(e.reason) for e in entries)


def test_a_trial_that_cannot_be_looked_at_is_refused(tmp_path: Path, space: Space) -> None:
    def check(params: Params) -> Checked:
        if params["network.width"] == 16:
            raise KeyError("width")
        return Checked(None, 1, 1)

    entries, _ = _search(tmp_path / "l", _study(space, trials=2), check=check)
    assert (entries[0].outcome, entries[0].reason) == ("rejected", "KeyError: 'width'")


def test_a_slow_leader_leaves_the_time_to_others(tmp_path: Path, space: Space) -> None:
    """What has no time to go on does not keep trials that have from going on."""

    def slow(argument: dict[str, Any]) -> dict[str, Any]:
        wide = argument["params"]["network.width"] == 16
        return {**toy(argument), "seconds": argument["budget"] * (3 if wide else 0.05)}

    study = _study(space, trials=None, minutes=2, seed=1)
    entries, _ = _search(tmp_path / "l", study, slow)
    assert max(e.budget for e in entries) == 90


def test_running_trials_count_against_the_time() -> None:
    known = [entry(0, 1, 0.5, seconds=10)]
    room = Allowance(100, known, [], (1, 9))
    assert room.has_room(None), "10 were spent, a full training takes 90"
    assert not Allowance(100, known, [(1, 1)], (1, 9)).has_room(None)
    assert not Allowance(99, known, [], (1, 9)).has_room(None)
    assert Allowance(90, known, [], (1, 9)).has_room((0, 9)), "80 more"
    assert Allowance(None, known, [(1, 1)], (1, 9)).has_room(None)


def test_entries_of_other_questions_are_not_used(space: Space) -> None:
    good = {"network.width": 4, "train.rate": 0.01}
    old = {"network.width": 4, "train.rate": 4e-3}
    limited = replace(space, limits=Limits(parameters=100, multiply_adds=None))
    study = replace(_study(limited), meaning=key_of)
    means = key_of(good)
    entries = [
        entry(0, 10, 0.1, good, meaning=means),
        entry(1, 10, 0.1, good, meaning=means, ground="other"),
        entry(2, 10, 0.1, good, meaning=means, code="older"),
        entry(3, 10, 0.1, good, meaning="what a label meant before"),
        entry(4, 10, 0.1, {"network.width": 5, "train.rate": 0.01}),
        entry(5, 10, 0.1, {"network.width": 4}, meaning=key_of(old)),
        entry(6, 10, 0.1, {"network.width": 4}, meaning="of another rate than the default"),
        entry(7, 10, 0.1, good, meaning=means, parameters=101),
        entry(8, 10, None, good, outcome="rejected", meaning=limited.digest),
        entry(9, 10, None, good, outcome="rejected", meaning=space.digest),
    ]
    used, unused = sort_entries(study, entries)
    assert [e.trial for e in used] == [0, 5, 8]
    assert used[1].params == old, "new: its default, which is what was tried"
    reasons = {row.entry.trial: row.reason for row in unused}
    assert "scenes" in reasons[1]
    assert "code" in reasons[2]
    assert "mean something else now" in reasons[3]
    assert "network.width" in reasons[4]
    assert "mean something else now" in reasons[6]
    assert reasons[7] == "beyond limits.parameters"
    assert reasons[9] == "refused by another space"


def test_warm_trials_come_after_the_default(tmp_path: Path, space: Space) -> None:
    other = [
        entry(0, 10, 0.1, {"network.width": 4, "train.rate": 0.01}),
        entry(1, 10, 0.3, {"network.width": 8, "train.rate": 0.02}),
        entry(1, 30, 0.4, {"network.width": 8, "train.rate": 0.02}),
        entry(2, 10, 0.9, {"network.width": 99, "train.rate": 0.02}),
        entry(3, 10, 0.2, {"network.width": 4, "train.rate": 0.03}),
    ]
    warm = tuple(suggestions(space, other, 2))
    assert [row["train.rate"] for row in warm] == [0.02, 0.03]
    entries, _ = _search(tmp_path / "l", replace(_study(space), warm=warm))
    firsts = {e.trial: e for e in reversed(entries)}
    assert [firsts[n].source for n in range(4)] == ["default", "warm", "warm", "proposed"]
    assert firsts[1].params == warm[0]
