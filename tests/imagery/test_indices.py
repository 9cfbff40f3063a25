from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from pipeline.config.spectral import INDEX_ROLES
from pipeline.imagery import indices
from pipeline.imagery.indices import FORMULAS


def value(index: str, *reflectances: float) -> float:
    return float(FORMULAS[index](*(torch.tensor(number) for number in reflectances)))


def test_values_worked_out_by_hand() -> None:
    assert value("NDVI", 0.5, 0.1) == pytest.approx(0.4 / 0.6)
    assert value("NDWI", 0.1, 0.3) == pytest.approx(-0.2 / 0.4)
    # 2.5 * 0.4 / (0.5 + 0.6 - 0.375 + 1) = 1 / 1.725
    assert value("EVI", 0.5, 0.1, 0.05) == pytest.approx(1 / 1.725)
    # 1.5 * 0.4 / (0.6 + 0.5) = 0.6 / 1.1
    assert value("SAVI", 0.5, 0.1) == pytest.approx(0.6 / 1.1)
    # ((0.5 - 0.3) / 0.8) / ((0.5 - 0.1) / 0.6) = 0.25 / (2 / 3)
    assert value("CCCI", 0.5, 0.3, 0.1) == pytest.approx(0.375)


def test_nothing_seen_is_zero() -> None:
    assert value("NDVI", 0.0, 0.0) == 0
    assert value("CCCI", 0.2, 0.1, 0.2) == 0  # NDVI is 0, the ratio has no meaning


@pytest.mark.parametrize("index", sorted(FORMULAS))
@given(numbers=st.lists(st.floats(width=32), min_size=3, max_size=3))
def test_finite_for_any_input(index: str, numbers: list[float]) -> None:
    count = len(INDEX_ROLES[index])
    found = FORMULAS[index](*(torch.tensor(number) for number in numbers[:count]))
    assert torch.isfinite(found)
    assert found.abs() <= indices.RATIO_LIMIT


@given(a=st.floats(0, 1, width=32), b=st.floats(0, 1, width=32))
def test_normalised_difference_is_antisymmetric_and_bounded(a: float, b: float) -> None:
    one = indices.normalised_difference(torch.tensor(a), torch.tensor(b))
    other = indices.normalised_difference(torch.tensor(b), torch.tensor(a))
    assert one == -other
    assert abs(one) <= 1
