"""One search: its question, and which entries of a ledger answer it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

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
        meaning: Gives the digest of the configuration that a trial's parameters make.
        warm: Parameters that are tried first, after the defaults.
    """

    space: Space
    settings: Search
    budgets: tuple[int, ...]
    ground: str
    code: str
    seed: int
    meaning: Callable[[Params], str]
    warm: tuple[Params, ...] = ()


@dataclass(frozen=True)
class Unused:
    """An entry that does not answer the question, and why."""

    entry: Entry
    reason: str


def sort_entries(study: Study, entries: Iterable[Entry]) -> tuple[list[Entry], list[Unused]]:
    """Entries that answer a study's question, and the others.

    A dimension that an older entry does not know has its default there. The entry counts if that
    makes the configuration that was tried.
    """
    used: list[Entry] = []
    unused: list[Unused] = []
    for entry in entries:
        try:
            params = study.space.completed(entry.params)
            reason = _other_question(study, entry, params)
        except OutsideError as error:
            reason = str(error)
        if reason:
            unused.append(Unused(entry, reason))
        else:
            used.append(replace(entry, params=params))
    return used, unused


def _other_question(study: Study, entry: Entry, params: Params) -> str:
    """Why an entry in the space does not count; empty if it does."""
    if entry.ground != study.ground:
        return "made on other scenes, folds, rungs or settings"
    if entry.code != study.code:
        return "made by other code"
    if entry.outcome == "rejected":
        return "" if entry.meaning == study.space.digest else "refused by another space"
    if entry.meaning != study.meaning(params):
        return "its values, or dimensions that it does not know, mean something else now"
    limits = study.space.limits
    for name in ("parameters", "multiply_adds"):
        limit, value = getattr(limits, name), getattr(entry, name)
        if limit is not None and value is not None and value > limit:
            return f"beyond limits.{name}"
    return ""


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
    return json.dumps(as_kept(params), sort_keys=True)


def as_kept(params: Params) -> dict[str, Any]:
    """Parameters as a ledger gives them back: class codes that are keys become texts."""
    kept: dict[str, Any] = json.loads(json.dumps(dict(params)))
    return kept
