"""What Make asks of the command line, in which order, and how it reads names: no stage is run."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.chain_project import link_project

COMMAND = """#!/bin/bash
# Stands in for the pipeline: notes when it ends, and leaves what Make waits for.
run=$(sed 's/.*--run \\([^ ]*\\).*/\\1/' <<< "$*")
mkdir -p "data/runs/$run/inputs" "data/runs/$run/$1"
if [ "$1" = report ]; then sleep 0.5; fi
if [ "$1" = prepare ]
then for stage in $STAGES; do touch "data/runs/$run/inputs/$stage.json"; done
else touch "data/runs/$run/$1/manifest.json"
fi
echo "$*" >> said
"""


QUIET = """#!/bin/bash
# Stands in for the pipeline where nothing but a report is made.
if [ "$1" = report ]; then touch data/runs/demo/report/manifest.json; fi
echo "$*" >> said
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    link_project(tmp_path)
    command = tmp_path / "command"
    command.write_text(COMMAND)
    command.chmod(0o755)
    return tmp_path


def _make(folder: Path, *arguments: str) -> list[str]:
    """What the command line was asked for, in order of its ends."""
    stages = "scenes search tiles augment train predict evaluate tune polygons submission score"
    subprocess.run(
        ["make", "PIPELINE=./command", *arguments],
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", "STAGES": f"{stages} report"},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return (folder / "said").read_text().splitlines()


@pytest.mark.parametrize("asked", [("score", "report"), ("report", "score")])
def test_the_summary_comes_once_and_last(project: Path, asked: tuple[str, str]) -> None:
    said = [line.split()[0] for line in _make(project, "-j4", *asked)]
    assert said.count("summary") == 1
    assert said[-1] == "summary"
    assert said.index("score") < said.index("report"), "a report shows the score that was asked for"


def test_a_folder_of_configurations_may_have_blanks(project: Path) -> None:
    """The command that a summary names leaves RUN out where it is the file's name."""
    said = _make(project, "scenes", "CONFIG=my files/one.yaml", "DATA=raw files")
    options = "--config my files/one.yaml --run one --data raw files"
    assert said == [f"{command} {options}" for command in ("prepare", "scenes", "summary")]


def test_a_run_of_two_words_is_an_error(project: Path) -> None:
    with pytest.raises(subprocess.CalledProcessError) as caught:
        _make(project, "scenes", "RUN=a b")
    assert "RUN='a b': the name of a run is one word" in caught.value.stderr
    assert not (project / "said").exists()


def test_a_report_makes_nothing_but_itself_and_what_is_asked_for_beside_it(project: Path) -> None:
    said = [line.split()[0] for line in _make(project, "report")]
    assert said == ["prepare", "report", "summary"]
    (project / "said").unlink()
    said = [line.split()[0] for line in _make(project, "polygons", "report")]
    assert said[-3:] == ["polygons", "report", "summary"]
    assert {"scenes", "train"} <= set(said)
    assert "score" not in said


def test_a_wrong_key_leaves_what_the_next_command_compares(project: Path) -> None:
    _make(project, "scenes")
    inputs = sorted((project / "data/runs/demo/inputs").iterdir())
    times = [path.stat().st_mtime_ns for path in inputs]
    (project / "command").write_text("#!/bin/bash\nexit 1\n")
    with pytest.raises(subprocess.CalledProcessError) as caught:
        _make(project, "scenes")
    assert "Deleting" not in caught.value.stderr
    assert [path.stat().st_mtime_ns for path in inputs] == times


def test_a_report_is_asked_again_where_something_that_it_shows_has_changed(project: Path) -> None:
    def asked() -> bool:
        (project / "said").unlink(missing_ok=True)
        return any(line.startswith("report ") for line in _make(project, "report"))

    runs = project / "data" / "runs"
    _make(project, "score", "report")
    for aside in ("prepare", "summary"):  # the stand-in leaves manifests there, the real one none
        shutil.rmtree(runs / "demo" / aside)
    (project / "command").write_text(QUIET)
    assert not asked()
    for shown in ("demo/polygons", "other/score"):
        (runs / shown).mkdir(parents=True, exist_ok=True)
        (runs / shown / "manifest.json").touch()
        assert asked(), shown
        assert not asked()
    (runs / "demo/inputs/train.json").touch()
    assert asked()
