"""How much of the differences between scores each dimension of a search explains.

For one dimension the trials are put into groups: by option, or by quantiles of a number. Scores
are replaced by their ranks, so one broken trial can't decide. The share of the ranks' variance that
lies between the groups is the correlation ratio; k groups of n trials drawn by chance would reach
(k - 1) / (n - 1) of it on average, which is taken away (Kelley, 1935, epsilon squared).

Only scores of one budget are compared. The smallest one has all trials; on larger ones there are
only the best. What the search's method settled early shows less than it would in trials by chance,
since few trials differ in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pipeline.reporting.search.axis import Axis
from pipeline.reporting.search.tally import score_of
from pipeline.search.entry import Entry

Floats = NDArray[np.floating[Any]]

FEWEST: Final = 12
"""With fewer trials there is no answer."""
_BINS: Final = 4
_HALVES: Final = 400
_SHUFFLES: Final = 2000
_DOUBT: Final = 0.05


@dataclass(frozen=True)
class Importance:
    """A dimension's importance.

    Attributes:
        name: Name of the dimension.
        value: Share of the variance of the scores' ranks that it explains, 0 to 1; None where too
            few trials tell.
        low: 5 % of random halves of the trials show less; None without a value.
        high: 5 % of them show more; None without a value.
        chance: What a dimension without any effect would reach in one of twenty searches, as the
            largest of all dimensions; None without a value.
        count: Number of trials that it applies to, and that have a score.
    """

    name: str
    value: float | None
    low: float | None
    high: float | None
    chance: float | None
    count: int

    @property
    def shown(self) -> bool:
        """Whether it is more than chance."""
        return self.value is not None and self.chance is not None and self.value > self.chance


def importances(
    entries: Sequence[Entry], axes: Sequence[Axis], rung: int = 0, seed: int = 0
) -> list[Importance]:
    """The importance of each dimension, the largest first; those without an answer come last.

    A dimension that applies to some trials only is measured among these. The interval is that of
    random halves without replacement, which spread as much as estimates from all trials do
    (Shao and Wu, 1989); drawn with replacement, a trial would stand beside itself and every
    dimension would seem to explain more.

    Args:
        entries: The ledger's.
        axes: The space's dimensions.
        rung: The budget whose scores are compared.
        seed: Seed of the halves and shuffles.
    """
    from scipy.stats import rankdata  # noqa: PLC0415 - takes half a second

    scored = sorted(
        (e for e in entries if e.rung == rung and e.score is not None), key=lambda e: e.trial
    )
    groups = {axis.name: _groups(axis, scored) for axis in axes}
    measured = sum(_is_enough(found) for _, found in groups.values())
    rows = []
    for axis in axes:
        chosen, found = groups[axis.name]
        if not _is_enough(found):
            rows.append(Importance(axis.name, None, None, None, None, len(found)))
            continue
        ranks = rankdata([score_of(entry) for entry in chosen])
        rows.append(_measure(axis.name, ranks, found, measured, seed))
    return sorted(rows, key=lambda row: -1.0 if row.value is None else row.value, reverse=True)


def share_between(ranks: Floats, groups: Floats) -> Floats:
    """Share of the variance that lies between groups, less what chance would give.

    Args:
        ranks: (m, n) m lists of n values.
        groups: (m, n) or (n,) the group of each, 0, 1, ...

    Returns:
        (m,) 1 - (1 - eta^2) (n - 1) / (n - k) with k groups that are not empty; 0 where all values
        are equal, or there is but one group, or no two values share one.
    """
    groups = np.broadcast_to(groups, ranks.shape)
    size = ranks.shape[1]
    centred = ranks - ranks.mean(axis=1, keepdims=True)
    whole = (centred**2).sum(axis=1)
    between, count = np.zeros(len(ranks)), np.zeros(len(ranks))
    for group in np.unique(groups):
        inside = groups == group
        members = inside.sum(axis=1)
        sums = (centred * inside).sum(axis=1)
        between += sums**2 / np.maximum(members, 1)
        count += members > 0
    known = (whole > 1e-12 * size) & (count > 1) & (count < size)
    ratio = between / np.where(known, whole, 1)
    share = 1 - (1 - ratio) * (size - 1) / np.where(known, size - count, 1)
    return np.where(known, share, 0.0)


def _measure(name: str, ranks: Floats, groups: Floats, measured: int, seed: int) -> Importance:
    """A dimension's share with its interval and the level of chance."""
    random = np.random.default_rng(seed)
    size = len(ranks)
    value = float(share_between(ranks[None], groups)[0])
    halves = np.argsort(random.random((_HALVES, size)), axis=1)[:, : size // 2]
    spread = share_between(ranks[halves], groups[halves])
    shuffled = random.permuted(np.tile(ranks, (_SHUFFLES, 1)), axis=1)
    chance = np.quantile(share_between(shuffled, groups), 1 - _DOUBT / measured)
    low, high = (float(np.quantile(spread, share)) for share in (0.05, 0.95))
    return Importance(
        name=name,
        value=max(value, 0.0),
        low=min(max(low, 0.0), max(value, 0.0)),
        high=max(high, value, 0.0),
        chance=max(float(chance), 0.0),
        count=size,
    )


def _groups(axis: Axis, entries: Sequence[Entry]) -> tuple[list[Entry], Floats]:
    """Entries that a dimension applies to, and the group of each."""
    pairs = zip(entries, axis.places(entries), strict=True)
    chosen = [(entry, at) for entry, at in pairs if at is not None]
    places = np.array([at for _, at in chosen], dtype=float)
    distinct = np.unique(places)
    if axis.options is None and len(distinct) > _BINS:
        edges = np.quantile(places, np.linspace(0, 1, _BINS + 1)[1:-1])
        return [entry for entry, _ in chosen], np.searchsorted(edges, places).astype(float)
    return [entry for entry, _ in chosen], np.searchsorted(distinct, places).astype(float)


def _is_enough(groups: Floats) -> bool:
    """Whether there are trials enough to tell groups apart, and groups."""
    kinds = len(np.unique(groups))
    return len(groups) >= max(FEWEST, 3 * kinds) and kinds > 1
