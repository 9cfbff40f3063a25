"""Networks as drawings."""

from typing import Any

import pytest
import torch
from matplotlib.patches import FancyBboxPatch

from pipeline.config.network import LibraryNetwork, Network, UNet
from pipeline.learning.networks import build
from pipeline.reporting.search.network_drawing import draw_network
from pipeline.reporting.search.network_plan import Link, Plan, network_plan
from tests.reporting.search.drawn import collisions, texts

CLASSES = ("buildings", "roads")


def _plan(settings: Network, channels: int = 5, levels: tuple[int, ...] | None = None) -> Plan:
    return network_plan(settings, channels, CLASSES, 64, levels, 12345)


def _lines(plan: Plan) -> dict[tuple[str, int], tuple[str, ...]]:
    return {(part.column, part.level): part.lines for part in plan.parts}


def test_plain_unet_by_hand() -> None:
    plan = _plan(UNet(depth=3))
    assert _lines(plan) == {
        ("input", 0): ("input", "5 channels", "64 × 64 px"),
        ("down", 0): ("16 channels", "64 × 64 px", "2 conv. 3 × 3"),
        ("down", 1): ("32 channels", "32 × 32 px", "2 conv. 3 × 3"),
        ("down", 2): ("64 channels", "16 × 16 px", "2 conv. 3 × 3"),
        ("up", 0): ("16 channels", "64 × 64 px", "2 conv. 3 × 3"),
        ("up", 1): ("32 channels", "32 × 32 px", "2 conv. 3 × 3"),
        ("output", 0): ("2 classes", "buildings", "roads"),
    }
    assert set(plan.links) == {
        Link(("input", 0), ("down", 0), "plain"),
        Link(("down", 0), ("down", 1), "down"),
        Link(("down", 1), ("down", 2), "down"),
        Link(("down", 2), ("up", 1), "up"),
        Link(("up", 1), ("up", 0), "up"),
        Link(("down", 0), ("up", 0), "skip"),
        Link(("down", 1), ("up", 1), "skip"),
        Link(("up", 0), ("output", 0), "plain"),
    }
    assert dict(plan.ways) == {
        "down": "maximum of 2 × 2",
        "up": "convolution 1 × 1, then bilinear × 2",
        "skip": "skip: concatenate",
    }
    assert plan.title == "U-Net with 12,345 weights in 3 levels"


def test_every_choice_is_named() -> None:
    settings = UNet(
        depth=2,
        width=8,
        convolutions=3,
        block="residual",
        kernel=5,
        down="stride",
        up="transposed",
        skip="sum",
        attention="gate",
        normalisation="group",
        activation="silu",
        dropout=0.25,
    )
    plan = _plan(settings)
    assert _lines(plan)["down", 1] == ("16 channels", "32 × 32 px", "3 conv. 5 × 5, residual")
    assert dict(plan.ways) == {
        "down": "convolution 2 × 2, stride 2",
        "up": "transposed convolution 2 × 2",
        "skip": "skip: sum through a gate",
    }
    assert plan.notes == (
        "5 channels of 64 × 64 pixels to 2 classes; group norm (8 channels) and silu after each "
        "convolution, dropout 0.25 (channel) after each level",
    )
    squeezed = _lines(_plan(UNet(depth=2, attention="squeeze")))
    assert squeezed["up", 0][-1] == "squeeze and excite"
    assert "squeeze and excite" not in squeezed["down", 0]


def test_coarse_channels_enter_at_depth() -> None:
    """Nothing enters level 0, so it has no way down and no skip."""
    plan = _plan(UNet(depth=3, entry="depth"), levels=(1, 2, 1, 1, 2))
    lines = _lines(plan)
    assert ("down", 0) not in lines
    assert ("input", 0) not in lines
    assert lines["input", 1] == ("input", "3 channels", "mean of 2 × 2 px")
    assert lines["input", 2] == ("input", "2 channels", "mean of 4 × 4 px")
    assert [link.start for link in plan.links if link.way == "skip"] == [("down", 1)]


@pytest.mark.parametrize("levels", [None, (0, 0, 2, 2, 2), (1, 1, 2, 1, 1), (3,) * 5])
@pytest.mark.parametrize("block", ["plain", "residual", "dense"])
def test_shapes_are_those_of_the_network(block: Any, levels: tuple[int, ...] | None) -> None:
    """Of the real network at work: what its levels give, in their order."""
    settings = UNet(depth=4, width=6, block=block, entry="patch" if levels is None else "depth")
    network: Any = build(settings, 5, 2, levels=levels)
    shapes: list[tuple[int, ...]] = []
    for module in (*network.down, *network.up):
        module.register_forward_hook(lambda _m, _i, out: shapes.append(tuple(out.shape[1:])))
    with torch.no_grad():
        network.eval()(torch.zeros(1, 5, 64, 64))
    lines = _lines(_plan(settings, levels=levels))
    down = [lines[key] for key in sorted(lines) if key[0] == "down"]
    up = [lines[key] for key in sorted(lines, reverse=True) if key[0] == "up"]
    drawn = [(int(head.split()[0]), int(size.split()[0])) for head, size, *_ in (*down, *up)]
    assert [(channels, side) for channels, side, _ in shapes] == drawn


def test_library_network_has_its_name() -> None:
    shown = texts(draw_network(LibraryNetwork(), 1, CLASSES, 64, None, 14_000_000))
    assert "unet on resnet18 with 14,000,000 weights" in shown
    assert {"encoder", "resnet18", "no pretrained weights", "decoder", "1 channel"} <= set(shown)


CASES: list[tuple[Network, tuple[int, ...] | None, int]] = [
    (UNet(), None, 2),
    (UNet(depth=1), None, 1),
    (UNet(depth=1), None, 60),
    (UNet(depth=2, attention="gate"), None, 10),
    (UNet(depth=7, growth=1), None, 10),
    (UNet(depth=3, entry="depth"), (2,) * 5, 10),
    (UNet(depth=5, entry="depth", block="residual"), (1, 4, 1, 1, 1), 10),
    (
        UNet(width=512, growth=4, depth=4, convolutions=4, block="residual", attention="squeeze"),
        None,
        10,
    ),
    (LibraryNetwork(encoder="a_very_long_name_of_an_encoder_of_timm"), None, 10),
]


@pytest.mark.parametrize(("settings", "levels", "classes"), CASES)
def test_texts_lie_in_boxes_and_boxes_lie_apart(
    settings: Network, levels: tuple[int, ...] | None, classes: int
) -> None:
    names = [f"class number {n} with a rather long name" for n in range(classes)]
    figure = draw_network(settings, 5, names, 512, levels, 123_456_789)
    assert collisions(figure) == []
    axes = figure.axes[0]
    found = [patch for patch in axes.patches if isinstance(patch, FancyBboxPatch)]
    boxes = [patch.get_window_extent() for patch in found]
    assert len(boxes) == len(_plan(settings, levels=levels).parts)
    assert not any(one.overlaps(other) for n, one in enumerate(boxes) for other in boxes[:n])
    for text in axes.texts:
        if text.get_text():
            extent = text.get_window_extent()
            assert any(
                box.x0 < extent.x0 < extent.x1 < box.x1 and box.y0 < extent.y0 < extent.y1 < box.y1
                for box in boxes
            ), text.get_text()


def test_levels_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="3 levels for 5 channels"):
        draw_network(UNet(entry="depth"), 5, CLASSES, 64, (0, 1, 2), 1)
