"""Which channels of a trained network stand in for the channels of a new one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.imagery.channels import Channel


@dataclass(frozen=True)
class Match:
    """Where the filters of one new channel come from.

    Attributes:
        channel: Name of the new channel.
        source: Positions of the source's channels whose mean it takes; empty: drawn anew.
        names: Their names.
        distance: Nanometres to the one channel that it takes; None if there are several, or if
            wavelengths played no part.
    """

    channel: str
    source: tuple[int, ...]
    names: tuple[str, ...]
    distance: float | None

    def __str__(self) -> str:
        if not self.source:
            return f"{self.channel}: drawn anew"
        if len(self.source) > 1:
            return f"{self.channel}: mean of {', '.join(self.names)}"
        far = "" if self.distance is None else f", {self.distance:g} nm away"
        return f"{self.channel}: {self.names[0]}{far}"


def match_channels(
    new: Sequence[Channel], source: Sequence[Channel], limit: float
) -> tuple[Match, ...]:
    """For each new channel the source's channel of its kind that is nearest in wavelength.

    Of several as near the one of the same name is taken, else the first. Where a wavelength is
    missing, the channel of the same name is taken, else (as beyond the limit) the mean of all of
    the kind. A kind that the source does not have is drawn anew.

    Args:
        new: Channels of the new network.
        source: Channels of the trained one.
        limit: Largest distance, nanometres.
    """
    return tuple(_match(channel, source, limit) for channel in new)


def _match(channel: Channel, source: Sequence[Channel], limit: float) -> Match:
    kin = [place for place, row in enumerate(source) if row.kind == channel.kind]
    best: list[int] = []
    distance = None
    far = {place: _distance(channel, source[place]) for place in kin}
    known = {place: value for place, value in far.items() if value is not None}
    if known:
        place = min(known, key=lambda p: (known[p], source[p].name != channel.name, p))
        if known[place] <= limit:
            best, distance = [place], known[place]
    else:
        best = [place for place in kin if source[place].name == channel.name]
    chosen = tuple(best or kin)
    return Match(channel.name, chosen, tuple(source[place].name for place in chosen), distance)


def _distance(one: Channel, two: Channel) -> float | None:
    """Nanometres between two bands, if both are known."""
    if one.wavelength is None or two.wavelength is None:
        return None
    return abs(one.wavelength - two.wavelength)
