"""What rows of ``models`` and files take over from others, and what is left as their own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pipeline.config.models import DEFAULT, INHERITED
from pipeline.config.network import UNet

TABLES: Final = frozenset(
    {
        *("absent", "class_weights", "closing", "dilate", "hysteresis", "median", "min_area"),
        *("min_hole", "opening", "positive_weights", "simplify_cost", "smooth", "smoothing"),
        *("terms", "thresholds", "values"),
    }
)
"""Keys whose values are one whole: shares of terms, and values per class code. What such a table
leaves out has a meaning, so who names one names all of it."""
_OWN_KIND: Final = UNet.model_fields["kind"].default


def filled(tree: Any) -> Any:
    """A configuration's values with every row of ``models`` complete.

    What has another shape than a configuration is left for the check to name.
    """
    if not isinstance(tree, dict):
        return tree
    tree = _with_kind(tree)
    rows = tree.get("models", [{"name": DEFAULT}])
    if not isinstance(rows, list | tuple):
        return tree
    whole = [
        _with_kind(merged(_inherited(tree), row)) if isinstance(row, Mapping) else row
        for row in rows
    ]
    return {**tree, "models": whole}


def concise(tree: Mapping[str, Any]) -> dict[str, Any]:
    """The other way round: what :func:`filled` makes complete, each row with what is its own.

    Args:
        tree: All values of a checked configuration.
    """
    return {**tree, "models": [_difference(_inherited(tree), row) for row in tree["models"]]}


def _inherited(tree: Mapping[str, Any]) -> dict[str, Any]:
    return {name: tree[name] for name in INHERITED if name in tree}


def _with_kind(tree: dict[str, Any]) -> dict[str, Any]:
    """The same with ``network.kind`` named: where nothing else is said, it is our own U-Net."""
    network = tree.get("network")
    if not isinstance(network, Mapping) or "kind" in network:
        return tree
    return {**tree, "network": {"kind": _OWN_KIND, **network}}


def merged(base: Any, own: Any) -> Any:
    """Keys of ``own`` over those of ``base``, sections within sections likewise.

    A section of another ``kind`` takes nothing over, and neither does one of ``TABLES`` or what is
    no section.
    """
    if not (isinstance(base, Mapping) and isinstance(own, Mapping)):
        return own
    if "kind" in own and own["kind"] != base.get("kind", _OWN_KIND):
        return own
    changed = {
        key: value if key in TABLES else merged(base.get(key), value) for key, value in own.items()
    }
    return {**base, **changed}


def _difference(base: Any, own: Any) -> Any:
    """The fewest keys with which ``merged(base, ...)`` gives ``own``; both name every key."""
    if not (isinstance(base, Mapping) and isinstance(own, Mapping)):
        return own
    if own.get("kind") != base.get("kind"):
        return own
    return {
        key: value if key in TABLES else _difference(base.get(key), value)
        for key, value in own.items()
        if key not in base or base[key] != value
    }
