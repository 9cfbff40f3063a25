"""Dead and saturated units, counted per use of an activation."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from pipeline.learning.probes.units import check_units
from tests.learning.probes.tiny import batch, dead, network, recipe, unchanged

BATCHES = [batch(0), batch(1)]


def test_healthy_network_passes() -> None:
    made = network()
    before = {name: value.clone() for name, value in made.state_dict().items()}
    found = check_units(made, recipe(), BATCHES, steps=2)
    assert found.finding.level == "ok"
    assert [(row.name, row.units) for row in found.layers] == [("1", 8), ("3", 8)]
    assert unchanged(made, before)
    assert not made[1]._forward_hooks


def test_dead_layer_fails_by_name() -> None:
    found = check_units(dead(network()), recipe(), BATCHES)
    assert found.layers[1].idle == 8
    assert found.finding.level == "failure"
    assert "all units of 3" in found.finding.found
    assert "leaky_relu" in found.finding.advice


@pytest.mark.parametrize(("count", "level"), [(4, "ok"), (5, "warning")])
def test_share_of_dead_units_by_hand(count: int, level: str) -> None:
    made = network()
    with torch.no_grad():
        made[0].get_parameter("weight")[:count] = 0
        made[0].get_parameter("bias")[:count] = -1
        made[0].get_parameter("bias")[count:] = 1
    found = check_units(made, recipe(), BATCHES)
    assert found.layers[0].idle == count
    assert found.layers[0].share == count / 8
    assert found.finding.level == level


def test_a_unit_that_one_batch_wakes_is_not_dead() -> None:
    made = network()
    with torch.no_grad():
        made[0].get_parameter("weight").zero_()[0, 0, 1, 1] = 1
        made[0].get_parameter("bias").zero_()[0] = -3
    quiet, loud = batch(0), batch(1)
    quiet.inputs.zero_()
    loud.inputs.fill_(4.0)
    assert check_units(made, recipe(), [quiet, loud]).layers[0].idle == 7
    assert check_units(made, recipe(), [quiet]).layers[0].idle == 8


def test_saturated_sigmoids_are_idle() -> None:
    made = network(nn.Sigmoid)
    with torch.no_grad():
        made[2].get_parameter("bias")[:3] = torch.tensor([50.0, -50.0, 50.0])
    found = check_units(made, recipe(), BATCHES)
    assert found.layers[1].idle == 3


class _Twice(nn.Module):
    """One activation used at two places, as in the library's residual blocks."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.two = nn.Conv2d(3, 4, 1), nn.Conv2d(4, 2, 1)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, inputs: Tensor) -> Tensor:
        logits: Tensor = self.two(self.relu(self.one(inputs)))
        rest: Tensor = self.relu(logits - 1e6)
        return logits + rest


def test_every_use_of_an_activation_is_counted_apart() -> None:
    found = check_units(_Twice(), recipe(), BATCHES)
    assert [(row.name, row.units) for row in found.layers] == [("relu", 4), ("relu (2)", 2)]
    assert found.layers[1].idle == 2


def test_network_without_activations_is_said() -> None:
    found = check_units(nn.Sequential(nn.Conv2d(3, 2, 1)), recipe(), BATCHES)
    assert found.layers == ()
    assert "no activation" in found.finding.found
