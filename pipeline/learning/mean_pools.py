"""Means in place of maxima: they depend on the same pixels, and no pixel can hide another one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import torch
from torch import Tensor
from torch.nn import functional


def mean_pool(
    inputs: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    **_: Any,
) -> Tensor:
    """The mean over what a maximum is taken of; what lies outside counts as 0.

    Args:
        inputs: (N, C, h, w) or (C, h, w).
        kernel_size: As those below: of ``torch.nn.functional.max_pool2d``.
        stride: See there.
        padding: See there.
        dilation: See there.
        ceil_mode: See there.
        _: ``return_indices``, for which there is :func:`mean_pool_with_places`.

    Returns:
        Of the shape that the maxima have.
    """
    kernel, before, apart = _pair(kernel_size), _pair(padding), _pair(dilation)
    step = _pair(stride) if stride not in (None, (), []) else kernel
    ends = []
    for axis in (-1, -2):  # the order of functional.pad
        reach = apart[axis] * (kernel[axis] - 1) + 1
        length = inputs.shape[axis]
        count, rest = divmod(length + 2 * before[axis] - reach, step[axis])
        # The last one of those that torch rounds up to must start inside or in front.
        more = ceil_mode and rest and (count + 1) * step[axis] < length + before[axis]
        end = (count + bool(more)) * step[axis] + reach
        ends += [before[axis], end - before[axis] - length]
    channels = inputs.shape[-3]
    even = inputs.new_full((channels, 1, *kernel), 1 / (kernel[0] * kernel[1]))
    padded = functional.pad(inputs, ends)
    return functional.conv2d(padded, even, stride=step, dilation=apart, groups=channels)


def mean_pool_with_places(inputs: Tensor, *args: Any, **named: Any) -> tuple[Tensor, Tensor]:
    """The mean, and the places of the maxima as torch gives them."""
    places = functional.max_pool2d_with_indices(inputs, *args, **named)[1]
    return mean_pool(inputs, *args, **named), places


def mean_unpool(
    inputs: Tensor,
    _: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    output_size: Any = None,
) -> Tensor:
    """Each value at all the places that its maximum could have had, not at one of them.

    Args:
        inputs: (N, C, h, w) or (C, h, w).
        _: The place of each maximum; all are taken.
        kernel_size: As those below: of ``torch.nn.functional.max_unpool2d``.
        stride: See there.
        padding: See there.
        output_size: See there.
    """
    kernel, before = _pair(kernel_size), _pair(padding)
    step = _pair(stride) if stride not in (None, (), []) else kernel
    every = inputs.new_ones((inputs.shape[-3], 1, *kernel))
    spread = functional.conv_transpose2d(inputs, every, stride=step, groups=len(every))
    ends = []
    for axis in (-1, -2):  # the order of functional.pad
        length = spread.shape[axis]
        wanted = length - 2 * before[axis] if output_size is None else output_size[axis]
        ends += [-before[axis], wanted + before[axis] - length]
    return functional.pad(spread, ends)


def _adaptive(inputs: Tensor, output_size: Any, *_: Any, **__: Any) -> Tensor:
    return functional.adaptive_avg_pool2d(inputs, output_size)


def _adaptive_with_places(
    inputs: Tensor, output_size: Any, *_: Any, **__: Any
) -> tuple[Tensor, Tensor]:
    places = functional.adaptive_max_pool2d_with_indices(inputs, output_size)[1]
    return functional.adaptive_avg_pool2d(inputs, output_size), places


def _pair(size: Any) -> tuple[int, int]:
    """Rows and columns of a size that is one number or two."""
    values = tuple(size) if isinstance(size, tuple | list) else (size,)
    return (int(values[0]), int(values[-1]))


INSTEAD: Final[dict[Callable[..., Any], Callable[..., Any]]] = {
    functional.max_pool2d: mean_pool,
    functional.max_pool2d_with_indices: mean_pool_with_places,
    functional.adaptive_max_pool2d: _adaptive,
    functional.adaptive_max_pool2d_with_indices: _adaptive_with_places,
    functional.max_unpool2d: mean_unpool,
    torch.max_pool2d: mean_pool,
}
"""What stands in for a function of torch."""
