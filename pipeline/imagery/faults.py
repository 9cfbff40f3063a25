"""Errors that are gathered and reported together, so that a user mends them in one go."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from pipeline.errors import PipelineError

SHOWN: Final = 20


@dataclass
class Faults:
    """Messages of the errors met so far.

    Attributes:
        messages: All of them.
        named: Those of a scene each, by its id.
    """

    messages: list[str] = field(default_factory=list)
    named: dict[str, list[str]] = field(default_factory=dict)

    def add(self, message: str) -> None:
        """Note an error."""
        self.messages.append(message)

    @contextmanager
    def gather(self, name: str | None = None) -> Iterator[None]:
        """Note an error of the pipeline that the block raises, and go on after the block.

        Args:
            name: The scene that the block is about, if it is about one.
        """
        try:
            yield
        except PipelineError as error:
            lines = str(error).split("\n")
            self.messages.extend(lines)
            if name is not None:
                self.named.setdefault(name, []).extend(lines)

    def report(self, kind: type[PipelineError]) -> None:
        """Raise what was noted as one error.

        Raises:
            PipelineError: Of the given kind, with at most ``SHOWN`` messages, if there are any.
        """
        if not self.messages:
            return
        lines = self.messages[:SHOWN]
        if len(self.messages) > SHOWN:
            lines.append(f"... and {len(self.messages) - SHOWN} more")
        raise kind("\n".join(lines))
