"""Time that a search may still take: work begins only if it can become a full training."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from pipeline.search.entry import Entry
from pipeline.search.halving import Place, seconds_per_step


@dataclass(frozen=True)
class Allowance:
    """What is left of a limit.

    Attributes:
        seconds: The limit of all workers together; None for none.
        entries: What is known.
        running: Trials at work, and the budgets that they are on the way to.
        budgets: Steps of each rung, smallest first.
    """

    seconds: float | None
    entries: Sequence[Entry]
    running: Collection[Place]
    budgets: Sequence[int]

    def has_room(self, place: Place | None) -> bool:
        """Whether there is time to take a trial (None for a new one) to a full training.

        Work that could not get there would be thrown away.

        Args:
            place: A trial and the budget that it would go to next.
        """
        if self.seconds is None:
            return True
        spent = sum(entry.cost.seconds for entry in self.entries)
        spent += sum(self._seconds(number, budget, budget) for number, budget in self.running)
        full = self.budgets[-1]
        needed = self._seconds(None, self.budgets[0], full)
        if needed > self.seconds:  # trials so far are too slow for any limit: others may be faster
            needed = self._seconds(None, self.budgets[0], self.budgets[0])
        if place is not None:
            needed = self._seconds(place[0], place[1], full)
        return spent + needed <= self.seconds and spent < self.seconds

    def _seconds(self, number: int | None, budget: int, end: int) -> float:
        """Expected time of a trial from the rung below a budget to another budget.

        A trial that nothing is known of takes as long as the others on average.
        """
        pace = seconds_per_step(self.entries)
        usual = sum(pace.values()) / len(pace) if pace else 0.0
        own = usual if number is None else pace.get(number, usual)
        below = max((other for other in self.budgets if other < budget), default=0)
        return own * (end - below)
