"""What is remembered of sources: true of the text at hand, whatever lies on disk."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from pipeline import code_version as code_module
from pipeline.source_memory import Reading, SourceMemory

READ: Reading = ("tree", frozenset({"numpy", "pipeline.files"}))


def _never() -> Reading:
    pytest.fail("read again")


@pytest.fixture(autouse=True)
def writes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the machine's variables say."""
    monkeypatch.setattr(sys, "dont_write_bytecode", False)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A memory of one module."""
    path = tmp_path / "__pycache__" / "memory.json"
    memory = SourceMemory(path, "me")
    assert memory.reading("pipeline.a", "a = 1", lambda: READ) == READ
    memory.save()
    return path


def test_what_was_read_is_not_read_again(file: Path) -> None:
    assert SourceMemory(file, "me").reading("pipeline.a", "a = 1", _never) == READ
    assert [path.name for path in file.parent.iterdir()] == [file.name]


@pytest.mark.parametrize(
    ("module", "source", "reader"),
    [
        ("pipeline.a", "a = 2", "me"),
        ("pipeline.b", "a = 1", "me"),
        ("pipeline.a", "a = 1", "another"),
    ],
)
def test_what_is_not_the_same_is_read(file: Path, module: str, source: str, reader: str) -> None:
    new: Reading = ("other", frozenset())
    memory = SourceMemory(file, reader)
    assert memory.reading(module, source, lambda: new) == new
    memory.save()
    assert SourceMemory(file, reader).reading(module, source, _never) == new


def test_other_modules_stay(file: Path) -> None:
    memory = SourceMemory(file, "me")
    memory.reading("pipeline.b", "b = 1", lambda: READ)
    memory.save()
    assert SourceMemory(file, "me").reading("pipeline.a", "a = 1", _never) == READ


@pytest.mark.parametrize(
    "rows",
    ["x", [], {"pipeline.a": 3}, {"pipeline.a": ["x"]}, {"pipeline.a": ["x", "y", [1]]}, None],
)
def test_damage_counts_as_nothing(file: Path, rows: object) -> None:
    for text in (
        json.dumps({"reader": "me", "rows": rows}),
        file.read_text()[:-5],
        "[]",
        "",
        "\ud800",
    ):
        file.write_bytes(text.encode(errors="surrogatepass"))
        memory = SourceMemory(file, "me")
        assert memory.reading("pipeline.a", "a = 1", lambda: READ) == READ
    memory.save()
    assert SourceMemory(file, "me").reading("pipeline.a", "a = 1", _never) == READ


def test_where_nothing_may_be_written_nothing_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    below = SourceMemory(tmp_path / "file" / "__pycache__" / "memory.json", "me")
    assert below.reading("pipeline.a", "a = 1", lambda: READ) == READ
    below.save()
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    quiet = SourceMemory(tmp_path / "memory.json", "me")
    quiet.reading("pipeline.a", "a = 1", lambda: READ)
    quiet.save()
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_versions_are_the_same_with_and_without_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And with it, no source is parsed."""
    read = code_module._read
    versions = []
    for reading in (read, lambda *_: _never()):
        memory = SourceMemory(tmp_path / "memory.json", "me")
        with monkeypatch.context() as patched:
            patched.setattr(code_module, "_memory", lambda _, memory=memory: memory)
            patched.setattr(code_module, "_read", reading)
            code_module._parsed.cache_clear()
            versions.append(code_module.code_version("pipeline.stages.scenes"))
    code_module._parsed.cache_clear()
    assert versions == [code_module.code_version("pipeline.stages.scenes")] * 2
