"""A training in rungs: killed, continued and paused, it gives the weights of one that was not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from pipeline.errors import ConfigError
from pipeline.learning import training as module
from pipeline.learning.schedule import rate_factor
from tests.learning.tiny_training import Ground, KilledError, kill_at, tiny_training

RUNGS = (4, 10, 24)
RECIPES: Mapping[str, dict[str, Any]] = {
    "plain": {},
    "average": {"average": 0.9},
    "swa": {"swa": 0.5, "schedule": "constant"},
    "mining": {"mining": 0.7, "accumulate": 2},
    "momentum": {"optimizer": "sgd", "nesterov": True, "schedule": "cosine", "warmup": 0.2},
}


def _weights(network: nn.Module) -> dict[str, Tensor]:
    return {name: tensor.clone() for name, tensor in network.state_dict().items()}


def _same(one: Mapping[str, Tensor], two: Mapping[str, Tensor]) -> bool:
    return all(torch.equal(one[name], two[name]) for name in one)


def _advanced(folder: Path, budgets: Sequence[int], **recipe: Any) -> dict[str, Tensor]:
    training = tiny_training(folder, steps=RUNGS[-1], **recipe)
    progress = training.advance(budgets)
    assert progress.step == budgets[-1]
    assert not progress.rows, "nothing is validated"
    return _weights(training.averaged)


@pytest.mark.parametrize("name", RECIPES)
def test_paused_after_each_rung_is_trained_at_once(tmp_path: Path, name: str) -> None:
    whole = _advanced(tmp_path / "whole", RUNGS, **RECIPES[name])
    for count in (1, 2, 3):
        parts = _advanced(tmp_path / "parts", RUNGS[:count], **RECIPES[name])
        assert _same(parts, whole) == (count == 3)
    assert _same(_advanced(tmp_path / "parts", RUNGS, **RECIPES[name]), whole), "asked again"


@pytest.mark.parametrize("name", RECIPES)
def test_killed_anywhere_goes_on_to_the_same_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    whole = _advanced(tmp_path / "whole", RUNGS, **RECIPES[name])
    monkeypatch.setattr(module, "SAVE_SECONDS", 0.0)
    for kill in (2, 4, 5, 11, 23):
        part = tiny_training(tmp_path / "part", steps=RUNGS[-1], **RECIPES[name])
        part.on_step = kill_at(kill)
        with pytest.raises(KilledError):
            part.advance(RUNGS)
    assert _same(_advanced(tmp_path / "part", RUNGS, **RECIPES[name]), whole)


def test_every_rung_has_a_whole_schedule(tmp_path: Path) -> None:
    training = tiny_training(tmp_path / "run", steps=24, schedule="linear", rate=0.5)
    rates: list[float] = []
    training.on_step = lambda progress, _loss: rates.append(progress.rate)
    training.advance((2, 6))
    expected = [1, 0.5, 1, 0.75, 0.5, 0.25]  # 1 - done of each rung
    assert rates == pytest.approx([0.5 * factor for factor in expected])


def test_one_rung_is_the_training_that_train_makes(tmp_path: Path) -> None:
    rungs = tiny_training(tmp_path / "rungs", steps=12)
    rungs.advance((12,))
    plain = tiny_training(tmp_path / "plain", steps=12, validations=1)
    plain.run()
    assert _same(_weights(rungs.network), _weights(plain.network))
    assert rate_factor(plain.settings, 0.5) < 1, "the schedule is none that does nothing"


def test_a_schedule_that_waits_for_validations_is_refused(tmp_path: Path) -> None:
    training = tiny_training(tmp_path / "run", Ground(), schedule="plateau", validations=8)
    with pytest.raises(ConfigError, match="plateau follows validations"):
        training.advance((4,))
