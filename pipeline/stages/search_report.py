"""What a search says while it works: a line per trial, how far it is, how long still."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from typing import Final

from pipeline.progress import say
from pipeline.search.entry import Entry
from pipeline.search.halving import best
from pipeline.search.study import Study, Unused

_LONGEST: Final = 160
"""Letters of a reason that are shown; the ledger has all of it."""


class Reporter:
    """Called with each new entry of a search.

    Args:
        name: Name of the search.
        study: Its question.
        workers: How many work side by side.
        tidy: Is called after each entry, with all that count and the trials that run.
    """

    def __init__(
        self,
        name: str,
        study: Study,
        workers: int,
        tidy: Callable[[Sequence[Entry], Collection[int]], None],
    ) -> None:
        self._name, self._study, self._workers, self._tidy = name, study, workers, tidy

    def begin(self, entries: Sequence[Entry], unused: Sequence[Unused]) -> None:
        """Say where the search stands."""
        steps = ", ".join(map(str, self._study.budgets))
        say(f"search: {self._name}: rungs of {steps} steps, {_count(entries)} trials so far")
        for reason, count in Counter(row.reason for row in unused).items():
            trials = sorted({row.entry.trial for row in unused if row.reason == reason})
            shown = ", ".join(map(str, trials[:10])) + (" ..." if len(trials) > 10 else "")
            say(
                f"search: {self._name}: {count} entries stay in the ledger and are not used "
                f"(trials {shown}): {_short(reason)}"
            )

    def __call__(self, entry: Entry, entries: Sequence[Entry], running: Collection[int]) -> None:
        """Say what came of a trial."""
        self._tidy(entries, running)
        what = f"search: {self._name}: trial {entry.trial} ({entry.source})"
        if entry.outcome == "rejected":
            say(f"{what} refused: {_short(entry.reason or '')}")
            return
        first = best(entries, self._study.budgets)
        leader = "none yet"
        if first is not None:
            leader = f"{first.score:.4f} at {first.budget} (trial {first.trial})"
        result = f"{entry.score:.4f}" if entry.score is not None else f"failed: {entry.reason}"
        say(
            f"{what} at {entry.budget} steps: {_short(result)}, {entry.cost.seconds:.0f} s; best "
            f"{leader}; {_count(entries)} trials{self._left(entries)}"
        )

    def _left(self, entries: Sequence[Entry]) -> str:
        """About how long the search goes on, in words; nothing if that can't be told."""
        settings = self._study.settings
        spent = sum(entry.cost.seconds for entry in entries) / self._workers
        guesses = []
        if settings.minutes is not None:
            guesses.append(settings.minutes * 60 - spent)
        begun = _count(entries)
        if settings.trials is not None and begun:
            guesses.append(spent / begun * (settings.trials - begun))
        return f", about {max(min(guesses), 0) / 60:.0f} min left" if guesses else ""


def _count(entries: Sequence[Entry]) -> int:
    """Number of trials that began."""
    return len({entry.trial for entry in entries if entry.outcome != "rejected"})


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."
