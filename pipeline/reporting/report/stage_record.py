"""What a stage of a run took and left: time, size, when, where and by which code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self


@dataclass(frozen=True)
class StageRecord:
    """A stage that has finished.

    Attributes:
        name: Its name.
        purpose: One line for people.
        items: Number of its results.
        size: Bytes of their files.
        seconds: Time of the last command that made any of them; None if it was not recorded.
        built: Number of items that this command made; None if it was not recorded.
        code: Version of the code that made them.
        made_at: When, ISO 8601 in UTC; empty if it was not recorded.
        machine: Where, as ``pipeline.machine`` describes it; empty if it was not recorded.
    """

    name: str
    purpose: str
    items: int
    size: int
    seconds: float | None = None
    built: int | None = None
    code: str = ""
    made_at: str = ""
    machine: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, name: str, purpose: str, size: int, manifest: Mapping[str, Any]) -> Self:
        """A stage from its manifest; what an older version did not record stays empty."""
        seconds, machine = manifest.get("seconds"), manifest.get("machine")
        items, built = manifest.get("items"), manifest.get("built")
        return cls(
            name=name,
            purpose=purpose,
            items=len(items) if isinstance(items, Mapping) else 0,
            size=size,
            seconds=float(seconds) if isinstance(seconds, int | float) else None,
            built=built if isinstance(built, int) else None,
            code=str(manifest.get("code") or ""),
            made_at=str(manifest.get("made_at") or ""),
            machine=machine if isinstance(machine, Mapping) else {},
        )

    @property
    def day(self) -> str:
        """When it was made, to the minute; empty if it was not recorded."""
        return f"{self.made_at[:10]} {self.made_at[11:16]}".strip()
