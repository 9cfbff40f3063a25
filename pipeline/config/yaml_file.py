"""YAML files of all kinds, read in one way: a key stands once, and what can't be read is named."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import yaml

from pipeline.errors import ConfigError

_MERGED: Final = "tag:yaml.org,2002:merge"
"""Keys of another place, which may be named again."""


class UniqueKeys(yaml.SafeLoader):
    """YAML of plain values in which a key stands once."""

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        """Keys and values as they stand there, before any are merged."""
        node = super().compose_mapping_node(anchor)
        seen: dict[str, yaml.Mark] = {}
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode) or key.tag == _MERGED:
                continue
            if key.value in seen:
                raise yaml.composer.ComposerError(
                    f"the key {key.value} stands there twice, first",
                    seen[key.value],
                    "and then; remove one of them",
                    key.start_mark,
                )
            seen[key.value] = key.start_mark
        return node


def _ask(_loader: yaml.SafeLoader, node: yaml.Node) -> Any:
    """What `make init` could not decide is asked for when the file is read.

    Raises:
        yaml.constructor.ConstructorError: Always.
    """
    raise yaml.constructor.ConstructorError(
        None, None, "a value must be written in place of !decide, see the comment", node.start_mark
    )


UniqueKeys.add_constructor("!decide", _ask)


def parse_yaml(text: str, loader: type[UniqueKeys] = UniqueKeys) -> Any:
    """Values of a text.

    Args:
        text: YAML.
        loader: How it is read.

    Raises:
        ValueError: Saying what is wrong, and in which line.
    """
    try:
        # The loader is a SafeLoader: it makes no objects but plain ones.
        return yaml.load(text, loader)  # noqa: S506
    except (yaml.YAMLError, LookupError, TypeError) as error:
        raise ValueError(str(error)) from None
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def read_yaml(
    path: Path, fix: str = "", missing: str = "", loader: type[UniqueKeys] = UniqueKeys
) -> Any:
    """Values of a file.

    Args:
        path: YAML file.
        fix: What to do about a file that can't be read.
        missing: What to say of a file that is not there, where there is more to say.
        loader: How it is read.

    Raises:
        ConfigError: Naming the file, what is wrong and where.
    """
    try:
        return parse_yaml(path.read_text(), loader)
    except (OSError, ValueError) as error:
        if missing and isinstance(error, FileNotFoundError):
            raise ConfigError(f"{path}: {missing}") from None
        hint = f"; {fix}" * bool(fix)
        raise ConfigError(f"{path}: can't be read as YAML: {error}{hint}") from None
