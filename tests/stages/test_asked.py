"""What a run was asked for is kept, and can be asked again as it is told."""

from __future__ import annotations

import os
import shlex
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.files import write_json
from pipeline.stages.asked import ASKED, Asked, note_asked

PLAIN = Asked(Path("configs/demo.yaml"), "demo")


def test_the_command_has_what_was_given() -> None:
    assert PLAIN.command("report") == "make report CONFIG=configs/demo.yaml"
    full = Asked(Path("c.yaml"), "r", Path("/a b"), ("train.steps=7", "polygons.rules=[a, b]"))
    assert full.command("score", "tune.use=true") == (
        "make score CONFIG=c.yaml RUN=r DATA='/a b' "
        "SET=\"train.steps=7 'polygons.rules=[a, b]' tune.use=true\""
    )


@pytest.mark.parametrize(
    "texts",
    [
        ("train.steps=7", "polygons.min_area={7: 12}"),
        ("dataset.sample='a b.csv'", 'x.y="`$HOME $(id) !`"', "a.b=\\"),
        ("a.b=$$", "c.d='\"'"),
    ],
)
def test_shell_and_make_read_what_was_asked(texts: tuple[str, ...], tmp_path: Path) -> None:
    """Through both, as the commands of this Makefile take them."""
    (tmp_path / "Makefile").write_text(
        'export PIPELINE_SET = $(strip $(SET))\nscore:\n\t@printenv PIPELINE_SET > "$(DATA)"\n'
    )
    asked = Asked(Path("c.yaml"), "r", tmp_path / "it's here", texts)
    subprocess.run(["bash", "-c", asked.command("score")], cwd=tmp_path, check=True)
    assert asked.data is not None
    assert shlex.split(asked.data.read_text()) == list(texts)


@given(texts=st.lists(st.text(min_size=1)), data=st.none() | st.just("a/b"))
def test_what_is_kept_is_read_again(
    texts: list[str], data: str | None, tmp_path_factory: pytest.TempPathFactory
) -> None:
    run = tmp_path_factory.getbasetemp() / "r"
    asked = Asked(Path("c.yaml"), "r", None if data is None else Path(data), tuple(texts))
    write_json(run / "inputs" / ASKED, asked.to_json())
    assert Asked.read(run) == asked


@pytest.mark.parametrize("text", ["", "[]", '{"config": 3}', '{"config": "c", "set": 3}'])
def test_what_makes_no_sense_tells_nothing(text: str, tmp_path: Path) -> None:
    (tmp_path / "inputs").mkdir()
    (tmp_path / "inputs" / ASKED).write_text(text)
    assert Asked.read(tmp_path) is None


def test_its_time_is_when_make_began(tmp_path: Path) -> None:
    path = tmp_path / "inputs" / ASKED
    note_asked(tmp_path, PLAIN, begins=True)
    os.utime(path, (1, 1))
    note_asked(tmp_path, PLAIN, begins=False)  # a stage of the same command
    assert path.stat().st_mtime == 1
    note_asked(tmp_path, PLAIN, begins=True)
    assert path.stat().st_mtime > 1
    os.utime(path, (1, 1))
    note_asked(tmp_path, Asked(PLAIN.config, "demo", None, ("a.b=1",)), begins=False)
    assert path.stat().st_mtime > 1
