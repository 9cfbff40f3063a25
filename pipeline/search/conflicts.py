"""Rules between the dimensions of a search space: what can apply together, and what must not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Final

from pipeline.config.base import Section
from pipeline.config.network import LibraryNetwork, UNet
from pipeline.search.dimension import Dimension, to_text
from pipeline.search.keys import overlap

Conditions = Mapping[str, frozenset[str]]
"""Values that choices must have, as text; all must hold."""
_KIND: Final = "network.kind"
_NETWORKS: Final[Mapping[str, type[Section]]] = {
    model.model_fields["kind"].default: model for model in (UNet, LibraryNetwork)
}


@dataclass(frozen=True)
class _Setting:
    """Keys that are set under conditions.

    Attributes:
        name: Of the dimension.
        keys: Value by key; values of ranges are None.
        conditions: What must hold.
    """

    name: str
    keys: Mapping[str, Any]
    conditions: Conditions


def check_together(dimensions: Mapping[str, Dimension]) -> None:
    """Check what dimensions do together.

    Args:
        dimensions: By name, parents above their children.

    Raises:
        ValueError: If a dimension can never apply, or two that apply together set the same key, or
            a key is one that the network of the time does not have.
    """
    applies: dict[str, Conditions] = {}
    for name, dimension in dimensions.items():
        own = {parent.name: _texts(parent.values) for parent in dimension.when}
        applies[name] = _joined([own, *(applies[parent] for parent in own)])
        if not _can_hold(applies[name]):
            raise ValueError(
                f"dimension {name}: never applies, since its conditions exclude each other; change "
                "when, here or at its parents"
            )
    settings = [
        setting for each in dimensions.values() for setting in _settings(each, applies[each.name])
    ]
    for one, other in combinations(settings, 2):
        _check_pair(one, other)
    for kind in settings:
        for setting in settings:
            _check_network(kind, setting)


def _check_pair(one: _Setting, other: _Setting) -> None:
    for key in one.keys:
        for second in other.keys:
            if overlap(key, second) and _can_hold(_joined([one.conditions, other.conditions])):
                raise ValueError(
                    f"dimension {other.name}: sets {second}, and dimension {one.name} may set "
                    f"{key} in the same trial; let when exclude one of them, or remove one"
                )


def _check_network(kind: _Setting, setting: _Setting) -> None:
    """Keys of one kind of network are unknown to the other."""
    if _KIND not in kind.keys:
        return
    name = kind.keys[_KIND]
    known = _NETWORKS[name].model_fields
    for key in setting.keys:
        section, _, field = key.partition(".")
        if section != "network" or field in known:
            continue
        if _can_hold(_joined([kind.conditions, setting.conditions])):
            raise ValueError(
                f"dimension {setting.name}: sets {key}, which a network of kind {name} does not "
                f"have, and dimension {kind.name} may choose that kind; exclude it, for example "
                f"with when: {{{_KIND}: {_other(name)}}}"
            )


def _other(kind: str) -> str:
    return next(name for name in _NETWORKS if name != kind)


def _settings(dimension: Dimension, applies: Conditions) -> Iterator[_Setting]:
    if dimension.kind != "choice":
        yield _Setting(dimension.name, {dimension.name: None}, applies)
    for option in dimension.options:
        chosen = {dimension.name: _texts([option])}
        yield _Setting(dimension.name, dimension.sets(option), _joined([applies, chosen]))


def _texts(values: Iterable[Any]) -> frozenset[str]:
    return frozenset(map(to_text, values))


def _joined(parts: Iterable[Conditions]) -> Conditions:
    """All of several conditions."""
    whole: dict[str, frozenset[str]] = {}
    for part in parts:
        for name, values in part.items():
            whole[name] = whole.get(name, values) & values
    return whole


def _can_hold(conditions: Conditions) -> bool:
    """Whether some options satisfy all; conditions of parents are among them."""
    return all(conditions.values())
