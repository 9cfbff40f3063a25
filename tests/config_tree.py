"""A small configuration for tests, and those that are shipped."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from pipeline.config import Config, load_config

SHIPPED = sorted((Path(__file__).parent.parent / "configs").glob("*.yaml"))


def config_tree() -> dict[str, Any]:
    return {
        "dataset": {
            "folder": "raw",
            "classes": [{"code": 1, "name": "one"}, {"code": 7, "name": "seven"}],
            "groups": [{"name": "A", "file": "x/{id}.tif", "metres": 7.5, "bands": ["b1", "b2"]}],
        },
        "tiles": {"metres": 2.5},
    }


def load_tree(
    folder: Path, tree: dict[str, Any], *overrides: str, data: Path | None = None
) -> Config:
    """The configuration of a tree that is written to a folder."""
    path = folder / "c.yaml"
    path.write_text(yaml.safe_dump(tree))
    return load_config(path, overrides, data)
