"""The driver: it alone proposes trials, hands them to workers and writes the ledger.

What it does next is a function of the ledger's entries and of what runs, so a search that was
killed goes on where it was; with one worker in this process, to the same entries.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from pipeline.errors import ArtifactError, PipelineError
from pipeline.search.allowance import Allowance
from pipeline.search.entry import Cost, Entry, Params, Point, Source
from pipeline.search.halving import Place, best, last_steps, promotions
from pipeline.search.ledger import Ledger
from pipeline.search.next_trial import next_trial
from pipeline.search.study import Study, as_kept, sort_entries
from pipeline.workers.opening import Lost, Workers

MOST_REFUSED: Final = 500
"""Trials in a row that may be refused before the search gives up."""
MOST_BROKEN: Final = 20
"""Trials in a row that may break before the search gives up."""
Report = Callable[[Entry, Sequence[Entry], Collection[int]], None]
"""Called with a new entry, all that count (the new one last), and the trials that run."""


@dataclass(frozen=True)
class Checked:
    """What is known of a trial before it is trained.

    Attributes:
        reason: Why it is refused; None if it is not.
        parameters: Weights of its networks, one fold.
        multiply_adds: Products in one forward pass of one patch, of its networks together.
    """

    reason: str | None = None
    parameters: int | None = None
    multiply_adds: int | None = None


@dataclass(frozen=True)
class _Running:
    """A trial at work."""

    number: int
    budget: int
    params: Params
    source: Source
    checked: Checked
    history: tuple[Point, ...]
    begun: float


class Driver:
    """One search from where its ledger stands to its end.

    Args:
        study: The question.
        ledger: Where entries are kept.
        workers: What trains.
        check: Looks at a trial before it is trained.
        argument: The worker's task for a trial's number, parameters and budget. It may refuse the
            trial by an error of the pipeline.
        report: Called after each new entry.
    """

    def __init__(
        self,
        study: Study,
        ledger: Ledger,
        workers: Workers,
        check: Callable[[Params], Checked],
        argument: Callable[[int, Params, int], dict[str, Any]],
        report: Report = lambda _entry, _all, _running: None,
    ) -> None:
        self._study, self._ledger, self._workers = study, ledger, workers
        self._check, self._argument, self._report = check, argument, report
        self._entries, self.unused = sort_entries(study, ledger.entries)
        self._running: dict[int, _Running] = {}
        self._stopped = ""
        self._broken = 0

    @property
    def entries(self) -> Sequence[Entry]:
        """Entries that answer the study's question."""
        return self._entries

    def run(self) -> str:
        """Search until a limit is reached.

        Returns:
            Why it ended.

        Raises:
            ArtifactError: If a worker can't read or write its files, or the ledger can't be kept.
        """
        while True:
            while len(self._running) < self._workers.size and self._begin():
                pass
            if not self._running:
                return self._stopped
            self._collect()

    def _begin(self) -> bool:
        """Hand the next piece of work to a worker; False if there is none now."""
        self._stopped = self._over()
        if self._stopped:
            return False
        study, places = self._study, self._places()
        earned = promotions(self._entries, places, study.budgets, study.settings.eta)
        if self._continue(earned) or self._start():
            return True
        return self._continue(last_steps(self._entries, places, study.budgets))

    def _places(self) -> list[Place]:
        return [(run.number, run.budget) for run in self._running.values()]

    def _has_room(self, place: Place | None) -> bool:
        minutes = self._study.settings.minutes
        limit = None if minutes is None else minutes * 60 * self._workers.size
        places = self._places()
        return Allowance(limit, self._entries, places, self._study.budgets).has_room(place)

    def _continue(self, places: Sequence[Place]) -> bool:
        """Take the first trial that there is time for to its next budget."""
        place = next((place for place in places if self._has_room(place)), None)
        if place is None:
            return False
        number, budget = place
        own = [entry for entry in self._entries if entry.trial == number]
        last = max(own, key=lambda entry: entry.budget)
        checked = Checked(None, last.parameters, last.multiply_adds)
        history = last.history
        now = time.monotonic()
        run = _Running(number, budget, last.params, last.source, checked, history, now)
        return self._submit(run)

    def _start(self) -> bool:
        """Begin a new trial; False, with a reason, if no further one may begin."""
        limit = self._study.settings.trials
        begun = {entry.trial for entry in self._entries if entry.outcome != "rejected"}
        begun |= {run.number for run in self._running.values()}
        if limit is not None and len(begun) >= limit:
            self._stopped = f"{limit} trials"
            return False
        if not self._has_room(None):
            self._stopped = f"{self._study.settings.minutes:g} minutes"
            return False
        for _ in range(MOST_REFUSED):
            number = self._next_number()
            running = [run.params for run in self._running.values()]
            found = next_trial(self._study, number, self._entries, running)
            if found is None:
                self._stopped = "the space has nothing left that was not tried"
                return False
            params, source = found
            budget, checked = self._study.budgets[0], self._checked(params)
            if self._submit(
                _Running(number, budget, params, source, checked, (), time.monotonic())
            ):
                return True
        self._stopped = f"{MOST_REFUSED} proposals in a row were refused; widen the space's limits"
        return False

    def _next_number(self) -> int:
        taken = [entry.trial for entry in self._ledger.entries]
        taken += [run.number for run in self._running.values()]
        return 1 + max(taken, default=-1)

    def _checked(self, params: Params) -> Checked:
        """What is known of a trial; one that can't even be looked at is refused."""
        try:
            return self._check(params)
        except Exception as error:
            return Checked(f"{type(error).__name__}: {error}")

    def _submit(self, run: _Running) -> bool:
        """Give a trial to a worker, unless its preparation refuses it, which is recorded."""
        if run.checked.reason is None:
            try:
                argument = self._argument(run.number, run.params, run.budget)
            except ArtifactError:
                raise
            except PipelineError as error:
                self._keep(run, {"outcome": "rejected", "reason": str(error)})
                return False
            self._running[self._workers.submit(argument)] = run
            return True
        self._keep(run, {"outcome": "rejected", "reason": run.checked.reason})
        return False

    def _collect(self) -> None:
        """Wait for one result and keep it."""
        ticket, result = self._workers.wait()
        run = self._running.pop(ticket)
        if isinstance(result, Lost):
            seconds = time.monotonic() - run.begun
            result = {"outcome": "failed", "reason": result.reason, "seconds": seconds}
        if result["outcome"] == "broken":
            raise ArtifactError(f"trial {run.number}: {result['reason']}")
        self._keep(run, result)

    def _keep(self, run: _Running, result: Mapping[str, Any]) -> None:
        """Write an entry."""
        score = result.get("score")
        outcome, reason = result["outcome"], result.get("reason")
        if outcome == "done" and not (isinstance(score, float) and math.isfinite(score)):
            result = {"seconds": result.get("seconds", 0.0)}
            outcome, reason, score = "failed", f"its score is {score}", None
        if outcome != "rejected":
            self._broken = self._broken + 1 if outcome == "failed" else 0
        history = run.history
        if score is not None:
            history = (*history, Point(run.budget, result["loss"], score))
        study = self._study
        entry = Entry(
            trial=run.number,
            rung=study.budgets.index(run.budget),
            budget=run.budget,
            params=as_kept(run.params),
            meaning=study.space.digest if outcome == "rejected" else study.meaning(run.params),
            source=run.source,
            seed=study.seed,
            ground=study.ground,
            code=study.code,
            outcome=outcome,
            reason=reason,
            score=score,
            folds=tuple(result.get("folds", ())),
            classes=dict(result.get("classes", {})),
            history=history,
            parameters=run.checked.parameters,
            multiply_adds=run.checked.multiply_adds,
            cost=Cost(
                round(float(result.get("seconds", 0.0)), 3),
                int(result.get("peak_bytes", 0)),
                datetime.now(UTC).isoformat(timespec="seconds"),
            ),
        )
        self._ledger.append(entry)
        kept = self._ledger.entries[-1]  # as a search that goes on reads it
        self._entries.append(kept)
        self._report(kept, self._entries, [run.number for run in self._running.values()])

    def _over(self) -> str:
        """Why nothing more may begin; empty if something may."""
        settings, full = self._study.settings, self._study.budgets[-1]
        if self._broken >= MOST_BROKEN:
            return f"{self._broken} trials in a row that broke; the ledger has their reasons"
        whole = [entry for entry in self._entries if entry.budget == full]
        whole = [entry for entry in whole if entry.outcome == "done"]
        first = best(whole, (full,))
        if first is not None and first.score is not None:
            if settings.target is not None and first.score >= settings.target:
                return f"the target of {settings.target:g}"
            since = len(whole) - 1 - whole.index(first)
            if settings.patience is not None and since >= settings.patience:
                return f"{since} full trainings without a better one"
        return ""
