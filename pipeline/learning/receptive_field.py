"""How far a network sees: the pixels that the logit of one pixel depends on, found exactly.

The gradient of a logit with respect to the input is not zero where the logit depends on it, unless
terms cancel out or a maximum or an activation hides a path. So it is taken of a copy in which
nothing can: all weights are positive, a maximum is a mean over the same pixels, activations are
straight lines, attention weighs all alike, and norms only scale. Whatever path the real network
has is then a positive term of the sum. What norms over a whole patch (group, instance) let through
is left out.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any, Final

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from pipeline.learning.mean_pools import INSTEAD
from pipeline.learning.unet import ConfigurableUNet

SIDES: Final = (256, 512, 1024, 2048)
"""Lengths of input that are tried until the network sees neither end."""
_STRIPS: Final = (64, 256)
"""Widths of that input for networks that don't say what they need; the second one if they fail."""

_STRAIGHT: Final = (
    *("relu", "relu6", "leaky_relu", "prelu", "elu", "celu", "selu", "silu", "gelu", "mish"),
    *("softplus", "hardswish", "hardtanh"),
)
_GATES: Final = ("sigmoid", "tanh", "hardsigmoid")
_NORMS: Final = ("batch_norm", "instance_norm", "group_norm", "layer_norm", "rms_norm")


class _Paths(TorchFunctionMode):
    """While it is active, functions let every positive value through.

    Attributes:
        pools: Whether a mean over whole patches was among them.
    """

    def __init__(self) -> None:
        super().__init__()
        self.pools = False
        self._others: dict[str, Callable[..., Tensor]] = {
            **dict.fromkeys(_STRAIGHT, _same),
            **dict.fromkeys(_GATES, _bounded),
            **dict.fromkeys(_NORMS, _scaled),
            "softmax": _even,
            "scaled_dot_product_attention": _even_attention,
        }

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        name = getattr(func, "__name__", "").removesuffix("_")  # the ending of those in place
        named = kwargs or {}
        self.pools |= _is_mean_of_all(name, args, named)
        if func in INSTEAD:
            return INSTEAD[func](*args, **named)
        other: Callable[..., Any] = self._others.get(name, func)
        return other(*args, **named)


def _same(inputs: Tensor, *_: Any, **__: Any) -> Tensor:
    return inputs


def _bounded(inputs: Tensor, *_: Any, **__: Any) -> Tensor:
    """Below 1 as a gate is, or products of products would overflow.

    Of a copy: others may go on to write into the tensor, which the gate itself does not mind.
    """
    kept = inputs.clone()
    return kept / (1 + kept)


def _scaled(inputs: Tensor, *_: Any, **__: Any) -> Tensor:
    return inputs / inputs.detach().amax()


def _even(inputs: Tensor, dim: int = -1, *_: Any, **__: Any) -> Tensor:
    return torch.softmax(torch.zeros_like(inputs), dim)


def _even_attention(query: Tensor, _: Tensor, values: Tensor, *__: Any, **___: Any) -> Tensor:
    return values.mean(-2, keepdim=True).expand(*query.shape[:-1], values.shape[-1])


def _is_mean_of_all(name: str, args: tuple[Any, ...], named: dict[str, Any]) -> bool:
    """Whether a call averages over both axes of a patch."""
    last = args[1] if len(args) > 1 else named.get("dim", named.get("output_size"))
    if name == "adaptive_avg_pool2d":
        return last in (1, (1, 1), [1, 1])
    return name == "mean" and last in ((2, 3), [2, 3], (-2, -1), [-2, -1])


def receptive_field(network: nn.Module, in_channels: int) -> int | None:
    """Side of the square of pixels that the logit of the centre pixel depends on.

    The centre is the first pixel after the middle of the patch, so the first of a pixel of the
    lowest level; logits elsewhere in that pixel may see somewhat more or less.

    Args:
        network: Gives logits (N, K, h, w) of inputs (N, in_channels, h, w); not changed.
        in_channels: Number of input channels.

    Returns:
        Pixels, or None if a logit sees an end of the longest of ``SIDES``, as where a network
        averages over the whole patch.
    """
    copied = _positive(network)
    if isinstance(network, ConfigurableUNet):
        return _field(copied, in_channels, network.step)
    try:
        return _field(copied, in_channels, _STRIPS[0])
    except (RuntimeError, ValueError):  # too narrow for pools of a few pixels of the lowest level
        return _field(copied, in_channels, _STRIPS[1])


def _field(copied: nn.Module, in_channels: int, width: int) -> int | None:
    """The field along the columns of strips ``width`` pixels wide."""
    for side in SIDES:
        inputs = torch.ones(1, in_channels, side, width, dtype=torch.float64, requires_grad=True)
        with _Paths() as paths:
            logits = copied(inputs)
        (gradient,) = torch.autograd.grad(logits[0, :, side // 2, width // 2].sum(), inputs)
        rows = gradient.sum((0, 1, 3)).nonzero().flatten()
        first, last = int(rows[0]), int(rows[-1])
        if first > 0 and last < side - 1:
            return last - first + 1
        if paths.pools:
            return None
    return None


def _positive(network: nn.Module) -> nn.Module:
    """A copy on the CPU, in double precision, whose weights are positive and of mean effect 1."""
    paths = copy.deepcopy(network).to(device="cpu", dtype=torch.float64).eval()
    with torch.no_grad():
        for weight in paths.parameters():
            weight.requires_grad_(False).fill_(1 / weight[0].numel() if weight.ndim > 1 else 1.0)
    return paths
