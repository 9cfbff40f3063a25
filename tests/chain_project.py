"""A tiny project folder where the whole chain runs in seconds: for tests of caching and kills."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import yaml

from pipeline.imagery.generated.dataset import generate_dataset
from pipeline.imagery.generated.spec import GeneratorSpec

ROOT = Path(__file__).parent.parent
LINKED = (".venv", "Makefile", "pipeline", "scripts", "pyproject.toml", "constraints.txt")


def tiny_config(data: str = "data/raw/tiny") -> dict[str, Any]:
    """The demo's configuration, small enough for a test."""
    tree: dict[str, Any] = yaml.safe_load((ROOT / "configs" / "demo.yaml").read_text())
    del tree["generate"]
    tree["dataset"]["folder"] = data
    tree["tiles"] = {"metres": 2.48}
    tree["augment"] |= {"patch": 16, "stride": 16, "folds": 2, "same_place": []}
    tree["network"] = {"kind": "unet", "width": 4, "depth": 2}
    tree["train"] = {"steps": 6, "batch": 2, "validations": 2, "precision": "float32"}
    tree["predict"] = {"window": 32, "overlap": 0.5, "d4": False}
    return tree


def link_project(folder: Path, configs: bool = False) -> None:
    """Fill a folder with links to the project's code, and to its configurations if asked."""
    for name in (*LINKED, *(("configs",) if configs else ())):
        (folder / name).symlink_to(ROOT / name)


def make_project(folder: Path, train_places: int = 3, test_places: int = 2) -> Path:
    """Fill a folder with links to the project's code, a tiny dataset and a configuration."""
    link_project(folder)
    data = folder / "data" / "raw" / "tiny"
    data.mkdir(parents=True)
    spec = GeneratorSpec(
        seed=3, train_places=train_places, test_places=test_places, twins=0, size=(48, 60)
    )
    generate_dataset(data, spec)
    write_config(folder, tiny_config())
    return folder


def write_config(folder: Path, tree: dict[str, Any]) -> None:
    """Store a project's configuration as configs/tiny.yaml."""
    path = folder / "configs" / "tiny.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(yaml.safe_dump(tree, sort_keys=False))


def environment() -> dict[str, str]:
    """Environment of a child process: few threads, no terminal."""
    return {**os.environ, "OMP_NUM_THREADS": "1", "TERM": "dumb"}


def make(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Make in a project folder, with its tiny configuration unless another is named."""
    return subprocess.run(
        ["make", "CONFIG=configs/tiny.yaml", *arguments],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
