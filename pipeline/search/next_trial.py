"""The next trial that was not tried yet: the default, what others found, or a proposal."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

from pipeline.search.entry import Entry, Params, Source
from pipeline.search.halving import observations
from pipeline.search.proposals import Proposer
from pipeline.search.study import Study, key_of

_ATTEMPTS: Final = 20
"""Proposals in a row that may have been tried before, and then so many times ten by chance."""
_FAR: Final = 1_000_003
"""Distance between the numbers of these proposals, beyond those of trials."""


def next_trial(
    study: Study, number: int, entries: Sequence[Entry], running: Collection[Params]
) -> tuple[Params, Source] | None:
    """Parameters of a new trial and who thought of them; None if nothing is left to try.

    Args:
        study: The question.
        number: Number of the new trial, which proposals are drawn by.
        entries: What is known.
        running: Parameters that are being tried.
    """
    tried = {key_of(params) for params in (*(entry.params for entry in entries), *running)}
    default = study.space.defaults()
    if key_of(default) not in tried:
        return default, "default"
    for params in study.warm:
        if key_of(params) not in tried:
            return params, "warm"
    settings = study.settings
    proposer = Proposer(study.space, settings.method, settings.seed, settings.startup)
    for params, share in observations(entries):
        proposer.tell(params, share)
    chance = Proposer(study.space, "random", settings.seed, settings.startup)
    for asked, attempts in ((proposer, _ATTEMPTS), (chance, 10 * _ATTEMPTS)):
        for attempt in range(attempts):
            params = asked.ask(number + attempt * _FAR)
            if key_of(params) not in tried:
                return params, "proposed"
    return None
