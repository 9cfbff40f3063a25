"""The start of a training from the weights of another: carried over, frozen, slowed down."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor, nn

from pipeline.config.network import LibraryNetwork
from pipeline.config.transfer import Transfer
from pipeline.errors import ConfigError
from pipeline.imagery.channels import Channel
from pipeline.learning.carry_over import Report, carry_over
from pipeline.learning.folds import place_of
from pipeline.learning.freezing import freeze, rate_factors
from pipeline.learning.networks import build
from pipeline.learning.parts import entries
from pipeline.learning.transfer_source import Source
from pipeline.learning.weights import NetworkRecord, read_network_record, read_weights

RGB = (660.0, 545.0, 480.0)
"""Centres of red, green and blue, nanometres: the inputs of what was trained on photographs."""


@dataclass(frozen=True)
class Start:
    """How a training starts.

    Attributes:
        factors: Factor of the learning rate by name of a parameter, for the optimizer.
        seen: Ids of scenes that the weights are known to have been trained on.
        seen_unknown: Whether they may have seen others, too.
        report: What was carried over; None if nothing was to be.
    """

    factors: Mapping[str, float] = field(default_factory=dict)
    seen: tuple[str, ...] = ()
    seen_unknown: bool = False
    report: Report | None = None

    def lines(self) -> tuple[str, ...]:
        """The start in words, a line per fact; none where it starts at random."""
        if self.report is None:
            return ()
        unknown = (
            "it is not recorded which scenes the source, or what it started from, was trained on: "
            "scores are honest only if these are none that are held out",
        )
        return (*self.report.lines(), *(unknown if self.seen_unknown else ()))


def start_from(
    network: nn.Module,
    record: NetworkRecord,
    settings: Transfer,
    source: Source | None,
    held_out: Sequence[str] = (),
    same_place: Sequence[tuple[str, str]] = (),
) -> Start:
    """Put the weights that a training starts from into its network, and freeze what is to stay.

    Weights of the library that ``network.weights`` names are carried over by wavelength, too, in
    place of the library's own way, which repeats red, green, blue over all channels.

    Args:
        network: As it was built, on the CPU; changed in place.
        record: What it is.
        settings: The ``transfer`` section.
        source: As :func:`find_source` found it.
        held_out: Ids of the scenes that the training holds out.
        same_place: Pairs of regions that show the same ground at another date.

    Raises:
        ConfigError: If weights don't fit, saw a held-out place, or random ones would be frozen.
        ArtifactError: If the source's files are damaged.
    """
    found = _open(network, record, settings, source)
    if found is None:
        return Start()
    weights, origin = found
    _check_unseen(origin, held_out, same_place, source)
    report = carry_over(network, record, weights, origin, settings.max_distance)
    freeze(network, settings)
    _check_frozen(network, report, settings)
    factors = rate_factors(network, settings, report.carried)
    return Start(factors, origin.seen or (), origin.saw_others, report)


def _open(
    network: nn.Module, record: NetworkRecord, settings: Transfer, source: Source | None
) -> tuple[Mapping[str, Tensor], NetworkRecord] | None:
    """Tensors of the source, and what they are of."""
    if source is None:
        if isinstance(record.network, LibraryNetwork) and record.network.weights:
            return _library_weights(record.network), _bare(record, RGB, ())
        return None
    if source.record is not None:
        return read_weights(source.weights), read_network_record(source.record.parent)
    weights = read_weights(source.weights)
    if isinstance(record.network, LibraryNetwork) and not set(weights) & set(network.state_dict()):
        weights = {f"encoder.{name}": tensor for name, tensor in weights.items()}
    return weights, _of_bare_file(network, record, settings, weights, source)


def _of_bare_file(
    network: nn.Module,
    record: NetworkRecord,
    settings: Transfer,
    weights: Mapping[str, Tensor],
    source: Source,
) -> NetworkRecord:
    """What a file without a record is of: the same network, with the bands that are named."""
    count = _channels(network, record, weights)
    centres = settings.wavelengths or (RGB if count == len(RGB) else None)
    if centres is not None and count not in (None, len(centres)):
        raise ConfigError(
            f"transfer.wavelengths: {len(centres)} numbers for {source.weights}, whose first layer "
            f"takes {count} channels; give the centre of each, in nanometres"
        )
    if centres is not None:
        return _bare(record, centres, None)
    if count not in (None, len(record.channels)):
        raise ConfigError(
            f"transfer.source: the first layer of {source.weights} takes {count} channels and the "
            f"network {len(record.channels)}, and nothing says which; set transfer.wavelengths"
        )
    return replace(record, codes=(), seen=None)


def _channels(
    network: nn.Module, record: NetworkRecord, weights: Mapping[str, Tensor]
) -> int | None:
    """Number of input channels of a file's tensors; None if it has no first layer."""
    if record.levels is not None:
        return None
    found = (weights.get(f"{name}.weight") for name in entries(network, record))
    return next((layer.shape[1] for layer in found if layer is not None and layer.ndim > 1), None)


def _bare(
    record: NetworkRecord, wavelengths: Sequence[float], seen: tuple[str, ...] | None
) -> NetworkRecord:
    """The record of weights whose channels are bands of known centres, and of no class."""
    bands = [Channel(f"{centre:g} nm", "band", "", centre) for centre in wavelengths]
    return NetworkRecord.of(record.network, bands, (), seen=seen)


def _library_weights(settings: LibraryNetwork) -> dict[str, Tensor]:
    """The library's weights of an encoder as they were trained, for red, green and blue."""
    with torch.random.fork_rng(devices=[]):
        pretrained = build(settings, len(RGB), 1)
    state = pretrained.state_dict()
    return {name: tensor for name, tensor in state.items() if name.startswith("encoder.")}


def _check_unseen(
    origin: NetworkRecord,
    held_out: Sequence[str],
    same_place: Sequence[tuple[str, str]],
    source: Source | None,
) -> None:
    ours = {place_of(scene, same_place) for scene in held_out}
    theirs = {place_of(scene, same_place) for scene in origin.seen or ()}
    if ours & theirs and source is not None:
        raise ConfigError(
            f"transfer: {source.weights} was trained on {', '.join(sorted(ours & theirs))}, which "
            "this training holds out, so its scores would be of ground that was learned; name "
            "transfer.run, which chooses a network for each fold, or weights from other scenes"
        )


def _check_frozen(network: nn.Module, report: Report, settings: Transfer) -> None:
    """Nothing that is frozen may be random."""
    lost = [
        name
        for name, parameter in network.named_parameters()
        if not parameter.requires_grad and name not in report.carried
    ]
    if lost:
        anew = [match.channel for match in report.matches if not match.source]
        why = f" (no counterpart of {', '.join(anew[:6])})" if anew else ""
        raise ConfigError(
            f"transfer.trained: {settings.trained} would freeze {len(lost)} parameters that start "
            f"at random, such as {lost[0]}{why}; set it to all, or take a source that has them"
        )
