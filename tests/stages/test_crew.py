"""Items of many scenes are the same wherever they are made, and whoever is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any, Literal

import pytest

from pipeline.artifacts import Item, StageFolder
from pipeline.config import Config
from pipeline.errors import ArtifactError, ImageryError, PipelineError
from pipeline.files import read_json, write_json
from pipeline.imagery.faults import Faults
from pipeline.items import PUBLISHED
from pipeline.stages.crew import make_items
from pipeline.stages.crew.errand import failure
from pipeline.stages.job import Job
from tests.contest_folder import contest_tree
from tests.stages.crew_recipes import PARTS, number_of_calls, numbers
from tests.workers.toy import attempts_of, is_alive, until

ROOT = Path(__file__).parents[2]
Backend = Literal["inline", "pool", "dask"]
slow = pytest.mark.slow
EVERY = pytest.mark.parametrize("backend", ["inline", "pool"])
PROCESSES = pytest.mark.parametrize("backend", ["pool", pytest.param("dask", marks=slow)])
STAGE = "polygons"


def job_of(folder: Path, backend: Backend) -> Job:
    """A run whose raw files and results lie in a folder."""
    (folder / "raw").mkdir(parents=True, exist_ok=True)
    work: dict[str, Any] = {"backend": backend, "workers": None if backend == "inline" else 2}
    return Job(Config.model_validate(contest_tree(folder / "raw", work=work)), folder / "run")


def ask(folder: Path, scenes: Mapping[str, Mapping[str, Any]]) -> None:
    """Say what scenes are, by position the numbers 1, 2 ..."""
    for number, (scene, keys) in enumerate(scenes.items(), start=1):
        write_json(folder / "raw" / f"{scene}.json", {"number": number, **keys})


def made(
    job: Job, names: tuple[str, ...], faults: Faults | None = None
) -> tuple[dict[str, Item], StageFolder]:
    """What a crew makes of scenes, and the stage's folder."""
    with job.open(STAGE) as stage:
        return make_items(job, stage, numbers, names, "squaring", faults), stage


def bytes_of(folder: Path) -> dict[str, bytes]:
    """All files that a stage keeps, but for times, of which the list of copies has more."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.name not in (".lock", PUBLISHED):
            found[str(path.relative_to(folder))] = path.read_bytes()
    for name in found:
        if name.endswith("item.json"):
            record = read_json(folder / name)
            found[name] = str((record["name"], record["key"], sorted(record["files"]))).encode()
        if name.endswith("manifest.json"):
            manifest = {**read_json(folder / name), "seconds": 0, "made_at": "", "machine": ""}
            found[name] = str(manifest).encode()
    return found


def begun(folder: Path, item: str) -> list[int]:
    """Processes that have begun an item."""
    return attempts_of(folder / "raw", f"{item}.begun")


def kill_when_begun(folder: Path, item: str) -> threading.Thread:
    """Kill the process that begins an item first."""

    def kill() -> None:
        until(lambda: bool(begun(folder, item)))
        os.kill(begun(folder, item)[0], signal.SIGKILL)

    thread = threading.Thread(target=kill)
    thread.start()
    return thread


@PROCESSES
def test_items_are_those_of_one_process_though_a_worker_is_killed(
    backend: Backend, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In another order of time: the killed scene is the first one, and comes last."""
    scenes: dict[str, dict[str, Any]] = {name: {} for name in ("b", "a", "d", "c", "e")}
    one, other = tmp_path / "one", tmp_path / "other"
    job, twin = job_of(one, "inline"), job_of(other, backend)
    ask(one, scenes)
    ask(other, {**scenes, "b": {"hangs": True}})
    items, stage = made(job, tuple(scenes))
    thread = kill_when_begun(other, "grid-b")
    twins, twin_stage = made(twin, tuple(scenes))
    thread.join()
    assert "scene b runs again" in capsys.readouterr().err
    assert len(begun(other, "grid-b")) == 2
    assert len(begun(other, "scene-b")) == 1, "what was whole is not made again"
    assert list(twins) == list(items) == [f"{part}-{s}" for s in scenes for part in PARTS]
    assert twin_stage.built == stage.built
    assert bytes_of(twin.run) == bytes_of(job.run)
    assert read_json(twins["grid-c"].path("number.json")) == 16
    pids = {pid for s in scenes for pid in begun(other, f"scene-{s}")}
    assert os.getpid() not in pids
    assert {pid for s in scenes for pid in begun(one, f"scene-{s}")} == {os.getpid()}


@EVERY
def test_only_what_is_not_there_or_not_true_is_made(backend: Backend, tmp_path: Path) -> None:
    job = job_of(tmp_path, backend)
    ask(tmp_path, {"a": {}, "b": {}, "c": {}})
    made(job, ("a", "b", "c"))
    (job.run / STAGE / "grid-b" / "number.json").write_text("5\n")
    write_json(tmp_path / "raw" / "c.json", {"number": 7})
    items, stage = made(job, ("a", "b", "c"))
    assert stage.built == ["grid-b", "scene-c", "grid-c"]
    assert read_json(items["grid-c"].path("number.json")) == 49
    before = bytes_of(job.run)
    items, stage = made(job, ("a", "c"))
    assert stage.built == []
    assert list(items) == ["scene-a", "grid-a", "scene-c", "grid-c"]
    assert set(before) - set(bytes_of(job.run)) == {
        f"{STAGE}/{part}-b/{file}" for part in PARTS for file in ("item.json", "number.json")
    }


def test_no_worker_is_started_where_nothing_is_to_be_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(tmp_path / "x", {"a": {}})
    made(job_of(tmp_path / "x", "inline"), ("a",))
    monkeypatch.setattr("pipeline.stages.crew.side_by_side.open_workers", None)
    _, stage = made(job_of(tmp_path / "x", "pool"), ("a",))
    assert not stage.built


