"""One search: its question, and which entries of a ledger answer it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from pipeline.config.search import Search
from pipeline.search.entry import Entry, Params
from pipeline.search.halving import leaders
from pipeline.search.space import OutsideError, Space


@dataclass(frozen=True)
class Study:
    """What is asked: entries answer it if they agree in ground and code.

    Attributes:
        space: What may be tried.
        settings: The section ``search``.
        budgets: Steps of each rung, smallest first.
        ground: Digest of all that a score depends on besides parameters, budget and code; the
            budgets of all rungs are in it.
        code: Version of the code that makes scores.
        seed: Seed of the trials' trainings.
        warm: Parameters that are tried first, after the defaults.
    """

    space: Space
    settings: Search
    budgets: tuple[int, ...]
    ground: str
    code: str
    seed: int
    warm: tuple[Params, ...] = ()


@dataclass(frozen=True)
class Unused:
    """An entry that does not answer the question, and why."""

    entry: Entry
    reason: str


def sort_entries(study: Study, entries: Iterable[Entry]) -> tuple[list[Entry], list[Unused]]:
    """Entries that answer a study's question, and the others.

    A dimension that an older entry does not know has its default there.
    """
    used: list[Entry] = []
    unused: list[Unused] = []
    for entry in entries:
        if entry.ground != study.ground:
            unused.append(Unused(entry, "made on other scenes, folds or settings"))
        elif entry.code != study.code:
            unused.append(Unused(entry, "made by other code"))
        else:
            try:
                used.append(replace(entry, params=study.space.completed(entry.params)))
            except OutsideError as error:
                unused.append(Unused(entry, str(error)))
    return used, unused


def suggestions(space: Space, entries: Sequence[Entry], count: int) -> list[Params]:
    """Parameters of the best trials of another question that lie in a space, the best first.

    Budgets of another search say little about each other, so the largest come first.

    Args:
        space: What may be tried.
        entries: Of one ground.
        count: How many are wanted.
    """
    budgets = sorted({entry.budget for entry in entries})
    found: dict[str, Params] = {}
    for entry in leaders(entries, budgets, len(entries)):
        try:
            params = space.completed(entry.params)
        except OutsideError:
            continue
        found.setdefault(key_of(params), params)
    return list(found.values())[:count]


def key_of(params: Params) -> str:
    """A text that is the same for the same parameters."""
    return json.dumps(dict(params), sort_keys=True)
