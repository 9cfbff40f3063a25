"""What a check found, for a person: the level, one line of numbers, and what to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Level = Literal["ok", "warning", "failure"]
_SHOWN = 4


@dataclass(frozen=True)
class Finding:
    """The verdict of a check.

    Attributes:
        level: "ok"; "warning", to be looked at; "failure", a training would be wasted.
        found: What was measured, one line.
        advice: What is wrong and what to do; empty if nothing is.
    """

    level: Level
    found: str
    advice: str = ""


def ok(found: str) -> Finding:
    """Nothing is wrong."""
    return Finding("ok", found)


def warning(found: str, advice: str) -> Finding:
    """Something to be looked at."""
    return Finding("warning", found, advice)


def failure(found: str, advice: str) -> Finding:
    """A training would be wasted."""
    return Finding("failure", found, advice)


def listed(names: Sequence[str]) -> str:
    """The first few names, and how many more there are."""
    more = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
