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


def test_far_too_high_fails() -> None:
    finding = check_rates(network(), recipe(rate=10.0), batch, steps=60).finding
    assert finding.level == "failure"
    assert "would diverge" in finding.advice


def test_range_reaches_past_the_configured_rate() -> None:
    for rate, last in ((2.0, 60.0), (0.1, 10.0)):
        found = check_rates(_Constant(), recipe(rate=rate), batch, steps=4)
        assert found.rates[-1] == pytest.approx(last)


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
    found = check_rates(_Explodes(), recipe(rate=10.0), batch, highest=10.0, steps=40)
    assert len(found.losses) == 20
    assert found.divergence == pytest.approx(1e-6 * 1e7 ** (20 / 39))
    assert found.finding.level == "failure"


def test_smoothing_does_not_lag_and_keeps_constants() -> None:
    rates = np.geomspace(1e-3, 10, 41).tolist()
    assert smooth(rates, [2.0] * 41) == pytest.approx([2.0] * 41)
    line = [float(n) for n in range(41)]
    assert smooth(rates, line)[20] == pytest.approx(20.0)
    peak = smooth(rates, [0.0] * 20 + [1.0] + [0.0] * 20)
    assert peak.index(max(peak)) == 20
    # One standard deviation (0.2 decades, two steps of these) from the peak.
    assert peak[22] / peak[20] == pytest.approx(math.exp(-0.5), rel=1e-6)


@pytest.mark.parametrize(
    ("losses", "step"),
    [
        ([1.0, 0.8, 0.6, 0.79], None),  # by less than half of the fall
        ([1.0, 0.8, 0.6, 0.81], 3),
        ([1.0, 1.0, 1.2, 1.26], 3),  # by a quarter of the lowest
        ([1.0, 0.01, 0.02, 0.4], None),
        ([1.0, 0.6, 0.9, 0.6, 0.9, 0.9], 4),  # what falls again has not diverged
    ],
)
def test_divergence_by_hand(losses: list[float], step: int | None) -> None:
    assert rate_range._diverged(losses) == step


@pytest.mark.parametrize(
    ("configured", "level", "advice"),
    [
        (0.99e-3 / 30, "warning", "steps are wasted"),
        (1.01e-3 / 30, "ok", ""),
        (0.0299, "ok", ""),
        (0.0301, "warning", "hardly falls"),
        (0.5, "failure", "would diverge; set train.rate to 0.001, and to 0.05 at most"),
    ],
)
def test_limits_of_the_verdict(configured: float, level: str, advice: str) -> None:
    falling = [1 - 0.01 * step for step in range(50)]
    finding = rate_range._judged(configured, 1e-3, 0.5, falling)
    assert finding.level == level
    assert advice in finding.advice


def test_a_loss_that_hardly_falls_is_a_warning() -> None:
    finding = rate_range._judged(1e-3, 1e-3, math.inf, [1.0] * 20 + [0.99] * 20)
    assert finding.level == "warning"
    assert "less than 2 %" in finding.found
