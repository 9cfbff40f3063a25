"""WORKERS and SCHEDULER of Make reach the trials of a search and the scenes of other stages."""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path

import pytest

from pipeline.config.work import Work
from tests.chain_project import ROOT

SHOW = 'show:\n\t@echo "$$PIPELINE_SET"\n'


@pytest.mark.parametrize(
    ("variables", "found"),
    [
        ((), {}),
        (("WORKERS=3",), {"workers": "3", "backend": "pool"}),
        (("SCHEDULER=tcp://h:1",), {"backend": "dask", "scheduler": "tcp://h:1"}),
        (
            ("SCHEDULER=tcp://h:1", "WORKERS=3"),
            {"workers": "3", "backend": "dask", "scheduler": "tcp://h:1"},
        ),
    ],
    ids=["none", "workers", "scheduler", "both"],
)
def test_both_sections_are_set(
    variables: tuple[str, ...], found: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "show.mk").write_text(SHOW)
    command = ["make", "-s", "-f", str(ROOT / "Makefile"), "-f", str(tmp_path / "show.mk"), "show"]
    done = subprocess.run(
        [*command, *variables], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    pairs = dict(pair.split("=", 1) for pair in shlex.split(done.stdout))
    assert pairs == {f"{part}.{k}": v for part in ("search", "work") for k, v in found.items()}
    assert Work.model_validate(found).backend == found.get("backend", "inline")
