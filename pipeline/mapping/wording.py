"""Numbers in sentences: one error, two errors."""

from __future__ import annotations


def counted(number: int, noun: str) -> str:
    """A number with its noun, which takes an s unless it is one: ``1 row``, ``2 rows``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def and_more(number: int) -> str:
    """What follows the one that is named: ``(and 3 more)`` after a blank, nothing for none."""
    return f" (and {number} more)" if number > 0 else ""
