"""What a scene is there for."""

from __future__ import annotations

from typing import Literal

Role = Literal["train", "test", "unused"]
