"""Items are whole or not there; they are made again only when something has changed."""

from __future__ import annotations

import fcntl
import json
import os
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pipeline import artifacts
from pipeline.artifacts import (
    MADE_FROM,
    MANIFEST,
    StageFolder,
    discard_damaged,
    is_whole,
    load_item,
    load_stage,
    publish,
    withdraw,
)
from pipeline.errors import ArtifactError
from pipeline.files import is_safe_name, replace_if_different, write_json
from pipeline.locks import is_locked


def _run(folder: Path, values: dict[str, str], code: str = "1") -> list[str]:
    """Run a toy stage of one text file per item; the items that it built."""
    with StageFolder(folder, "toy", code) as stage:
        for name, text in values.items():

            def build(target: Path, text: str = text) -> None:
                (target / "value.txt").write_text(text)

            stage.item(name, {"text": text}, build)
    return stage.built


def test_only_changed_items_are_built(tmp_path: Path) -> None:
    assert _run(tmp_path, {"a": "1", "b": "2"}) == ["a", "b"]
    assert _run(tmp_path, {"a": "1", "b": "2"}) == []
    assert _run(tmp_path, {"a": "1", "b": "3", "c": "4"}) == ["b", "c"]
    assert (tmp_path / "b" / "value.txt").read_text() == "3"


def test_code_change_rebuilds_everything(tmp_path: Path) -> None:
    _run(tmp_path, {"a": "1"})
    assert _run(tmp_path, {"a": "1"}, code="2") == ["a"]


def test_items_that_no_longer_belong_are_removed(tmp_path: Path) -> None:
    _run(tmp_path, {"a": "1", "b": "2"})
    _run(tmp_path, {"a": "1"})
    assert not (tmp_path / "b").exists()
    assert set(load_stage(tmp_path)) == {"a"}


def test_truncated_file_is_never_accepted(tmp_path: Path) -> None:
    _run(tmp_path, {"a": "long text"})
    (tmp_path / "a" / "value.txt").write_text("long")
    assert load_item(tmp_path / "a") is None
    with pytest.raises(ArtifactError, match="damaged"):
        load_stage(tmp_path)
    assert _run(tmp_path, {"a": "long text"}) == ["a"]


def test_same_size_other_bytes_are_noticed(tmp_path: Path) -> None:
    _run(tmp_path, {"a": "1"})
    (tmp_path / "a" / "value.txt").write_text("2")
    assert load_item(tmp_path / "a") is None


def test_new_file_times_change_nothing(tmp_path: Path) -> None:
    _run(tmp_path, {"a": "1"})
    os.utime(tmp_path / "a" / "value.txt", (1, 1))
    assert _run(tmp_path, {"a": "1"}) == []


def test_failed_build_leaves_nothing(tmp_path: Path) -> None:
    def fail(folder: Path) -> None:
        (folder / "value.txt").write_text("half")
        raise RuntimeError("stop")

    with (
        pytest.raises(RuntimeError, match="stop"),
        StageFolder(tmp_path, "toy", "1") as stage,
    ):
        stage.item("a", {}, fail)
    assert not (tmp_path / "a").exists()
    assert not (tmp_path / MANIFEST).exists()
    assert _run(tmp_path, {"a": "1"}) == ["a"]
    assert not list(tmp_path.glob(".tmp-*"))


def test_unchanged_stage_touches_its_manifest_and_keeps_its_content(tmp_path: Path) -> None:
    _run(tmp_path, {"a": "1"})
    manifest = tmp_path / MANIFEST
    before = manifest.read_bytes()
    os.utime(manifest, (1, 1))
    _run(tmp_path, {"a": "1"})
    assert manifest.read_bytes() == before
    assert manifest.stat().st_mtime > 1


def test_second_process_is_refused(tmp_path: Path) -> None:
    with (
        StageFolder(tmp_path, "toy", "1"),
        pytest.raises(ArtifactError, match="another process"),
        StageFolder(tmp_path, "toy", "1"),
    ):
        pass


