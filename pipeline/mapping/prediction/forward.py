"""Networks ready to predict."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from pipeline.learning.device import Compute
from pipeline.mapping.prediction.inference import Forward


def make_forward(network: nn.Module, compute: Compute) -> Forward:
    """The function from inputs (N, F, h, w) to logits (N, K, h, w), both on the device.

    Args:
        network: In evaluation mode; it is moved to the device.
        compute: Device and arithmetic.
    """
    placed = compute.place(network).eval()

    def forward(inputs: Tensor) -> Tensor:
        with torch.inference_mode(), compute.autocast():
            logits: Tensor = placed(inputs.contiguous(memory_format=torch.channels_last))
        return logits

    return forward
