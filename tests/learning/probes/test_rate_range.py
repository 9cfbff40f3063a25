"""The range test: a rate far too high, one far too low, and a network that learns nothing."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from pipeline.learning.probes import rate_range
from pipeline.learning.probes.rate_range import check_rates, smooth
from tests.learning.probes.tiny import batch, network, recipe, unchanged


@pytest.fixture(scope="module")
def found() -> rate_range.RateRange:
    return check_rates(network(), recipe(), batch, steps=60)


def test_rates_rise_evenly_and_a_sane_rate_passes(found: rate_range.RateRange) -> None:
    assert found.finding.level == "ok"
    assert found.rates[0] == pytest.approx(1e-6)
    ratios = np.diff(np.log(found.rates))
    assert ratios == pytest.approx(ratios[0])
    assert math.exp(ratios[0]) == pytest.approx(1e7 ** (1 / 59))
    assert 1e-3 < found.suggestion <= found.bound
    assert found.bound == found.divergence / 10


def test_network_stays_as_it_is() -> None:
    made = network()
    before = {name: value.clone() for name, value in made.state_dict().items()}
    check_rates(made, recipe(), batch, steps=15)
    assert unchanged(made, before)


def test_far_too_high_fails(found: rate_range.RateRange) -> None:
    assert math.isfinite(found.divergence)
    finding = check_rates(network(), recipe(rate=10.0), batch, steps=60).finding
    assert finding.level == "failure"
    assert "would diverge" in finding.advice
    assert f"set train.rate to {found.suggestion:.1g}" in finding.advice


def test_far_too_low_is_a_warning() -> None:
    finding = check_rates(network(), recipe(rate=1e-6), batch, steps=60).finding
    assert finding.level == "warning"
    assert "steps are wasted" in finding.advice


class _Constant(nn.Module):
    """The gradient is there but changes nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(2, 1, 1))

    def forward(self, inputs: Tensor) -> Tensor:
        return 0 * self.weight + torch.zeros_like(inputs[:, :2])


def test_nothing_learned_at_any_rate_fails() -> None:
    finding = check_rates(_Constant(), recipe(), lambda _: batch(), steps=20).finding
    assert finding.level == "failure"
    assert "at no rate" in finding.found


def test_time_is_kept_and_the_whole_range_is_seen() -> None:
    short = check_rates(network(), recipe(), batch, highest=1e-3, seconds=1e-9)
    assert short.rates == pytest.approx((1e-6, 1e-3))
    assert short.finding.level == "warning"
    assert "--seconds" in short.finding.advice


class _Explodes(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(2, 1, 1))
        self.calls = 0

    def forward(self, inputs: Tensor) -> Tensor:
        self.calls += 1
        return inputs[:, :2] * self.weight * (math.nan if self.calls > 20 else 1)


def test_no_number_is_a_divergence() -> None:
    found = check_rates(_Explodes(), recipe(rate=10.0), batch, steps=40)
    assert len(found.losses) == 20
    assert found.divergence == pytest.approx(1e-6 * 1e7 ** (20 / 39))
    assert found.finding.level == "failure"


def test_smoothing_does_not_lag_and_keeps_constants() -> None:
    assert smooth([2.0] * 9) == pytest.approx([2.0] * 9)
    line = [float(n) for n in range(41)]
    assert smooth(line)[20] == pytest.approx(20.0)
    peak = smooth([0.0] * 10 + [1.0] + [0.0] * 10)
    assert peak.index(max(peak)) == 10
    assert peak[9] == pytest.approx(peak[11])


@pytest.mark.parametrize(
    ("losses", "step"),
    [
        ([1.0, 0.8, 0.6, 0.79], None),  # by less than half of the fall
        ([1.0, 0.8, 0.6, 0.81], 3),
        ([1.0, 1.0, 1.2, 1.26], 3),  # by a quarter of the lowest
        ([1.0, 0.01, 0.02, 0.4], None),
    ],
)
def test_divergence_by_hand(losses: list[float], step: int | None) -> None:
    assert rate_range._diverged(losses) == step
