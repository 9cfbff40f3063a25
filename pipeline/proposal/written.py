"""A configuration that was proposed."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Proposal:
    """A configuration, not yet written.

    Attributes:
        text: YAML with comments.
        table: CSV table of scenes that belongs to it; None where names follow a pattern.
        summary: What was found, line by line.
        questions: What the file asks for.
    """

    text: str
    table: str | None
    summary: tuple[str, ...]
    questions: tuple[str, ...]
