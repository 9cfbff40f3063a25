"""What tuning found, as keys of ``polygons``: put into a configuration."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from pipeline.config.yaml_file import read_yaml
from pipeline.errors import ConfigError

SECTION: Final = "polygons"
BY_CLASS: Final = ("hysteresis", "smooth", "median", "closing", "opening", "min_area", "min_hole")
RULES: Final = "rules"
KEYS: Final = (*BY_CLASS, RULES)


def put_tuned(tree: dict[str, Any], path: Path) -> None:
    """Put the keys of tuning's file into a configuration's tree.

    Args:
        tree: Values of the configuration, changed.
        path: What ``tune`` wrote.

    Raises:
        ConfigError: If the file isn't one, or was found for other classes.
    """
    again = "run `tune` again, or set tune.use to false"
    tuned = read_yaml(path, fix=again)
    values = tuned.get(SECTION) if isinstance(tuned, dict) else None
    if not isinstance(values, dict) or not _is_whole(values):
        raise ConfigError(f"{path}: holds no {SECTION} with {', '.join(KEYS)}; {again}")
    told, known = set(values["min_area"]), _codes(tree)
    if known is not None and told != known:
        raise ConfigError(
            f"{path}: was found for the classes {_text(told)}, but the configuration has "
            f"{_text(known)}; {again}"
        )
    section = tree.get(SECTION) or {}
    if isinstance(section, dict):  # else it is left for the check to name
        tree[SECTION] = {**section, **{key: values[key] for key in KEYS}}


def _is_whole(values: dict[str, Any]) -> bool:
    by_class = all(isinstance(values.get(key), dict) for key in BY_CLASS)
    return by_class and isinstance(values.get(RULES), list)


def _codes(tree: dict[str, Any]) -> set[Any] | None:
    """Codes of the classes; None where the check will name what is wrong with them."""
    dataset = tree.get("dataset")
    classes = dataset.get("classes") if isinstance(dataset, dict) else None
    if not isinstance(classes, list) or not all(isinstance(row, dict) for row in classes):
        return None
    codes = [row.get("code") for row in classes]
    return set(codes) if all(isinstance(code, int) for code in codes) else None


def _text(codes: set[Any]) -> str:
    return ", ".join(sorted(map(str, codes)))
