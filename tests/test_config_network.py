"""The section ``network``: groups, capacity, and sizes that a network can work on."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from pipeline.config.network import LibraryNetwork, UNet, check_sizes
from pipeline.learning.networks import build, parameters_of


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (
            {"width": 12, "depth": 2},
            r"group_size 8 does not divide .* \(12, 24\); set it to one of 1, 2, 3, 4, 6, 12",
        ),
        ({"width": 8, "growth": 1.5, "depth": 3}, r"\(8, 12, 18\); set it to one of 1, 2"),
    ],
)
def test_groups_that_leave_a_rest(values: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        UNet(normalisation="group", **values)
    assert UNet(normalisation="batch", **values).width == values["width"]
    assert UNet(normalisation="group", group_size=2, **values).group_size == 2


@pytest.mark.parametrize(
    ("width", "capacity", "expected"),
    [(16, 4, 32), (16, 2, 23), (16, 0.5, 11), (2, 0.01, 2), (64, 64, 512), (16, 1, 16)],
)
def test_width_goes_with_the_root_of_the_capacity(
    width: int, capacity: float, expected: int
) -> None:
    assert UNet(width=width).rescaled(capacity).width == expected


def test_rescaled_groups_still_fit() -> None:
    groups = UNet(width=16, normalisation="group", group_size=8, activation="elu")
    assert groups.rescaled(2) == groups.model_copy(update={"width": 24})
    uneven = UNet(width=16, growth=1.5, depth=3, normalisation="group", group_size=4)
    assert uneven.rescaled(1.6).widths() == (16, 24, 36)
    UNet.model_validate(uneven.rescaled(9).model_dump())


@pytest.mark.parametrize("capacity", [0.0, -1.0, float("nan"), float("inf")])
def test_capacity_that_is_no_factor(capacity: float) -> None:
    with pytest.raises(ValueError, match="set it above 0"):
        UNet().rescaled(capacity)


def test_capacity_that_is_too_much() -> None:
    with pytest.raises(ValueError, match=r"width 256 to 1024, above 512; set it to at most 4"):
        UNet(width=256).rescaled(16)


@settings(max_examples=30, deadline=None)
@given(
    width=st.integers(12, 24),
    depth=st.integers(3, 4),
    growth=st.sampled_from([1.5, 2.0]),
    capacity=st.floats(0.5, 4),
)
def test_weights_scale_by_the_capacity(
    width: int, depth: int, growth: float, capacity: float
) -> None:
    whole = UNet(width=width, depth=depth, growth=growth)
    before, after = (
        parameters_of(build(network, 4, 3)) for network in (whole, whole.rescaled(capacity))
    )
    assert after / before == pytest.approx(capacity, rel=0.15)


@settings(max_examples=30, deadline=None)
@given(
    block=st.sampled_from(["residual", "dense"]),
    kernel=st.sampled_from([1, 3, 5]),
    down=st.sampled_from(["max", "stride"]),
    up=st.sampled_from(["nearest", "transposed"]),
    skip=st.sampled_from(["concatenate", "sum"]),
    attention=st.sampled_from(["none", "gate", "squeeze"]),
    capacity=st.floats(0.5, 4),
)
def test_weights_of_any_structure_scale_by_the_capacity(capacity: float, **structure: Any) -> None:
    whole = UNet(width=24, depth=3, **structure)
    before, after = (
        parameters_of(build(network, 4, 3)) for network in (whole, whole.rescaled(capacity))
    )
    assert after / before == pytest.approx(capacity, rel=0.15)


def test_rescaled_dense_levels_still_make_whole_groups() -> None:
    dense = UNet(block="dense", convolutions=3, normalisation="group", group_size=8)
    rescaled = dense.rescaled(2)
    assert rescaled.width == 24
    assert [rescaled.new_channels(width) for width in rescaled.widths()] == [8, 16, 32, 64]
    build(rescaled, 3, 1)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("kernel", 2),
        ("kernel", 9),
        ("block", "inception"),
        ("down", "bilinear"),
        ("up", "max"),
        ("skip", "none"),
        ("attention", "true"),
    ],
)
def test_values_that_are_no_structure(key: str, value: Any) -> None:
    with pytest.raises(ValidationError, match=key):
        UNet(**{key: value})


@pytest.mark.parametrize("attention", ["gate", "squeeze"])
def test_what_has_nothing_to_do_is_harmless(attention: Any) -> None:
    """One level has no way up, as a search may find."""
    network = UNet(width=2, depth=1, attention=attention, up="transposed", down="stride")
    plain = UNet(width=2, depth=1)
    assert parameters_of(build(network, 2, 1)) == parameters_of(build(plain, 2, 1))


@pytest.mark.parametrize("block", ["plain", "residual", "dense"])
@pytest.mark.parametrize("attention", ["gate", "squeeze"])
@pytest.mark.parametrize(
    ("normalisation", "patches", "side"),
    [("instance", 1, 8), ("batch", 2, 4), ("batch", 1, 8), ("group", 1, 4), ("none", 1, 4)],
)
def test_smallest_sizes_that_pass_the_check_can_be_trained(
    block: Any, attention: Any, normalisation: Any, patches: int, side: int
) -> None:
    network = UNet(
        width=4,
        depth=3,
        block=block,
        attention=attention,
        normalisation=normalisation,
        group_size=2,
        down="stride",
        kernel=7,
    )
    check_sizes(network, side, side, patches)
    logits = build(network, 2, 1).train()(torch.randn(patches, 2, side, side))
    assert logits.isfinite().all()


WIDE = UNet(depth=4)
INSTANCE = UNet(depth=4, normalisation="instance")
ONES = UNet(depth=4, normalisation="group", group_size=1)


@pytest.mark.parametrize(
    ("network", "sizes", "message"),
    [
        (WIDE, (100, 64, 2), r"^augment\.patch: 100 is not divisible by 8, .* set it to 96$"),
        (WIDE, (64, 3, 2), r"^predict\.window: 3 is not divisible by 8, .* set it to 8$"),
        (LibraryNetwork(), (64, 72, 2), r"^predict\.window: 72 .* by 32, .* set it to 64$"),
        (INSTANCE, (8, 64, 2), r"^network\.normalisation: .* augment\.patch 8 .* set it to 16"),
        (INSTANCE, (64, 8, 2), r"^network\.normalisation: .* predict\.window 8 .* set it to 16"),
        (ONES, (64, 8, 2), r"^network\.normalisation: .* lower network\.depth$"),
        (WIDE, (8, 64, 1), r"^train\.batch: .* augment\.patch 8 .* augment\.patch to 16$"),
        (LibraryNetwork(), (32, 64, 1), r"^train\.batch: .* augment\.patch to 64$"),
    ],
)
def test_sizes_that_a_network_can_not_work_on(
    network: UNet | LibraryNetwork, sizes: tuple[int, int, int], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        check_sizes(network, *sizes)


@pytest.mark.parametrize(
    ("network", "sizes"),
    [
        (WIDE, (64, 8, 1)),
        (WIDE, (8, 8, 2)),
        (INSTANCE, (16, 16, 1)),
        (ONES, (16, 16, 1)),
        (UNet(depth=4, normalisation="group"), (8, 8, 1)),
        (UNet(depth=4, normalisation="none"), (8, 8, 1)),
        (LibraryNetwork(), (64, 32, 1)),
    ],
)
def test_sizes_that_are_right(network: UNet | LibraryNetwork, sizes: tuple[int, int, int]) -> None:
    check_sizes(network, *sizes)


def test_fields_are_named_where_they_stand() -> None:
    with pytest.raises(ValueError, match=r"^models\.0\.augment\.patch: 9 "):
        check_sizes(WIDE, 9, 8, 1, prefix="models.0.")

    def at(section: str) -> str:
        return section if section == "augment" else f"models.1.{section}"

    with pytest.raises(ValueError, match=r"^models\.1\.train\.batch: .* of augment\.patch 8 "):
        check_sizes(WIDE, 8, 8, 1, prefix=at)