@EVERY
def test_errors_are_gathered_in_order_and_the_rest_goes_on(
    backend: Backend, tmp_path: Path
) -> None:
    job, faults = job_of(tmp_path, backend), Faults()
    scenes: dict[str, dict[str, Any]] = {name: {} for name in "abcdef"}
    scenes["a"] = {"fails": True, "after": 0.3}
    scenes["b"] = {"recipe_fails": True}
    scenes["e"] = {"fails": True}
    ask(tmp_path, scenes)
    items, stage = made(job, tuple("abcdef"), faults)
    assert faults.messages == [
        *("a.tif: is broken;", "mend it", "b: has no labels", "and no name"),
        *("e.tif: is broken;", "mend it"),
    ]
    assert list(items) == [f"{part}-{s}" for s in "cdf" for part in PARTS]
    assert set(stage.items) == set(items)


@EVERY
def test_first_error_is_raised_by_the_order_of_scenes(backend: Backend, tmp_path: Path) -> None:
    """Also where a later scene's comes earlier in time; no scene after it is begun."""
    job = job_of(tmp_path, backend)
    slowly, at_once = {"fails": True, "after": 1.0}, {"fails": True}
    ask(tmp_path, {"a": slowly, "b": at_once, **{name: {} for name in "cdef"}})
    with pytest.raises(ImageryError) as caught:
        made(job, tuple("abcdef"))
    assert str(caught.value) == "a.tif: is broken;\nmend it"
    assert type(caught.value) is ImageryError
    assert not [name for name in "cdef" if begun(tmp_path, f"scene-{name}")]
    assert not (job.run / STAGE / "manifest.json").exists()
    assert not list((job.run / STAGE).glob(".tmp-*"))


@EVERY
def test_errors_of_the_system_and_of_the_code_stay_what_they_are(
    backend: Backend, tmp_path: Path
) -> None:
    job = job_of(tmp_path, backend)
    ask(tmp_path, {"a": {"misses": True}, "b": {"wrong": True}})
    with pytest.raises(FileNotFoundError) as caught:
        made(job, ("a",))
    assert (caught.value.filename, caught.value.strerror) == ("a.tif", "No such file or directory")
    with pytest.raises(
        ZeroDivisionError if backend == "inline" else RuntimeError, match="a mistake of the"
    ):
        made(job, ("b",), Faults())


def test_scene_that_kills_its_workers_is_an_error_of_its_own(tmp_path: Path) -> None:
    job, faults = job_of(tmp_path, "pool"), Faults()
    ask(tmp_path, {"a": {}, "b": {"dies": True}, "c": {}})
    items, _ = made(job, ("a", "b", "c"), faults)
    assert set(items) == {f"{part}-{s}" for s in "ac" for part in PARTS}
    assert len(faults.messages) == 1
    assert faults.messages[0].startswith("b: its worker died 3 times")
    assert "set work.workers lower" in faults.messages[0]
    assert not list((job.run / STAGE).glob(".tmp-*"))


def test_worker_that_sees_other_inputs_makes_nothing(tmp_path: Path) -> None:
    job = job_of(tmp_path, "pool")
    ask(tmp_path, {"a": {"changes": True}})
    with pytest.raises(ArtifactError, match="scene-a: files, settings or code are not the same"):
        made(job, ("a",))
    assert not begun(tmp_path, "scene-a")


def test_recipe_that_workers_cannot_import_is_refused(tmp_path: Path) -> None:
    job = job_of(tmp_path, "pool")
    ask(tmp_path, {"a": {}})
    with job.open(STAGE) as stage, pytest.raises(ValueError, match="import a recipe by this name"):
        make_items(job, stage, partial(numbers), ["a"], "squaring")


def test_what_a_job_keeps_is_not_kept_for_the_next(tmp_path: Path) -> None:
    job = job_of(tmp_path, "inline")
    ask(tmp_path, {"a": {}, "b": {}})
    kept = number_of_calls(job)
    assert number_of_calls(job) is kept
    made(job, ("a", "b"))
    assert number_of_calls(job) == []


@PROCESSES
def test_ctrl_c_ends_workers_and_leaves_nothing_half_made(backend: Backend, tmp_path: Path) -> None:
    job = job_of(tmp_path, backend)
    ask(tmp_path, {"a": {"hangs": True}, "b": {"hangs": True}})
    code = "import sys, tests.stages.test_crew as t; t.main(*sys.argv[1:])"
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path), backend],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    until(lambda: all(begun(tmp_path, f"grid-{name}") for name in "ab"))
    pids = [begun(tmp_path, f"grid-{name}")[0] for name in "ab"]
    assert list((job.run / STAGE).glob(".tmp-grid-*/half"))
    os.killpg(process.pid, signal.SIGINT)
    _, told = process.communicate(timeout=15)
    assert told.rstrip().endswith("KeyboardInterrupt"), told
    until(lambda: not any(map(is_alive, pids)), 5)
    names = {path.name for path in (job.run / STAGE).iterdir()} - {".lock"}
    assert names == {"scene-a", "scene-b"}, "whole items stay for the next time"


def main(folder: str, backend: Backend) -> None:
    """A driver that Ctrl-C reaches, whatever its shell says."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    made(job_of(Path(folder), backend), ("a", "b"))


def test_error_of_an_unknown_kind_is_still_one_of_the_pipeline() -> None:
    error = failure("a", {"kind": "TomorrowsError", "text": "x"})
    assert type(error) is PipelineError
    assert str(error) == "x"
    assert failure("a", {}) is None
