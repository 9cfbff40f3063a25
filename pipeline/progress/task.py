"""One thing that takes a while: what it is, how far, how long still."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.progress.pace import Pace


@dataclass
class Task:
    """What a line of progress is made from; times are seconds of one clock.

    Attributes:
        what: What is done, for people.
        total: How much there is to do; None if nobody knows.
        unit: Name of one of the things that are counted; may be empty.
        note: More for people, such as the loss of a training.
        visible: Whether it is shown at all.
        since: When it began.
        pace: How fast it goes.
        done: How much is done.
        left: Seconds left as those know who do it; None for what the pace tells.
    """

    what: str
    total: float | None
    unit: str
    note: str
    visible: bool
    since: float
    pace: Pace
    done: float = 0.0
    left: float | None = None

    def seconds_left(self, now: float) -> float | None:
        """Seconds until it is done; None if nobody can tell."""
        if self.left is not None:
            return self.left
        each = self.pace.each(now)
        if each is None or self.total is None:
            return None
        return max(self.total - self.done, 0.0) * each
