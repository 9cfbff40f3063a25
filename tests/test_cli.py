"""The command line: one message and a non-zero exit for what the user can mend."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.chain_project import ROOT


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
