"""Gradients layer by layer: dead, vanishing and exploding ones are named."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from pipeline.learning.probes import gradients
from pipeline.learning.probes.gradients import check_gradients
from tests.learning.probes.tiny import batch, dead, network, recipe, unchanged


def _weight(made: nn.Sequential, position: int) -> Tensor:
    return made[position].get_parameter("weight")


def test_healthy_network_passes_with_numbers_of_the_definition() -> None:
    made = network()
    before = {name: value.clone() for name, value in made.state_dict().items()}
    found = check_gradients(made, recipe(), batch, steps=3)
    assert found.finding.level == "ok"
    assert [row.name for row in found.layers] == ["0", "2", "4"]
    assert unchanged(made, before)
    first = batch(0)
    recipe().loss(made(first.inputs), first.masks, first.valid).backward()
    for row, position in zip(found.layers, (0, 2, 4), strict=True):
        weight = _weight(made, position)
        assert weight.grad is not None
        assert row.first == pytest.approx(
            float(weight.grad.norm() / weight.detach().norm()), rel=1e-4
        )
        assert row.later != row.first


def test_dead_rectifier_names_the_layers_before_it() -> None:
    finding = check_gradients(dead(network()), recipe(), batch, steps=2).finding
    assert finding.level == "failure"
    assert "no gradient before the first step: 0, 2" in finding.found
    assert "activation" in finding.advice


def test_layer_that_is_never_used_has_no_gradient() -> None:
    made = network()
    made.register_module("spare", _Spare())
    finding = check_gradients(made, recipe(), batch, steps=1).finding
    assert "spare.inner" in finding.found


class _Spare(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Linear(2, 2)

    def forward(self, inputs: Tensor) -> Tensor:
        return inputs


def test_sigmoids_without_norms_vanish() -> None:
    finding = check_gradients(network(nn.Sigmoid, layers=9), recipe(), batch, steps=1).finding
    assert finding.level == "failure"
    assert "vanishes" in finding.found
    assert "normalisation" in finding.advice


def test_a_layer_far_above_the_others_explodes() -> None:
    made = network(layers=4)
    with torch.no_grad():
        _weight(made, 0).mul_(1e-4)
    finding = check_gradients(made, recipe(), batch, steps=1).finding
    assert finding.level == "failure"
    assert "explodes before the first step: 0" in finding.found


def test_frozen_layers_are_not_asked_for() -> None:
    made = network()
    made[0].requires_grad_(requires_grad=False)
    found = check_gradients(made, recipe(), batch, steps=1)
    assert [row.name for row in found.layers] == ["2", "4"]
    assert found.finding.level == "ok"


def test_first_steps_that_throw_the_network_away_fail() -> None:
    wild = recipe(rate=10.0, optimizer="sgd", clip=None)
    finding = check_gradients(network(), wild, batch, steps=5).finding
    assert finding.level == "failure"
    assert "5 steps" in finding.found
    assert "train.rate" in finding.advice


@pytest.mark.parametrize(
    ("later", "level"), [(2e-3, "ok"), (0.9e-3, "failure"), (1.1e3, "failure")]
)
def test_limits_of_what_all_layers_may_change(later: float, level: str) -> None:
    finding = gradients._judged({"a": 1.0, "b": 1.0}, {"a": later, "b": later}, 7)
    assert finding.level == level
