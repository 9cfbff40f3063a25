"""What is told of the machine comes from files, whatever they hold."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from pipeline import machine


def test_it_is_json_and_loads_nothing() -> None:
    before = set(sys.modules)
    found = machine.this_machine()
    assert json.loads(json.dumps(found)) == found
    assert found["cores"] >= 1
    assert found["memory_gib"] > 0
    assert found["libraries"]["numpy"]
    assert "torch" not in set(sys.modules) - before


def test_the_drivers_files_name_the_graphics_cards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number, model in enumerate(("NVIDIA H200", "NVIDIA T4")):
        folder = tmp_path / "driver" / "nvidia" / "gpus" / f"0000:0{number}:00.0"
        folder.mkdir(parents=True)
        (folder / "information").write_text(f"Model: \t\t {model}\nIRQ:   \t 16\n")
    (tmp_path / "cpuinfo").write_text("processor\t: 0\nmodel name\t: Fast 9000: the 2nd\n")
    monkeypatch.setattr(machine, "_PROC", tmp_path)
    found = machine.this_machine()
    assert found["gpus"] == ["NVIDIA H200", "NVIDIA T4"]
    assert found["cpu"] == "Fast 9000: the 2nd"


@pytest.mark.parametrize(("limit", "share"), [("1073741824\n", True), ("max\n", False)])
def test_a_container_has_the_memory_that_it_may_use(
    limit: str, share: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "memory.max").write_text(limit)
    monkeypatch.setattr(machine, "_MEMORY_LIMIT", tmp_path / "memory.max")
    assert (machine.this_machine()["memory_gib"] == 1.0) == share


def test_commit_is_found_wherever_the_repository_keeps_it(tmp_path: Path) -> None:
    assert machine.commit(tmp_path / "none") == ""
    (tmp_path / "HEAD").write_text("12ab\n")
    assert machine.commit(tmp_path) == "12ab"
    (tmp_path / "HEAD").write_text("ref: refs/heads/main\n")
    assert machine.commit(tmp_path) == ""
    (tmp_path / "packed-refs").write_text(
        "# pack-refs\n34cd refs/heads/other\n56ef refs/heads/main\n"
    )
    assert machine.commit(tmp_path) == "56ef"
    (tmp_path / "refs" / "heads").mkdir(parents=True)
    (tmp_path / "refs" / "heads" / "main").write_text("78ab\n")
    assert machine.commit(tmp_path) == "78ab"
