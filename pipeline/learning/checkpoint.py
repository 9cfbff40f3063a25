"""Checkpoints of an unfinished training: written whole, checked when read, never executed.

A file is what ``torch.save`` writes, then the SHA-256 of it. The last two are kept: a file that
was damaged since is named and the one before is used, or the training starts again.
"""

from __future__ import annotations

import hashlib
import io
import pickle
import random
from pathlib import Path
from typing import Any

import numpy as np
import torch

from pipeline.files import write_bytes
from pipeline.progress import say

_DIGEST = hashlib.sha256().digest_size

State = dict[str, Any]


class Checkpoints:
    """The last checkpoints of one training.

    Args:
        folder: Where they lie, such as a stage's workspace.
    """

    def __init__(self, folder: Path) -> None:
        self._last = folder / "last.checkpoint"
        self._previous = folder / "previous.checkpoint"

    def save(self, state: State) -> None:
        """Keep a state of tensors, numbers, texts, lists and dicts; the one before stays."""
        file = io.BytesIO()
        torch.save(state, file)
        data = file.getvalue()
        new = self._last.with_name("new.checkpoint")
        write_bytes(new, data + hashlib.sha256(data).digest())
        if self._last.exists():
            self._last.replace(self._previous)
        new.replace(self._last)

    def load(self) -> State | None:
        """The newest state that is whole, or None if there is none.

        Nothing in a file is executed: only tensors and plain values are accepted.
        """
        for path in (self._last, self._previous):
            if path.exists():
                try:
                    return _read(path)
                except (RuntimeError, ValueError, EOFError, pickle.UnpicklingError) as error:
                    reason = str(error).partition("\n")[0]
                    say(f"{path}: this checkpoint is damaged and left aside ({reason})")
        return None


def _read(path: Path) -> State:
    """The state in a file; any of the errors above if it is not what was written."""
    data = path.read_bytes()
    content, digest = data[:-_DIGEST], data[-_DIGEST:]
    if hashlib.sha256(content).digest() != digest:
        raise ValueError("its bytes are not those that were written")
    state = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    if not isinstance(state, dict):
        raise ValueError("it holds no state of a training")
    return state


def random_state(device: torch.device) -> State:
    """State of every generator of random numbers that layers may use."""
    _, numbers, position, has_gauss, gauss = np.random.get_state(legacy=True)
    version, internal, next_gauss = random.getstate()
    return {
        "torch": torch.get_rng_state(),
        "device": torch.cuda.get_rng_state(device) if device.type == "cuda" else None,
        "numpy": [
            torch.from_numpy(np.asarray(numbers).astype(np.int64)),
            position,
            has_gauss,
            gauss,
        ],
        "python": [version, list(internal), next_gauss],
    }


def restore_random_state(state: State, device: torch.device) -> None:
    """Continue every generator where :func:`random_state` saw it."""
    torch.set_rng_state(state["torch"])
    if device.type == "cuda" and state["device"] is not None:
        torch.cuda.set_rng_state(state["device"], device)
    numbers, *rest = state["numpy"]
    np.random.set_state(("MT19937", numbers.numpy().astype(np.uint32), *rest))
    version, internal, next_gauss = state["python"]
    random.setstate((version, tuple(internal), next_gauss))
