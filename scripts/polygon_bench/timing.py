"""Times of several ways to do the same, taken in turns so that a busy machine slows all alike."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

Result = TypeVar("Result")


def in_turns(
    ways: Sequence[Callable[[], Result]], rounds: int
) -> tuple[list[list[float]], list[Result]]:
    """Do each way once per round, in another order in every round.

    Args:
        ways: Functions without arguments.
        rounds: How often each is called, at least once.

    Returns:
        Seconds of each way by round; and what each way gave in the last round.
    """
    seconds: list[list[float]] = [[] for _ in ways]
    results: dict[int, Result] = {}
    gc.collect()
    for number in range(rounds):
        for place in range(len(ways)):
            index = (place + number) % len(ways)
            start = time.perf_counter()
            results[index] = ways[index]()
            seconds[index].append(time.perf_counter() - start)
    return seconds, [results[index] for index in range(len(ways))]
