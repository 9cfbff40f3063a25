"""A training that was killed equals one that was not, bit for bit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pipeline.learning import training as module
from tests.learning.test_optimizer import OPTIMIZERS
from tests.learning.tiny_training import Ground, KilledError, kill_at, same, tiny_training

KILLS = (3, 10, 17)
STEPS = 20
SCHEDULES: dict[str, dict[str, Any]] = {
    "one_cycle": {},
    "cosine": {"warmup": 0.3},
    "step": {"drops": 3},
}
RECIPES: dict[str, dict[str, Any]] = {
    "average": {"average": 0.9},
    "swa": {"swa": 0.6, "schedule": "constant"},
    "mining": {"mining": 0.7},
    "accumulation": {"accumulate": 3, "mining": 0.4},
    "plateau": {"schedule": "plateau", "plateau": 2, "min_gain": 0.9, "validations": 10},
    "patience": {"patience": 3, "min_gain": 0.9, "validations": 10},
    "penalties": {"l1": 0.01, "max_norm": 0.8, "clip_value": 0.01, "clip": 0.02},
    "nesterov": {"optimizer": "sgd", "nesterov": True, "average": 0.5},
}


def _killed_and_continued(
    folder: Path, monkeypatch: pytest.MonkeyPatch, compute: str = "float32", **recipe: Any
) -> list[int]:
    """Compare with an uninterrupted training; the batches that the last run asked for."""
    settings = {"steps": STEPS, **recipe}
    whole = tiny_training(folder / "whole", None, compute, **settings).run()
    monkeypatch.setattr(module, "SAVE_SECONDS", 0.0)  # a checkpoint at every step
    for kill in KILLS:
        part = tiny_training(folder / "part", None, compute, **settings)
        part.on_step = kill_at(kill)
        if whole.rows[-1].step >= kill:
            with pytest.raises(KilledError):
                part.run()
    ground = Ground()
    same(tiny_training(folder / "part", ground, compute, **settings).run(), whole)
    return ground.asked


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_every_optimizer_continues(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, optimizer: str, schedule: str
) -> None:
    recipe = {"optimizer": optimizer, "schedule": schedule, **SCHEDULES[schedule]}
    asked = _killed_and_continued(tmp_path, monkeypatch, **recipe)
    # Step 16 was done when the process was killed in step 17, and is not done again.
    assert asked == list(range(16, STEPS))


@pytest.mark.parametrize("name", RECIPES)
def test_every_part_of_a_recipe_continues(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    asked = _killed_and_continued(tmp_path, monkeypatch, **RECIPES[name])
    each = RECIPES[name].get("accumulate", 1)
    # Without patience: the first validation, in step 2, and three that are no better.
    first, last = (2, 8) if name == "patience" else (16, STEPS)
    assert asked == list(range(first * each, last * each))


@pytest.mark.parametrize("optimizer", ["sgd", "adamw", "nadam"])
def test_it_continues_in_bfloat16(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, optimizer: str
) -> None:
    assert _killed_and_continued(tmp_path, monkeypatch, "bfloat16", optimizer=optimizer)


def test_without_held_out_scenes_it_continues(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = tiny_training(tmp_path / "whole", Ground(held_out=0), swa=0.5).run()
    monkeypatch.setattr(module, "SAVE_SECONDS", 0.0)
    part = tiny_training(tmp_path / "part", Ground(held_out=0), swa=0.5)
    part.on_step = kill_at(33)
    with pytest.raises(KilledError):
        part.run()
    same(tiny_training(tmp_path / "part", Ground(held_out=0), swa=0.5).run(), whole)


def test_finished_training_continues_with_its_result(tmp_path: Path) -> None:
    whole = tiny_training(tmp_path).run()
    ground = Ground()
    again = tiny_training(tmp_path, ground).run()
    assert ground.asked == []
    same(again, whole)


def test_damaged_checkpoint_falls_back_and_ends_the_same(tmp_path: Path) -> None:
    whole = tiny_training(tmp_path).run()
    (tmp_path / "last.checkpoint").write_bytes(b"torn")
    ground = Ground()
    again = tiny_training(tmp_path, ground).run()
    assert ground.asked == list(range(30, 40))
    same(again, whole)
