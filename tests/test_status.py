"""`make status`: every run, whatever its folder is called and holds."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.errors import ConfigError
from pipeline.files import write_json
from pipeline.stages.prepare import prepare
from pipeline.stages.standing import run_status
from pipeline.stages.standing.standing import Standing, standings
from tests.chain_project import link_project
from tests.stages.standing.finished_run import SCORED, job_of, make


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _status(*runs: str) -> list[str]:
    done = CliRunner().invoke(app, ["status", *runs])
    if done.exception is not None:
        raise done.exception
    return done.stdout.splitlines()


def test_it_says_what_is_done_and_why_what_is_old(project: Path) -> None:
    make(job_of(project), "scenes", "tiles", "augment", "train")
    job_of(project, train={"steps": 800})
    lines = _status()
    assert lines[0] == f"r: CONFIG={project}/configs/r.yaml"
    assert lines[1].split() == ["stage", "state", "made", "took", "items", "why"]
    assert [line.split()[:2] for line in lines[2:6]] == [
        *(["scenes", "done"], ["tiles", "done"], ["augment", "done"], ["train", "stale"])
    ]
    assert lines[5].endswith("  train.steps 6 -> 800")
    assert lines[6] == (
        "  not made: search, predict, evaluate, tune, polygons, submission, score, report"
    )
    assert all(line == line.rstrip() for line in lines)


def test_a_bad_run_stops_no_other(project: Path) -> None:
    for name in ("bad", "gone", "good", "nothing"):
        prepare(job_of(project, name))
    (project / "configs" / "bad.yaml").write_text("dataset: [")
    (project / "configs" / "gone.yaml").unlink()
    (project / "data" / "runs" / "nothing" / "config.yaml").unlink()
    (project / "configs" / "nothing.yaml").unlink()
    (project / "data" / "runs" / "empty").mkdir()
    (project / "data" / "runs" / "a file").touch()
    lines = _status()
    heads = [line.split(":")[0] for line in lines if line and line[0] != " "]
    assert heads == ["bad", "empty", "gone", "good", "nothing"]
    text = "\n".join(lines)
    assert "bad.yaml" in text
    assert f"{project}/configs/gone.yaml is gone: compared with the copy" in text
    assert "nothing/config.yaml" in text
    assert text.count("  not made: scenes, search") == 5


def test_a_run_that_cannot_be_read_stops_no_other(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("bad", "good"):
        prepare(job_of(project, name))

    def look(run: Path, *_: object, **__: object) -> list[Standing]:
        if run.name == "bad":
            raise PermissionError(13, "Permission denied", str(run))
        return standings(run)

    monkeypatch.setattr(run_status, "standings", look)
    lines = _status()
    assert lines[0].startswith("bad: ")
    assert "Permission denied" in lines[1]
    assert any(line.startswith("good: ") for line in lines)


def test_names_are_shown_harmlessly(project: Path) -> None:
    run = project / "data" / "runs" / "x\x1b[2J\n[red]\u202e"
    write_json(run / "tiles" / "manifest.json", {"items": {"a\x1b[2J": {}}})
    text = "\n".join(_status())
    assert "x?[2J?[red]?: nothing tells" in text
    assert "a?[2J/item.json was altered or deleted" in text
    assert text.replace("\n", "").isprintable()


def test_some_runs_can_be_named(project: Path) -> None:
    assert _status() == ["no runs in data/runs yet; `make demo` makes the first"]
    for name in ("a", "b"):
        (project / "data" / "runs" / name).mkdir(parents=True)
    assert [line.split(":")[0] for line in _status("b") if line[0] != " "] == ["b"]
    with pytest.raises(ConfigError, match=r"no run c; there are: a, b"):
        _status("a", "c")


def test_long_reasons_go_on_below(project: Path) -> None:
    make(job_of(project), "scenes")
    (project / "raw" / f"{'long ' * 40}.tif").touch()
    lines = _status()
    assert max(map(len, lines[1:])) <= 100
    assert "1 raw file added" in lines[2]
    assert lines[3].startswith(" " * 36)


@pytest.mark.slow
def test_five_runs_take_less_than_two_seconds_and_no_torch(project: Path) -> None:
    make(job_of(project, "r0"), *SCORED)
    for number in range(1, 5):
        shutil.copytree(project / "data/runs/r0", project / f"data/runs/r{number}")
    link_project(project)
    code = (
        "import sys; from pipeline.cli import app; app(['status'], standalone_mode=False); "
        "assert 'torch' not in sys.modules"
    )
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=project, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("not made: search, tune, report") == 5
    assert time.monotonic() - started < 10  # 1.6 s where nothing else runs
