"""The state of each stage is what its files say, and why."""

from __future__ import annotations

import json
import math
import os
import shutil
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipeline.artifacts import MADE_FROM, MANIFEST
from pipeline.files import write_json
from pipeline.stages.job import Job
from pipeline.stages.prepare import prepare
from pipeline.stages.standing.standing import Standing, standings
from tests.stages.standing.finished_run import SCORED, job_of, make


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a run that is finished up to its score."""
    folder = tmp_path_factory.mktemp("template")
    make(job_of(folder), *SCORED)
    return folder


@pytest.fixture
def job(tmp_path: Path, template: Path) -> Job:
    """A copy of it: times are copied, too."""
    shutil.copytree(template, tmp_path, dirs_exist_ok=True)
    return job_of(tmp_path)


def _by_name(job: Job, now: Job | None = None) -> dict[str, Standing]:
    return {stage.stage: stage for stage in standings(job.run, now or job)}


def test_a_finished_run_is_done(job: Job) -> None:
    found = _by_name(job)
    assert {name for name, stage in found.items() if stage.state == "done"} == set(SCORED)
    assert {name for name, stage in found.items() if stage.state == "missing"} == {
        *("search", "tune", "report")
    }
    tiles = found["tiles"]
    assert (tiles.items, tiles.built, tiles.why) == (1, 1, ())
    assert tiles.seconds is not None
    assert tiles.made_at is not None
    assert abs((datetime.now(UTC) - tiles.made_at).total_seconds()) < 60


def test_another_setting_makes_what_follows_old_and_nothing_is_written(
    job: Job, tmp_path: Path
) -> None:
    before = {p: p.stat().st_mtime_ns for p in job.run.rglob("*")}
    found = _by_name(job, job_of(tmp_path, train={"steps": 800}))
    assert {path: path.stat().st_mtime_ns for path in job.run.rglob("*")} == before
    states = {name: stage.state for name, stage in found.items() if stage.is_made}
    old = ("train", "predict", "evaluate", "polygons", "submission", "score")
    assert states == {name: "stale" if name in old else "done" for name in SCORED}
    assert found["train"].why == ("train.steps 6 -> 800",)
    assert found["predict"].why == ("after train",)
    assert found["evaluate"].why == ("after predict",)


def test_other_raw_files_are_named(job: Job, tmp_path: Path) -> None:
    (tmp_path / "raw" / "b.tif").write_bytes(b"12")
    assert _by_name(job)["scenes"].why == ("1 raw file added: b.tif",)


def test_a_stage_that_was_remade_makes_old_what_was_made_from_it(job: Job, tmp_path: Path) -> None:
    other = job_of(tmp_path, tiles={"metres": 1.24})
    make(other, "scenes", "tiles")
    found = _by_name(job, other)
    assert found["tiles"].state == "done"
    why = found["augment"].why
    assert "1 item of tiles changed: scene-a" in why
    assert "tiles.metres 2.48 -> 1.24" in why


def test_newer_times_alone_are_told_apart(job: Job) -> None:
    make(job, "tiles")
    found = _by_name(job)
    assert found["tiles"].state == "done"
    assert found["augment"].state == "stale"
    assert "older than tiles, same content" in found["augment"].why[0]
    assert found["predict"].why == ("after augment",)
    time.sleep(0.01)
    os.utime(job.run / "inputs" / "scenes.json")
    assert "older than its inputs, same content" in _by_name(job)["scenes"].why[0]


def test_a_run_of_an_older_version_is_judged_by_times_and_code(job: Job, tmp_path: Path) -> None:
    for stage in SCORED:
        path = job.run / stage / MANIFEST
        kept = {k: v for k, v in json.loads(path.read_text()).items() if k in ("items", "code")}
        write_json(path, kept)
        (job.run / stage / MADE_FROM).unlink()
    found = _by_name(job)
    assert {found[name].state for name in SCORED} == {"done"}
    assert found["tiles"].built is None
    changed = job_of(tmp_path, train={"steps": 800})
    assert _by_name(job, changed)["train"].why == ("train.steps 6 -> 800",)
    time.sleep(0.01)
    prepare(changed)
    assert _by_name(job, changed)["train"].why == ("settings or files have changed since",)
    manifest = json.loads((job.run / "train" / MANIFEST).read_text())
    write_json(job.run / "train" / MANIFEST, {**manifest, "code": "0"}, 1)
    assert _by_name(job, changed)["train"].why == ("code of the stage changed",)


def test_a_stage_at_work_is_running_and_says_how_far(job: Job) -> None:
    with job.open("train") as folder:
        work = folder.workspace("all-fold-1", {})
        write_json(work / "tensorboard" / "progress.json", {"step": 300, "steps": 600})
        train = _by_name(job)["train"]
        assert train.state == "running"
        assert train.why == ("all-fold-1 at step 300 of 600",)
        folder.item("scene-a", job.settings("train"), lambda _: None)
    assert _by_name(job)["train"].state == "done"


def test_work_for_settings_that_were_taken_back_is_not_asked_for(job: Job, tmp_path: Path) -> None:
    """A training of more steps was stopped, and the one of before is wanted again."""
    longer = job_of(tmp_path, train={"steps": 800})
    prepare(longer)

    def stop() -> None:
        with longer.open("train") as folder:
            folder.workspace("scene-a", longer.settings("train"))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stop()
    stopped = _by_name(job, longer)["train"]
    assert (stopped.state, stopped.why) == ("interrupted", ("scene-a begun",))
    make(job_of(tmp_path), "train")
    assert _by_name(job)["train"].state == "done"
    prepare(longer)
    assert _by_name(job, longer)["train"].state == "interrupted", "its checkpoint is still there"


def test_what_was_interrupted_says_what_it_has(tmp_path: Path) -> None:
    job = job_of(tmp_path)
    make(job, "scenes")

    def work() -> None:
        with job.open("train") as folder:
            folder.item("all-fold-0", {}, lambda target: None)
            folder.workspace("all-fold-1", {"rate": 1})
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        work()
    train = _by_name(job)["train"]
    assert (train.state, train.items) == ("interrupted", 1)
    assert train.why == ("all-fold-1 begun", "1 item made")
    search = job.run / "search"
    search.mkdir()
    (search / "together.jsonl").write_text("{}\n{}\n")
    assert _by_name(job)["search"].why == ("together: 2 results so far",)


@pytest.mark.parametrize("file", ["scene-a/x.json", "scene-a/item.json"])
@pytest.mark.parametrize("harm", [Path.unlink, lambda path: path.write_text("{")])
def test_a_damaged_file_is_named(job: Job, file: str, harm: object) -> None:
    assert callable(harm)
    harm(job.run / "tiles" / file)
    found = _by_name(job)
    assert found["tiles"].state == "damaged"
    assert found["tiles"].why == (f"{file} was altered or deleted",)
    assert found["augment"].why == ("after tiles",)


@pytest.mark.parametrize("text", ["", "[]", '{"items": 3}', '{"items": {"a": 3}}', "\x00"])
def test_a_manifest_that_makes_no_sense_is_no_error(job: Job, text: str) -> None:
    (job.run / "tiles" / MANIFEST).write_text(text)
    assert _by_name(job)["tiles"].state in ("interrupted", "damaged")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        *(("seconds", value) for value in (math.inf, math.nan, -1, 1e300)),
        *(("made_at", f"{year}-12-31T23:59:59-23:00") for year in ("0001", "9999")),
    ],
)
def test_times_that_make_no_sense_are_not_told(job: Job, key: str, value: object) -> None:
    path = job.run / "tiles" / MANIFEST
    path.write_text(json.dumps(json.loads(path.read_text()) | {key: value}))
    found = _by_name(job)["tiles"]
    assert found.state == "done"
    assert found.seconds is None or key != "seconds"
    assert found.made_at is not None
    assert abs(found.made_at.timestamp() - time.time()) < 1e6


def test_a_manifest_too_deep_to_read_is_no_error(job: Job) -> None:
    (job.run / "tiles" / MANIFEST).write_text("[" * 100_000)
    assert _by_name(job)["tiles"].state == "interrupted"


def test_without_a_record_nothing_is_said_of_content(job: Job) -> None:
    (job.run / "tiles" / MADE_FROM).unlink()
    os.utime(job.run / "tiles" / MANIFEST, (2e9, 2e9))
    os.utime(job.run / "scenes" / MANIFEST, (2.1e9, 2.1e9))
    assert _by_name(job)["tiles"].why == ("older than scenes",)


def test_a_file_with_another_time_and_the_same_bytes_is_whole(job: Job) -> None:
    os.utime(job.run / "tiles" / "scene-a" / "x.json", (1, 1))
    assert _by_name(job)["tiles"].state == "done"
