"""What the configuration says is what the training loop and the prediction are given."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from pipeline.config import Config
from pipeline.learning.device import choose_compute
from pipeline.learning.networks import parameters_of
from pipeline.stages import augment, predict, train
from pipeline.stages.fold import Training, load_ground, make_source, start_network
from pipeline.stages.job import Job
from tests.stages.tiled_run import CONFIG, tiled_job, write_tiled_run


class _StoppedError(Exception):
    """Raised in place of a training."""


@pytest.fixture
def ready(tmp_path: Path) -> Path:
    augment.run(write_tiled_run(tmp_path))
    return tmp_path


def _given(monkeypatch: pytest.MonkeyPatch, job: Job) -> tuple[Any, ...]:
    """What the loop of the first training is made of."""
    seen: list[tuple[Any, ...]] = []

    def capture(*arguments: Any) -> None:
        seen.append(arguments)
        raise _StoppedError

    monkeypatch.setattr(train, "Loop", capture)
    with pytest.raises(_StoppedError):
        train.run(job)
    return seen[0]


def test_the_loop_gets_loss_recipe_limit_and_arithmetic(
    ready: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loss = {"terms": {"focal": 1.0}, "gamma": 4.0}
    settings = {"loss": loss, "minutes": 3, "precision": "bfloat16", "rate": 0.5}
    _, made, _, classes, recipe, compute, _, seconds, *_ = _given(
        monkeypatch, tiled_job(ready, train=settings)
    )
    logits, masks = torch.randn(2, 2, 4, 4), torch.rand(2, 2, 4, 4) > 0.5
    valid = torch.ones(2, 4, 4, dtype=torch.bool)
    hit = torch.where(masks, logits.sigmoid(), 1 - logits.sigmoid())
    focal = ((1 - hit) ** 4 * -hit.log()).mean()
    assert made(logits, masks, valid).item() == pytest.approx(focal.item(), rel=1e-4)
    assert (classes, recipe.rate, seconds) == (2, 0.5, 90)
    assert compute.type == torch.bfloat16


def test_the_loop_gets_the_factors_of_carried_weights(
    ready: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train.run(tiled_job(ready))
    second = ready / "second"
    second.mkdir()
    for stage in ("tiles", "augment"):
        (second / stage).symlink_to(ready / "run" / stage)
    transfer = {"run": "run", "rate_factor": 0.25, "depth_factor": 0.5}
    changed = Job(Config.model_validate({**CONFIG, "transfer": transfer}), second)
    factors = _given(monkeypatch, changed)[-1]
    assert max(factors.values()) <= 0.25
    assert min(factors.values()) < 0.25, "deeper blocks are slower"


def test_the_network_gets_capacity_and_levels(ready: Path) -> None:
    def started(**row: Any) -> Any:
        network = {**CONFIG["network"], "width": 16, **row.pop("network", {})}
        groups = [{**CONFIG["dataset"]["groups"][0], "metres": row.pop("native", 1.0)}]
        tree = {**CONFIG, "network": network, "models": [{"name": "all", **row}]}
        tree["dataset"] = {**CONFIG["dataset"], "groups": groups}
        job = Job(Config.model_validate(tree), ready / "run")
        ground = load_ground(job, job.config.models[0])
        return start_network(job, ground, Training("all", 0))

    whole = started()
    assert whole.record.levels is None
    quarter = parameters_of(started(capacity=0.25).network) / parameters_of(whole.network)
    assert quarter == pytest.approx(0.25, rel=0.15)
    metres = float(CONFIG["tiles"]["metres"])
    deep = {"network": {"entry": "depth"}}
    levels = {
        native: started(**deep, native=native).record.levels for native in (metres, 2 * metres)
    }
    assert levels == {metres: (0, 0, 0), 2 * metres: (1, 1, 1)}


def test_seeds_reach_weights_and_draws(ready: Path) -> None:
    compute = choose_compute("cpu", "float32")

    def parts(**sections: dict[str, Any]) -> tuple[torch.Tensor, torch.Tensor]:
        job = tiled_job(ready, **sections)
        ground, first = load_ground(job, job.config.models[0]), Training("all", 0)
        weights = next(start_network(job, ground, first).network.parameters())
        return weights, make_source(ground, first, compute).batch(0).inputs

    weights, inputs = parts()
    again, same = parts()
    assert torch.equal(weights, again)
    assert torch.equal(inputs, same)
    assert not torch.equal(weights, parts(train={"seed": 1})[0])
    assert not torch.equal(inputs, parts(augment={"seed": 1})[1])


def test_prediction_gets_its_section(ready: Path) -> None:
    train.run(tiled_job(ready))
    settings = {"window": 32, "overlap": 0.75, "batch": 3, "d4": False, "precision": "bfloat16"}
    job = tiled_job(ready, predict=settings)
    predictor = predict.predictor_of(job, job.config.models[0])
    sliding = predictor.sliding
    assert (sliding.side, sliding.overlap, sliding.batch, sliding.d4) == (32, 0.75, 3, False)
    assert predictor.compute.type == torch.bfloat16
    assert np.array_equal(predictor.places, [0, 1])
