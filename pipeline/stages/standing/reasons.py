"""Why a stage is old: what differs between what it was made from and what there is now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from pipeline.stages.standing.tree_changes import setting_changes

CODE_CHANGED: Final = "code of the stage changed"
_NAMED: Final = 3
"""Files or items that are named."""


def reasons(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Differences between what a stage was made from and what it would be made from, in words.

    Args:
        before: As :func:`pipeline.stages.job.made_from` gives it.
        now: Likewise.
    """
    old, new = _table(before, "inputs"), _table(now, "inputs")
    found = setting_changes(_table(old, "settings"), _table(new, "settings"))
    if old.get("code") != new.get("code"):
        found.append(CODE_CHANGED)
    found += file_changes(_table(old, "files"), _table(new, "files"), "raw file")
    for key, what in _OTHERS.items():
        found += _from_elsewhere(_table(old, key), _table(new, key), what)
    upstream = _table(before, "upstream")
    for stage, items in _table(now, "upstream").items():
        found += _item_changes(stage, upstream.get(stage), items)
    found += [f"{stage} is no more" for stage in upstream if stage not in now["upstream"]]
    return found


_OTHERS: Final = {
    "sources": "weights that {} starts from changed",
    "reads": "{} changed",
    "trained": "`{}` of the run that has the networks changed",
    "runs": "predictions of run {} changed",
}
"""What a stage takes from elsewhere, by the key of its inputs."""


def file_changes(before: Mapping[str, Any], now: Mapping[str, Any], what: str) -> list[str]:
    """Files that are other ones, new or gone.

    Args:
        before: [size in bytes, time in ns] by path.
        now: Likewise.
        what: What such a file is called.
    """
    if before and not now:
        return [f"all {len(before)} {what}s are gone"]
    both = [name for name in now if name in before and before[name] != now[name]]
    touched = [name for name in both if _size(before[name]) == _size(now[name])]
    groups = (
        ("changed", [name for name in both if name not in set(touched)]),
        ("written again, of the same size", touched),
        ("added", [name for name in now if name not in before]),
        ("removed", [name for name in before if name not in now]),
    )
    return [f"{_count(names, what)} {how}: {_some(names)}" for how, names in groups if names]


def _size(entry: Any) -> Any:
    return entry[0] if isinstance(entry, list) and entry else entry


def _from_elsewhere(before: Mapping[str, Any], now: Mapping[str, Any], what: str) -> list[str]:
    names = [name for name in {**before, **now} if before.get(name) != now.get(name)]
    return [what.format(name) for name in names]


def _item_changes(stage: str, before: Any, now: Mapping[str, str]) -> list[str]:
    """What became of the items of a stage before."""
    if not isinstance(before, dict):
        return [f"{stage} is new"]
    groups = (
        ("changed", [name for name in now if name in before and before[name] != now[name]]),
        ("added", [name for name in now if name not in before]),
        ("removed", [name for name in before if name not in now]),
    )
    return [
        f"{_count(names, 'item')} of {stage} {how}: {_some(names)}"
        for how, names in groups
        if names
    ]


def _count(names: Sequence[str], what: str) -> str:
    return f"{len(names)} {what}{'s' * (len(names) != 1)}"


def _some(names: Sequence[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def _table(tree: Mapping[str, Any], key: str) -> dict[str, Any]:
    found = tree.get(key)
    return found if isinstance(found, dict) else {}