def test_workspace_belongs_to_one_key(tmp_path: Path) -> None:
    with StageFolder(tmp_path, "toy", "1") as stage:
        first = stage.workspace("fold-0", {"rate": 1})
        (first / "last.pt").write_text("x")
        assert stage.workspace("fold-0", {"rate": 1}) == first
        assert (first / "last.pt").exists()
        second = stage.workspace("fold-0", {"rate": 2})
        assert second != first
        assert not first.exists()
        stage.close_workspace(second)
        assert not second.exists()


def test_replace_if_different_keeps_the_time(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    assert replace_if_different(path, {"b": 1, "a": 2})
    os.utime(path, (1, 1))
    assert not replace_if_different(path, {"a": 2, "b": 1})
    assert path.stat().st_mtime == 1
    assert replace_if_different(path, {"a": 3})


def test_write_leaves_the_old_content_on_failure(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    write_json(path, {"a": 1})
    with pytest.raises(TypeError):
        write_json(path, {"a": object()})
    assert json.loads(path.read_text()) == {"a": 1}


@pytest.mark.parametrize("name", ["../x", "a/b", "", ".", "..", ".hidden", "a b", "x" * 101, "a\n"])
def test_names_that_escape_are_not_safe(name: str) -> None:
    assert not is_safe_name(name)


def test_damaged_record_counts_as_missing(tmp_path: Path) -> None:
    _run(tmp_path, {"a": "1"})
    (tmp_path / "a" / "item.json").write_text('{"name": "a"')
    assert load_item(tmp_path / "a") is None


def test_input_that_changes_during_the_work_is_newer_than_the_manifest(tmp_path: Path) -> None:
    source = tmp_path / "input"
    for _ in ("written", "touched"):
        with StageFolder(tmp_path / "stage", "toy", "1") as stage:
            time.sleep(0.02)  # file times are those of the kernel's last tick
            source.write_text("changed")
            stage.item("a", {}, lambda target: None)
        manifest = tmp_path / "stage" / MANIFEST
        assert manifest.stat().st_mtime_ns < source.stat().st_mtime_ns


def test_left_overs_of_killed_processes_are_cleared(tmp_path: Path) -> None:
    inputs = {"rate": 1}
    with StageFolder(tmp_path, "toy", "1") as stage:
        stage.item("fold-0", inputs, lambda target: None)
        finished = stage.workspace("fold-0", inputs)
        unfinished = stage.workspace("fold-1", inputs)
    (tmp_path / ".tmp-score.json").write_text("half")
    (tmp_path / ".manifest.json.tmp-17").write_text("half")
    (tmp_path / ".tmp-fold-1").mkdir()
    with StageFolder(tmp_path, "toy", "1") as stage:
        stage.item("fold-0", inputs, lambda target: None)
        left = {path.name for path in tmp_path.iterdir() if path.name.startswith(".")}
        assert left == {".lock", ".work"}
        assert unfinished.exists()
        assert not finished.exists()


def _published(folder: Path) -> Path:
    with StageFolder(folder, "toy", "1") as stage:
        item = stage.item("a", {}, lambda target: write_json(target / "x.json", [1, 2]))
        publish(item, "x.json", folder / "x.json")
    return folder / "x.json"


def test_whole_stage_keeps_its_manifest(tmp_path: Path) -> None:
    copy = _published(tmp_path)
    os.utime(copy, (1, 1))
    assert not discard_damaged(tmp_path)
    assert (tmp_path / MANIFEST).exists()


@pytest.mark.parametrize("name", ["x.json", "a/x.json", "a/item.json"])
@pytest.mark.parametrize("harm", [Path.unlink, lambda path: path.write_text("[1]\n")])
def test_altered_or_deleted_file_costs_the_manifest(tmp_path: Path, name: str, harm: Any) -> None:
    copy = _published(tmp_path)
    whole = copy.read_bytes()
    harm(tmp_path / name)
    assert discard_damaged(tmp_path)
    assert not (tmp_path / MANIFEST).exists()
    assert _published(tmp_path).read_bytes() == whole
    assert not discard_damaged(tmp_path)


def test_stage_at_work_keeps_its_manifest(tmp_path: Path) -> None:
    _published(tmp_path).unlink()
    with StageFolder(tmp_path, "toy", "1"):
        assert not discard_damaged(tmp_path)
        assert (tmp_path / MANIFEST).exists()


def test_copies_of_files_that_are_gone_are_withdrawn(tmp_path: Path) -> None:
    def write(*names: str) -> None:
        def build(target: Path) -> None:
            for name in names:
                (target / name).write_text(name)

        with StageFolder(tmp_path / "s", "s", "1") as folder:
            item = folder.item("map", {"names": names}, build)
            for name in names:
                publish(item, name, folder.folder / name)
            withdraw(folder.folder, item)

    write("a.txt", "b.txt")
    write("b.txt")
    assert not (tmp_path / "s" / "a.txt").exists()
    assert (tmp_path / "s" / "b.txt").read_text() == "b.txt"
    assert is_whole(tmp_path / "s")


def test_manifest_says_when_and_where_its_items_were_made(tmp_path: Path) -> None:
    before = datetime.now(UTC)
    _run(tmp_path, {"a": "1", "b": "2"})
    first = json.loads((tmp_path / MANIFEST).read_text())
    assert before - timedelta(seconds=1) <= datetime.fromisoformat(first["made_at"])
    assert first["built"] == 2
    assert first["machine"]["cores"] >= 1
    _run(tmp_path, {"a": "1", "b": "3"})
    assert json.loads((tmp_path / MANIFEST).read_text())["built"] == 1


def test_what_a_stage_is_made_from_is_read_when_work_begins(tmp_path: Path) -> None:
    ground = {"inputs": {"rate": 1}}
    with StageFolder(tmp_path, "toy", "1", made_from=lambda: dict(ground)):
        ground["inputs"] = {"rate": 2}
        assert not (tmp_path / MADE_FROM).exists()
    assert json.loads((tmp_path / MADE_FROM).read_text()) == {"inputs": {"rate": 1}}
    manifest = (tmp_path / MANIFEST).read_bytes()
    with StageFolder(tmp_path, "toy", "1", made_from=lambda: dict(ground)):
        pass
    assert json.loads((tmp_path / MADE_FROM).read_text()) == {"inputs": {"rate": 2}}
    assert (tmp_path / MANIFEST).read_bytes() == manifest


def test_a_kill_before_the_manifest_leaves_no_record_of_other_items(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The record of the items before would be wrong once the new manifest is there."""

    def run(code: str) -> None:
        with StageFolder(tmp_path, "toy", code, made_from=lambda: {"inputs": {"code": code}}):
            pass

    run("1")
    with monkeypatch.context() as patch:

        def die(*_: object) -> None:
            raise KeyboardInterrupt

        patch.setattr(artifacts, "write_json", die)
        with pytest.raises(KeyboardInterrupt):
            run("2")
    assert json.loads((tmp_path / MANIFEST).read_text())["code"] == "1"
    assert not (tmp_path / MADE_FROM).exists()
    run("2")
    assert json.loads((tmp_path / MADE_FROM).read_text()) == {"inputs": {"code": "2"}}


def test_one_who_asks_for_a_lock_takes_it_from_nobody(tmp_path: Path) -> None:
    assert not is_locked(tmp_path)
    assert not (tmp_path / ".lock").exists()
    with StageFolder(tmp_path, "toy", "1"):
        assert is_locked(tmp_path)
    assert not is_locked(tmp_path)
    handle = os.open(tmp_path / ".lock", os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_SH)  # one who asks just now
    threading.Timer(0.05, os.close, [handle]).start()
    with StageFolder(tmp_path, "toy", "1"):
        pass
