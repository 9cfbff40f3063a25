"""Each option of a recipe does in the training loop what it says."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from pipeline.errors import ConfigError, TrainingError
from pipeline.learning import training as module
from pipeline.learning.batch import Batch
from pipeline.learning.difficulty import Difficulty
from pipeline.learning.history import Progress
from pipeline.learning.penalties import filter_norms
from pipeline.learning.training import Training
from tests.learning.tiny_training import Ground, tiny_network, tiny_training

ENTROPY = {"terms": {"cross_entropy": 1}}


class Weights:
    """The first kernel after each step, and the rate of the step."""

    def __init__(self, training: Training) -> None:
        self._training = training
        self.kernels: list[Tensor] = []
        self.rates: list[float] = []
        training.on_step = self._note

    def _note(self, progress: Progress, _: float) -> None:
        kernel = self._training.network.get_parameter("0.weight")
        self.kernels.append(kernel.detach().clone())
        self.rates.append(progress.rate)


@pytest.mark.parametrize(
    "change",
    [
        {"optimizer": "adagrad"},
        {"optimizer": "rmsprop"},
        {"momentum": 0.5},
        {"schedule": "step"},
        {"schedule": "step", "drops": 3},
        {"schedule": "step", "drop_factor": 0.5},
        {"schedule": "cosine", "warmup": 0.2},
        {"l1": 0.1},
        {"decay": 0.5},
        {"max_norm": 0.1},
        {"clip": 1e-3},
        {"clip_value": 1e-4},
        {"accumulate": 2},
        {"mining": 1.0},
        {"average": 0.9},
        {"swa": 0.5},
    ],
)
def test_every_option_changes_the_result(tmp_path: Path, change: dict[str, Any]) -> None:
    base: dict[str, Any] = {"steps": 8, "validations": 1, "optimizer": "adam", "clip": None}
    base |= {"schedule": "constant"}
    if change.get("schedule") == "step" and len(change) > 1:
        base |= {"schedule": "step"}
    if "warmup" in change:
        base |= {"schedule": "cosine"}
    plain = tiny_training(tmp_path / "plain", Ground(), **base).run().weights
    other = tiny_training(tmp_path / "other", Ground(), **base | change).run().weights
    assert any(not torch.equal(plain[name], other[name]) for name in plain)


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_accumulated_batches_equal_a_large_one(tmp_path: Path, optimizer: str) -> None:
    class Whole(Ground):
        """All pixels valid, so that each batch weighs the same."""

        def batch(self, number: int, difficulty: Difficulty | None = None) -> Batch:
            batch = super().batch(number, difficulty)
            return replace(batch, valid=torch.ones_like(batch.valid))

    def train(name: str, size: int, accumulate: int) -> Mapping[str, Tensor]:
        torch.manual_seed(0)
        network = tiny_network(norm=False)
        settings: dict[str, Any] = {"steps": 10, "loss": ENTROPY, "optimizer": optimizer}
        training = tiny_training(
            tmp_path / name, Whole(size=size), network=network, accumulate=accumulate, **settings
        )
        return training.run().weights

    large, small = train("large", 6, 1), train("small", 2, 3)
    for name, weight in large.items():
        assert torch.allclose(weight, small[name], atol=1e-6)
    alone = train("alone", 2, 1)
    assert not torch.allclose(large["0.weight"], alone["0.weight"], atol=1e-3)


def test_loss_of_accumulated_batches_is_their_mean(tmp_path: Path) -> None:
    losses: list[float] = []
    for size, accumulate in ((6, 1), (2, 3)):
        training = tiny_training(
            tmp_path / str(size), Ground(size=size), accumulate=accumulate, steps=1, validations=1
        )
        losses.append(training.run().rows[0].loss)
    assert losses[0] == pytest.approx(losses[1], abs=0.05)


def test_norms_of_filters_stay_under_their_bound(tmp_path: Path) -> None:
    training = tiny_training(tmp_path, max_norm=0.3, steps=10)
    highest: list[float] = []

    def note(*_: Any) -> None:
        kernels = [m for m in training.network.modules() if isinstance(m, nn.Conv2d)]
        highest.append(max(float(filter_norms(kernel).max()) for kernel in kernels))

    training.on_step = note
    training.run()
    assert max(highest) <= 0.3 * (1 + 1e-6)
    assert max(highest) > 0.29


def test_the_rate_follows_warmup_and_drops(tmp_path: Path) -> None:
    settings: dict[str, Any] = {
        "schedule": "step",
        "warmup": 0.2,
        "drops": 1,
        "steps": 10,
        "rate": 1.0,
    }
    training = tiny_training(tmp_path, **settings)
    seen = Weights(training)
    training.run()
    assert seen.rates == pytest.approx([0.01, 0.505, 1, 1, 1, 1, 0.1, 0.1, 0.1, 0.1])


def test_plateau_drops_the_rate_after_validations_without_gain(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scores = iter([0.2, 0.5, 0.55, 0.4, 0.7, 0.7, 0.7, 0.7])
    monkeypatch.setattr(module, "validate", lambda *_: [next(scores)] * 2)
    settings: dict[str, Any] = {
        "schedule": "plateau",
        "plateau": 2,
        "min_gain": 0.1,
        "drop_factor": 0.5,
    }
    training = tiny_training(tmp_path, steps=8, validations=8, rate=1.0, **settings)
    seen = Weights(training)
    result = training.run()
    # .55 gains too little and .4 nothing: a drop; .7 gains; two more without gain: another.
    assert seen.rates == [1, 1, 1, 1, 0.5, 0.5, 0.5, 0.25]
    assert result.best.step == 5


def test_patience_wants_its_gain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for gain, steps in ((0.0, 40), (0.05, 20)):
        scores = iter([0.5, 0.52, 0.54, 0.56])
        monkeypatch.setattr(module, "validate", lambda *_, scores=scores: [next(scores)] * 2)
        result = tiny_training(tmp_path / str(gain), patience=1, min_gain=gain).run()
        assert result.rows[-1].step == steps
        # What is kept are the best weights, whether they gained enough or not.
        assert result.best.step == steps


def test_swa_gives_the_mean_of_the_last_weights(tmp_path: Path) -> None:
    training = tiny_training(tmp_path, Ground(held_out=0), swa=0.3, steps=10)
    seen = Weights(training)
    result = training.run()
    expected = torch.stack(seen.kernels[7:]).mean(dim=0)
    assert torch.allclose(result.weights["0.weight"], expected, atol=1e-6)
    assert not torch.allclose(result.weights["0.weight"], seen.kernels[-1], atol=1e-6)


def test_without_held_out_scenes_the_last_weights_count(tmp_path: Path) -> None:
    training = tiny_training(tmp_path, Ground(held_out=0), steps=10, patience=1)
    result = training.run()
    assert result.stopped == "steps"
    assert [row.step for row in result.rows] == [3, 5, 8, 10]
    assert all(math.isnan(value) for row in result.rows for value in (row.mean, *row.jaccard))
    assert result.best is result.rows[-1]
    assert result.rows[0].loss > 0
    last = training.network.get_parameter("0.weight")
    assert torch.equal(result.weights["0.weight"], last)


def test_plateau_needs_held_out_scenes(tmp_path: Path) -> None:
    training = tiny_training(tmp_path, Ground(held_out=0), schedule="plateau")
    with pytest.raises(ConfigError, match=r"train\.schedule: plateau .* set it to step"):
        training.run()


class _OneIsHard(Ground):
    """The labels of the third window are noise."""

    def _patch(self, seed: int) -> tuple[Tensor, Tensor]:
        inputs, valid = super()._patch(seed)
        if seed == 3:
            inputs = inputs * 0.1 + 0.3  # all near the threshold
        return inputs, valid


def test_mining_draws_hard_windows_more_often_but_not_only(tmp_path: Path) -> None:
    ground = _OneIsHard()
    training = tiny_training(tmp_path, ground, mining=1.0, steps=200, validations=1)
    training.run()
    drawn = [place for places in ground.drawn[100:] for place in places]
    share = drawn.count(3) / len(drawn)
    assert 1.5 / ground.windows < share < 9 / ground.windows
    assert training.difficulty is not None
    assert int(training.difficulty.losses.argmax()) == 3


def test_frozen_parts_stay_as_they_are(tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = tiny_network()
    for module_ in list(network)[:2]:
        module_.requires_grad_(False)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    settings: dict[str, Any] = {"l1": 0.1, "max_norm": 0.01, "average": 0.5, "steps": 8}
    result = tiny_training(tmp_path, network=network, **settings).run()
    for name, value in before.items():
        assert torch.equal(result.weights[name], value) == (not name.startswith("3."))
    assert not network[1].training  # also after validations


def test_factors_reach_the_optimizer(tmp_path: Path) -> None:
    def moved(name: str, factors: Mapping[str, float]) -> float:
        training = tiny_training(tmp_path / name, factors=factors, steps=4, decay=0)
        before = training.network.get_parameter("0.weight").detach().clone()
        training.run()
        after = training.network.get_parameter("0.weight").detach()
        return float((after - before).abs().max())

    assert moved("still", {"0.weight": 0.0}) == 0
    assert 0 < moved("slow", {"0.weight": 0.01}) < 0.1 * moved("fast", {})


class _Soft(Ground):
    """Masks as shares in place of bits."""

    def __init__(self, blur: float) -> None:
        super().__init__()
        self.blur = blur

    def batch(self, number: int, difficulty: Difficulty | None = None) -> Batch:
        batch = super().batch(number, difficulty)
        masks = batch.masks.float() * (1 - self.blur) + self.blur / 2
        return replace(batch, masks=masks)


@pytest.mark.parametrize("mining", [0.0, 0.5])
def test_soft_targets_are_trained_on(tmp_path: Path, mining: float) -> None:
    def train(name: str, ground: Ground) -> Tensor:
        settings: dict[str, Any] = {"steps": 10, "mining": mining, "loss": ENTROPY}
        return tiny_training(tmp_path / name, ground, **settings).run().weights["0.weight"]

    hard = train("hard", Ground())
    assert torch.allclose(train("ones", _Soft(0.0)), hard, atol=1e-6)
    assert not torch.allclose(train("soft", _Soft(0.4)), hard, atol=1e-3)


def test_nothing_to_train_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="every weight of the network is frozen"):
        tiny_training(tmp_path, network=tiny_network().requires_grad_(False))
