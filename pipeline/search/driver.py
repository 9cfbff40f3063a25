"""The driver: it alone proposes trials, hands them to workers and writes the ledger.

What it does next is a function of the ledger's entries and of what runs, so a search that was
killed goes on where it was; with one worker in this process, to the same entries.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from pipeline.errors import ArtifactError, PipelineError
from pipeline.search.entry import Cost, Entry, Params, Point, Source
from pipeline.search.halving import (
    Place,
    best,
    finish,
    observations,
    promotion,
    seconds_per_step,
)
from pipeline.search.ledger import Ledger
from pipeline.search.proposals import Proposer
from pipeline.search.study import Study, key_of, sort_entries
from pipeline.search.workers import Lost, Workers

MOST_REFUSED: Final = 500
"""Trials in a row that may be refused before the search gives up."""
_ATTEMPTS: Final = 20
"""Proposals in a row that may have been tried before, and then so many times ten by chance."""
_FAR: Final = 1_000_003
"""Distance between the numbers of these proposals, beyond those of trials."""


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


class Driver:
    """One search from where its ledger stands to its end.

    Args:
        study: The question.
        ledger: Where entries are kept.
        workers: What trains.
        check: Looks at a trial before it is trained.
        argument: The worker's task for a trial's number, parameters and budget. It may refuse the
            trial by an error of the pipeline.
        report: Called with each new entry and all that count, the new one last.
    """

    def __init__(
        self,
        study: Study,
        ledger: Ledger,
        workers: Workers,
        check: Callable[[Params], Checked],
        argument: Callable[[int, Params, int], dict[str, Any]],
        report: Callable[[Entry, Sequence[Entry]], None] = lambda _entry, _all: None,
    ) -> None:
        self._study, self._ledger, self._workers = study, ledger, workers
        self._check, self._argument, self._report = check, argument, report
        self._entries, self.unused = sort_entries(study, ledger.entries)
        self._running: dict[int, _Running] = {}
        self._stopped = ""

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
        places = [(run.number, run.budget) for run in self._running.values()]
        budgets = self._study.budgets
        place = promotion(self._entries, places, budgets, self._study.settings.eta)
        if place is not None and self._fits(place):
            return self._continue(place)
        if place is not None:
            self._stopped = f"{self._study.settings.minutes:g} minutes"
        else:
            started = self._start()
            if started is not None:
                return started
        place = finish(self._entries, places, budgets)
        return place is not None and self._fits(place) and self._continue(place)

    def _continue(self, place: Place) -> bool:
        """Take a trial to its next budget."""
        number, budget = place
        last = max(
            (entry for entry in self._entries if entry.trial == number), key=lambda e: e.budget
        )
        checked = Checked(None, last.parameters, last.multiply_adds)
        self._submit(_Running(number, budget, last.params, last.source, checked, last.history))
        return True

    def _start(self) -> bool | None:
        """Begin a new trial; None if no further one may begin."""
        limit = self._study.settings.trials
        begun = {entry.trial for entry in self._entries if entry.outcome != "rejected"}
        begun |= {run.number for run in self._running.values()}
        if limit is not None and len(begun) >= limit:
            self._stopped = f"{limit} trials"
            return None
        if not self._fits(None):
            self._stopped = f"{self._study.settings.minutes:g} minutes"
            return None
        for _ in range(MOST_REFUSED):
            proposal = self._propose()
            if proposal is None:
                self._stopped = "the space has nothing left that was not tried"
                return None
            number, params, source = proposal
            budget = self._study.budgets[0]
            run = _Running(number, budget, params, source, self._check(params), ())
            if self._submit(run):
                return True
        self._stopped = f"{MOST_REFUSED} proposals in a row were refused; widen the space's limits"
        return None

    def _propose(self) -> tuple[int, Params, Source] | None:
        """Number, parameters and source of a trial that was not tried yet."""
        running = list(self._running.values())
        taken = [entry.trial for entry in self._ledger.entries] + [run.number for run in running]
        number = 1 + max(taken, default=-1)
        tried = {key_of(entry.params) for entry in self._entries}
        tried |= {key_of(run.params) for run in running}
        study = self._study
        default = study.space.defaults()
        if key_of(default) not in tried:
            return number, default, "default"
        for params in study.warm:
            if key_of(params) not in tried:
                return number, params, "warm"
        settings = study.settings
        proposer = Proposer(study.space, settings.method, settings.seed, settings.startup)
        for params, score in observations(self._entries):
            proposer.tell(params, score)
        chance = Proposer(study.space, "random", settings.seed, settings.startup)
        for asked, attempts in ((proposer, _ATTEMPTS), (chance, 10 * _ATTEMPTS)):
            for attempt in range(attempts):
                params = asked.ask(number + attempt * _FAR)
                if key_of(params) not in tried:
                    return number, params, "proposed"
        return None

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
            result = {"outcome": "failed", "reason": result.reason}
        if result["outcome"] == "broken":
            raise ArtifactError(f"trial {run.number}: {result['reason']}")
        self._keep(run, result)

    def _keep(self, run: _Running, result: Mapping[str, Any]) -> None:
        """Write an entry."""
        score = result.get("score")
        outcome, reason = result["outcome"], result.get("reason")
        if outcome == "done" and not (isinstance(score, float) and math.isfinite(score)):
            outcome, reason, score = "failed", f"its score is {score}", None
        history = run.history
        if score is not None:
            history = (*history, Point(run.budget, result["loss"], score))
        study = self._study
        entry = Entry(
            trial=run.number,
            rung=study.budgets.index(run.budget),
            budget=run.budget,
            params=dict(run.params),
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
        self._report(kept, self._entries)

    def _over(self) -> str:
        """Why nothing more may begin; empty if something may."""
        settings, full = self._study.settings, self._study.budgets[-1]
        whole = [entry for entry in self._entries if entry.budget == full]
        first = best(whole, (full,))
        if first is not None and first.score is not None:
            if settings.target is not None and first.score >= settings.target:
                return f"the target of {settings.target:g}"
            since = len(whole) - 1 - whole.index(first)
            if settings.patience is not None and since >= settings.patience:
                return f"{since} full trainings without a better one"
        return ""

    def _fits(self, place: Place | None) -> bool:
        """Whether there is time to take a trial, or a new one, to a full training.

        Work that could not get there would be thrown away.
        """
        if self._study.settings.minutes is None:
            return True
        limit = self._study.settings.minutes * 60 * self._workers.size
        spent = sum(entry.cost.seconds for entry in self._entries)
        pace = seconds_per_step(self._entries)
        full = self._study.budgets[-1]
        if place is None:
            each = sum(pace.values()) / len(pace) if pace else 0.0
            return spent + each * full <= limit and spent < limit
        number, budget = place
        before = max((b for b in self._study.budgets if b < budget), default=0)
        return spent + pace.get(number, 0.0) * (full - before) <= limit
