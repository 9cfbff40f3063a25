"""Threads that each compute by themselves, so that results don't depend on how many there are.

Torch shares one operation among threads, and what a thread gets decides how it is computed: a
convolution in float32, a logistic function, have other last bits with one thread than with two.
Here an operation is one thread's, and what is side by side is whole parts of the work.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TypeVar

S = TypeVar("S")
T = TypeVar("T")


@dataclass(frozen=True)
class _Lanes:
    """Threads for parts of the work; None where there is but this one."""

    executor: Executor | None


_LANES: ContextVar[_Lanes | None] = ContextVar("lanes", default=None)


@contextmanager
def open_lanes() -> Iterator[None]:
    """Let torch compute with one thread, and :func:`in_lanes` use as many as torch had."""
    import torch  # noqa: PLC0415 - whoever opens lanes has imported it

    threads = torch.get_num_threads()
    with ExitStack() as closing:
        executor = None
        if threads > 1:
            # The number is each thread's own; that of new threads is the one that was set last.
            executor = ThreadPoolExecutor(threads, "lane", torch.set_num_threads, (1,))
            closing.callback(torch.set_num_threads, threads)
            closing.enter_context(executor)
            torch.set_num_threads(1)
        closing.callback(_LANES.reset, _LANES.set(_Lanes(executor)))
        yield


def are_open() -> bool:
    """Whether torch computes with one thread just now."""
    return _LANES.get() is not None


def in_lanes(work: Callable[[S], T], parts: Sequence[S]) -> list[T]:
    """Results for each part in order, side by side where there are lanes."""
    lanes = _LANES.get()
    if lanes is None or lanes.executor is None or len(parts) == 1:
        return [work(part) for part in parts]
    return list(lanes.executor.map(work, parts))
