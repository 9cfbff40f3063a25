"""Weights of a trained network put into a new one, also of other bands and classes."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from pipeline.errors import ConfigError
from pipeline.learning.channel_match import Match, match_channels
from pipeline.learning.parts import entries, name_in_source, part_of, source_entries
from pipeline.learning.weights import NetworkRecord

Weights = Mapping[str, Tensor]


@dataclass(frozen=True)
class Report:
    """What was carried over.

    Attributes:
        copied: Tensors that were copied whole.
        matches: Where the filters of each input channel came from, in the first layer that it
            enters.
        codes: Class codes whose rows of the last layer were kept.
        fresh: Parameters that keep numbers of the random start, all or some.
        carried: Parameters all of whose numbers were carried over.
    """

    copied: tuple[str, ...]
    matches: tuple[Match, ...]
    codes: tuple[int, ...]
    fresh: tuple[str, ...]
    carried: frozenset[str]

    def lines(self) -> tuple[str, ...]:
        """The report in words, a line per fact; channels that only kept their place are counted."""
        others = [row for row in self.matches if row.names != (row.channel,) or row.distance]
        same = len(self.matches) - len(others)
        return (
            f"{len(self.copied)} tensors copied as they are",
            *([f"{same} channels from their namesakes"] if same else ()),
            *(f"channel {match}" for match in others),
            f"outputs kept: {_listed(map(str, self.codes))}",
            f"new, all or in part: {_listed(self.fresh)}",
        )


def carry_over(
    network: nn.Module,
    record: NetworkRecord,
    weights: Weights,
    source: NetworkRecord,
    max_distance: float = 200.0,
) -> Report:
    """Put a trained network's weights into a new one, wherever they have a counterpart.

    Layers of the same name (of U-Nets: of the same level) and shape are copied. Layers that input
    channels enter take, per channel, the filters of the source's nearest channel, see
    :func:`match_channels`, times old / new number of channels that enter there, so that the sum
    over channels stays as large. In the last layer the rows of class codes in common are kept.

    Args:
        network: Changed in place; what has no counterpart keeps its numbers.
        record: What it is.
        weights: Tensors of the source by name.
        source: What the source is.
        max_distance: Nanometres between a channel and its counterpart.

    Raises:
        ConfigError: If a tensor of the source is not finite, or none has a counterpart.
    """
    _check_finite(weights)
    carrier = _Carrier(record, weights, source, max_distance)
    ours = entries(network, record)
    theirs = source_entries(ours, record, source)
    for name, module in network.named_modules():
        carrier.carry(name, module, ours.get(name, ()), theirs.get(name, ()))
    if not (carrier.copied or carrier.partly):
        raise ConfigError(
            "transfer: no tensor of the source has a counterpart in the network, such as "
            f"{_listed(sorted(weights)[:3])} and {_listed(list(network.state_dict())[:3])}; give "
            "both the same section network, or take another source"
        )
    parameters = [name for name, _ in network.named_parameters()]
    carried = frozenset(parameters) & carrier.whole
    return Report(
        copied=tuple(carrier.copied),
        matches=tuple(carrier.matches),
        codes=tuple(code for code in record.codes if code in carrier.codes),
        fresh=tuple(name for name in parameters if name not in carried),
        carried=carried,
    )


class _Carrier:
    """Carries module after module and notes what happened."""

    def __init__(
        self, record: NetworkRecord, weights: Weights, source: NetworkRecord, limit: float
    ) -> None:
        self._record, self._weights, self._source, self._limit = record, weights, source, limit
        self.copied: list[str] = []
        self.partly: set[str] = set()
        self.whole: set[str] = set()
        self.matches: list[Match] = []
        self.codes: set[int] = set()

    @torch.no_grad()
    def carry(
        self, name: str, module: nn.Module, ours: Sequence[int], theirs: Sequence[int]
    ) -> None:
        """Fill a module's own tensors; our and their channels at these positions enter it."""
        pairs = list(self._pairs(name, module))
        if not pairs:
            return
        if ours or theirs:
            self._enter(pairs, ours, theirs)
        elif part_of(f"{name}.") == "head" and len(pairs[0][1]) == len(self._record.codes):
            self._answer(pairs)
        elif all(old is not None and old.shape == new.shape for _, new, old in pairs):
            for full, new, old in pairs:
                if old is not None:
                    new.copy_(old)
                self.copied.append(full)
                self.whole.add(full)

    def _pairs(self, name: str, module: nn.Module) -> Iterator[tuple[str, Tensor, Tensor | None]]:
        """Name, tensor and the source's tensor of what a module owns: weights before biases."""
        prefix = f"{name}." if name else ""
        own = [*module.named_parameters(recurse=False), *module.named_buffers(recurse=False)]
        for key, tensor in own:
            if tensor.is_floating_point():
                full = f"{prefix}{key}"
                yield full, tensor, self._floats(name_in_source(full, self._record, self._source))

    def _floats(self, name: str) -> Tensor | None:
        found = self._weights.get(name)
        return found if found is not None and found.is_floating_point() else None

    def _enter(
        self,
        pairs: Sequence[tuple[str, Tensor, Tensor | None]],
        ours: Sequence[int],
        theirs: Sequence[int],
    ) -> None:
        """Filters (out, features + channels, k, k), channel by channel."""
        inputs, known = self._record.inputs, self._source.inputs
        new, old = pairs[0][1], pairs[0][2]
        features = new.shape[1] - len(ours)
        fits = old is not None and _fit(new, old, features, len(theirs))
        available = [known[place] for place in theirs] if fits else []
        matches = match_channels([inputs[place] for place in ours], available, self._limit)
        told = {match.channel for match in self.matches}
        self.matches += [match for match in matches if match.channel not in told]
        if old is None or not fits:
            return
        new[:, :features] = old[:, :features].to(new)
        filters = old[:, features:].to(new) * (len(theirs) / max(len(ours), 1))
        for place, match in enumerate(matches):
            if match.source:
                new[:, features + place] = filters[:, list(match.source)].mean(1)
        for full, tensor, other in pairs[1:]:
            if other is not None and other.shape == tensor.shape:
                tensor.copy_(other)
                self.whole.add(full)
        if all(match.source for match in matches):
            self.whole.add(pairs[0][0])
        if features or any(match.source for match in matches):
            self.partly.add(pairs[0][0])

    def _answer(self, pairs: Sequence[tuple[str, Tensor, Tensor | None]]) -> None:
        """Rows of the last layer, class by class; weight and bias together or not at all."""
        codes = self._source.codes
        rows = {code: row for row, code in enumerate(codes)}
        shared = [(row, rows[code]) for row, code in enumerate(self._record.codes) if code in rows]
        for _, new, old in pairs:
            if old is None or old.shape != (len(codes), *new.shape[1:]):
                return
        for full, new, old in pairs:
            for row, place in shared:
                if old is not None:
                    new[row] = old[place].to(new)
            if shared:
                self.partly.add(full)
            if len(shared) == len(self._record.codes):
                self.whole.add(full)
        self.codes |= {self._record.codes[row] for row, _ in shared}


def _fit(new: Tensor, old: Tensor, features: int, channels: int) -> bool:
    """Whether two layers differ in their number of entering channels alone."""
    shape = (new.shape[0], features + channels, *new.shape[2:])
    return old.shape == shape and channels + features > 0


def _check_finite(weights: Weights) -> None:
    floats = {name: t.float() for name, t in weights.items() if t.is_floating_point()}
    wrong = [name for name, tensor in floats.items() if not tensor.isfinite().all()]
    if wrong:
        raise ConfigError(
            f"transfer: the source's {_listed(sorted(wrong))} holds numbers that are not finite; "
            "take another source"
        )


def _listed(names: Collection[str] | Iterator[str], most: int = 6) -> str:
    """Names for people: the first ones and how many more there are."""
    every = list(names)
    more = f" and {len(every) - most} more" if len(every) > most else ""
    return (", ".join(every[:most]) or "none") + more
