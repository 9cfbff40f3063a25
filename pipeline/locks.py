"""A stage's folder belongs to one process at a time."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path
from typing import Final

from pipeline.errors import ArtifactError

_FILE: Final = ".lock"
_PATIENCE: Final = 0.2
"""Seconds to wait for a lock, which one who only asks for it holds for a moment."""


def lock(folder: Path) -> int:
    """Handle that keeps other processes off a stage's folder until it is closed.

    Raises:
        ArtifactError: If another process has it.
    """
    handle = os.open(folder / _FILE, os.O_CREAT | os.O_RDWR, 0o644)
    until = time.monotonic() + _PATIENCE
    while not _taken(handle, fcntl.LOCK_EX):
        if time.monotonic() > until:
            os.close(handle)
            raise ArtifactError(
                f"{folder}: another process is running this stage; wait for it or stop it"
            )
        time.sleep(_PATIENCE / 10)
    return handle


def is_locked(folder: Path) -> bool:
    """Whether a process is at work on a stage's folder; nothing is written."""
    try:
        handle = os.open(folder / _FILE, os.O_RDONLY)
    except OSError:
        return False
    try:
        return not _taken(handle, fcntl.LOCK_SH)
    finally:
        os.close(handle)


def _taken(handle: int, kind: int) -> bool:
    """Whether a lock could be had at once."""
    try:
        fcntl.flock(handle, kind | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
