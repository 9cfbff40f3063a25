"""The command line: one message and a non-zero exit for what the user can mend."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from pipeline import cli
from tests.chain_project import ROOT, link_project, make, tiny_config, write_config


def _pipeline(*arguments: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pipeline", *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("tiles", "--config", "none.yaml"), "no such configuration"),
        (("tiles", "--config", "configs/demo.yaml", "--run", "../x"), "RUN='../x'"),
        (("tiles", "--config", "configs/demo.yaml", "--set", "train.stps=1"), "did you mean steps"),
        (("tiles", "--config", "configs/dstl.yaml", "--data", "nowhere"), "no such folder"),
        (("score", "--config", "configs/demo.yaml", "--truth", "x.csv"), "go together"),
    ],
)
def test_errors_are_one_message(arguments: tuple[str, ...], message: str, tmp_path: Path) -> None:
    (tmp_path / "configs").symlink_to(ROOT / "configs")
    (tmp_path / "pipeline").symlink_to(ROOT / "pipeline")
    done = _pipeline(*arguments, cwd=tmp_path)
    assert done.returncode == 1
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "data").exists()


def test_help_names_every_stage() -> None:
    done = _pipeline("--help")
    assert done.returncode == 0
    for name in ("scenes", "train", "submission", "score"):
        assert name in done.stdout


def test_set_of_make_holds_blanks_and_quotes(tmp_path: Path) -> None:
    link_project(tmp_path)
    (tmp_path / "raw").mkdir()
    write_config(tmp_path, tiny_config(str(tmp_path / "raw")))
    done = make(
        tmp_path,
        "RUN=x",
        """SET=train.steps=7 'polygons.min_area={7: 12, 1: 3}' "dataset.sample='a b.csv'" """,
        "data/runs/x/inputs/train.json",
    )
    assert done.returncode == 0, done.stderr
    stored = yaml.safe_load((tmp_path / "data/runs/x/config.yaml").read_text())
    assert stored["train"]["steps"] == 7
    assert stored["polygons"]["min_area"] == {"1": 3, "7": 12}
    assert stored["dataset"]["sample"] == "a b.csv"


def test_open_quote_in_set_is_one_message(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIPELINE_SET", "train.steps='7")
    done = _pipeline("tiles", "--config", "configs/demo.yaml")
    assert done.returncode == 1
    assert "close the quote" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_interrupted_command_says_how_to_go_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "_job", stop)
    monkeypatch.setattr(sys, "argv", ["pipeline", "tiles", "--config", "configs/demo.yaml"])
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert end.value.code == 130
    said = capsys.readouterr().err
    assert said == "interrupted: the same command goes on where this one stopped\n"
