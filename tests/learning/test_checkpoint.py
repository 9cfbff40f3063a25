"""Checkpoints: whole or left aside, never executed; random states continue."""

from __future__ import annotations

import hashlib
import io
import random
from pathlib import Path

import numpy as np
import pytest
import torch

from pipeline.learning.checkpoint import Checkpoints, random_state, restore_random_state

CPU = torch.device("cpu")


def test_last_state_comes_back(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path)
    assert checkpoints.load() is None
    for step in (1, 2, 3):
        checkpoints.save({"step": step, "weights": {"a": torch.full((2,), float(step))}})
    state = checkpoints.load()
    assert state is not None
    assert state["step"] == 3
    assert state["weights"]["a"].tolist() == [3.0, 3.0]
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "last.checkpoint",
        "previous.checkpoint",
    ]


@pytest.mark.parametrize("damage", ["cut", "flip", "empty"])
def test_damaged_one_is_named_and_the_one_before_used(
    tmp_path: Path, damage: str, capsys: pytest.CaptureFixture[str]
) -> None:
    checkpoints = Checkpoints(tmp_path)
    checkpoints.save({"step": 1})
    checkpoints.save({"step": 2})
    last = tmp_path / "last.checkpoint"
    data = bytearray(last.read_bytes())
    if damage == "flip":
        data[len(data) // 2] ^= 1
    last.write_bytes(bytes({"cut": data[:-40], "flip": data, "empty": bytearray()}[damage]))
    assert checkpoints.load() == {"step": 1}
    assert "last.checkpoint: this checkpoint is damaged" in capsys.readouterr().err
    (tmp_path / "previous.checkpoint").write_bytes(b"x" * 100)
    assert checkpoints.load() is None


class _Evil:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (eval, ("__import__('pathlib').Path('/nonexistent').touch()",))


def test_a_file_that_would_run_code_is_refused(tmp_path: Path) -> None:
    file = io.BytesIO()
    torch.save({"step": _Evil()}, file)
    data = file.getvalue()
    (tmp_path / "last.checkpoint").write_bytes(data + hashlib.sha256(data).digest())
    assert Checkpoints(tmp_path).load() is None


def test_random_states_continue_through_a_file(tmp_path: Path) -> None:
    random.seed(1)
    np.random.seed(1)
    torch.manual_seed(1)
    np.random.standard_normal()  # leaves a cached value behind
    Checkpoints(tmp_path).save(random_state(CPU))
    expected = (random.gauss(0, 1), np.random.standard_normal(3).tolist(), torch.rand(3).tolist())
    random.seed(2)
    np.random.seed(2)
    torch.manual_seed(2)
    state = Checkpoints(tmp_path).load()
    assert state is not None
    restore_random_state(state, CPU)
    found = (random.gauss(0, 1), np.random.standard_normal(3).tolist(), torch.rand(3).tolist())
    assert found == expected
