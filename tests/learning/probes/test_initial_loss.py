"""The first loss against that of a constant prediction of the shares."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from pipeline.config.loss import Loss, Terms
from pipeline.learning.batch import Batch
from pipeline.learning.losses import build_loss
from pipeline.learning.probes.initial_loss import check_initial_loss
from pipeline.learning.probes.shares import class_shares, entropy
from tests.learning.probes.tiny import batch, network, recipe, unchanged


def test_network_at_the_prior_passes_and_stays_as_it_is() -> None:
    made = network()
    before = {name: value.clone() for name, value in made.state_dict().items()}
    result = check_initial_loss(made, recipe(), [batch(0), batch(1)])
    assert result.finding.level == "ok"
    assert 0.7 < result.ratio < 1.4
    assert unchanged(made, before)


@pytest.mark.parametrize("soft", [False, True])
def test_expected_cross_entropy_is_the_entropy_of_the_shares(soft: bool) -> None:
    loss = build_loss(Loss(terms=Terms(cross_entropy=1, jaccard=0)), (3, 7))
    made = batch(soft=soft)
    result = check_initial_loss(network(), recipe(loss), [made])
    assert result.expected == pytest.approx(entropy(class_shares([made])), rel=1e-5)
    assert result.entropy == pytest.approx(result.expected, rel=1e-5)


def test_region_term_is_that_of_the_constant() -> None:
    loss = build_loss(Loss(terms=Terms(cross_entropy=0, jaccard=1), smoothing=0), (3, 7))
    shares = class_shares([batch()])
    # Of a constant p = share: I = p p n and U = p n + p n - p p n, so J = p / (2 - p).
    by_hand = float((1 - shares / (2 - shares)).mean())
    assert check_initial_loss(network(), recipe(loss), [batch()]).expected == pytest.approx(by_hand)


def test_surer_than_the_shares_fails() -> None:
    made = network()
    head = made[-1]
    assert isinstance(head, nn.Conv2d)
    with torch.no_grad():
        head.weight.mul_(50)
    finding = check_initial_loss(made, recipe(), [batch()]).finding
    assert finding.level == "failure"
    assert "log-odds" in finding.advice


class _Knows(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.tensor(8.0))

    def forward(self, inputs: Tensor) -> Tensor:
        return self.scale * (inputs[:, :2] - 1)


def test_knowing_the_answer_is_a_warning() -> None:
    made = batch()
    inputs = torch.cat((2.0 * made.masks, made.inputs[:, 2:]), dim=1)
    leaky = Batch(inputs, made.masks, made.valid)
    finding = check_initial_loss(_Knows(), recipe(), [leaky]).finding
    assert finding.level == "warning"
    assert "labels among its input channels" in finding.advice


def test_no_number_fails() -> None:
    made = batch()
    made.inputs.fill_(torch.nan)
    finding = check_initial_loss(network(), recipe(), [made]).finding
    assert finding.level == "failure"
    assert "no number" in finding.advice
