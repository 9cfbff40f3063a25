"""Networks by configuration: the U-Net of our own, or one of segmentation_models_pytorch."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

from torch import nn

from pipeline.config.network import LibraryNetwork, Network, UNet
from pipeline.errors import ConfigError
from pipeline.learning.unet import ConfigurableUNet, set_prior

_TIMM = "tu-"
"""The library's prefix for encoders of timm."""


def build(
    settings: Network,
    in_channels: int,
    classes: int,
    prior: Sequence[float] | None = None,
    levels: Sequence[int] | None = None,
) -> nn.Module:
    """A network that gives logits (N, classes, h, w) for inputs (N, in_channels, h, w).

    Args:
        settings: Which network.
        in_channels: Number of input channels.
        classes: Number of classes.
        prior: Share of each class in the ground, for the last layer's first bias.
        levels: The level at which each channel enters, as ``entry.network_levels`` gives them.

    Raises:
        ConfigError: If the library knows no such architecture, encoder or weights.
        ValueError: If ``levels`` don't fit the network.
    """
    _check_entry(settings, levels)
    network: nn.Module
    if isinstance(settings, LibraryNetwork):
        network = _library_network(settings, in_channels, classes)
    else:
        network = ConfigurableUNet(settings, in_channels, classes, levels)
    if prior is not None:
        set_prior(_last_convolution(network, classes), prior)
    return network


def parameters_of(network: nn.Module) -> int:
    """Number of trainable numbers."""
    return sum(p.numel() for p in network.parameters() if p.requires_grad)


def _check_entry(settings: Network, levels: Sequence[int] | None) -> None:
    """Levels must be there where channels enter at depth, and nowhere else: none are ignored."""
    wanted = isinstance(settings, UNet) and settings.entry == "depth"
    if wanted and levels is None:
        raise ValueError("network.entry: depth needs the level of each channel; give levels")
    if not wanted and levels is not None:
        raise ValueError(
            f"levels: {list(levels)} are only for network.entry depth of a U-Net; give None"
        )


def _library_network(settings: LibraryNetwork, in_channels: int, classes: int) -> nn.Module:
    import segmentation_models_pytorch as smp  # noqa: PLC0415 - takes seconds, rarely needed

    architectures = smp.MODEL_ARCHITECTURES_MAPPING
    if settings.architecture.lower() not in architectures:
        names = [kind.__name__ for kind in architectures.values()]
        raise _unknown("network.architecture", settings.architecture, names)
    if not settings.encoder.startswith(_TIMM):
        names = smp.encoders.get_encoder_names()
        if settings.encoder not in names:
            raise _unknown("network.encoder", settings.encoder, names)
    try:
        network: nn.Module = smp.create_model(
            settings.architecture,
            encoder_name=settings.encoder,
            encoder_weights=settings.weights,
            in_channels=in_channels,
            classes=classes,
        )
    except (KeyError, ValueError, NotImplementedError, RuntimeError, OSError) as error:
        reason = str(error).strip("'\"").splitlines()[0]
        raise ConfigError(
            f"network: {settings.architecture} with encoder {settings.encoder} and weights "
            f"{settings.weights or 'null'} can't be made: {reason}; change network.architecture, "
            "network.encoder or network.weights (null needs no download)"
        ) from error
    return network


def _unknown(field: str, value: str, names: Iterable[str]) -> ConfigError:
    known = {name.lower(): name for name in names}
    near = [known[name] for name in difflib.get_close_matches(value.lower(), known, n=3)]
    hint = f"did you mean {' or '.join(near)}?" if near else f"known: {', '.join(known.values())}"
    return ConfigError(f"{field}: segmentation_models_pytorch knows no {value!r}; {hint}")


def _last_convolution(network: nn.Module, classes: int) -> nn.Conv2d:
    """The layer that gives the logits."""
    layers = [layer for layer in network.modules() if isinstance(layer, nn.Conv2d)]
    return next(layer for layer in reversed(layers) if layer.out_channels == classes)
