"""One display, whoever shows something: a terminal stays in order, a log stays quiet."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator

import pytest

from pipeline.progress import THE_BOARD, bar, end_displays, hushed, say, track
from pipeline.progress.board import Board
from pipeline.progress.display import Display
from tests.chain_project import ROOT

WORK = """
import sys, time
from pipeline.progress import bar, say, track
for scene in track(["one", "two"], "predicting scenes", "scene"):
    with bar() as inside:
        windows = inside.add_task(f"all: {scene}", total=4)
        for number in range(4):
            time.sleep(0.15)
            inside.advance(windows)
        say(f"said after {scene}")
        print(f"printed after {scene}", file=sys.stderr)
say("end")
"""


@pytest.fixture
def now() -> list[float]:
    """The time in its only element."""
    return [100.0]


@pytest.fixture
def board(now: list[float]) -> Iterator[Board]:
    board = Board(lambda: now[0])
    yield board
    board.end()


def test_a_log_has_a_line_after_half_a_minute_of_silence(
    board: Board, now: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    with Display(board) as display:
        task = display.add_task("predict", total=40, unit="scene")
        for _ in range(39):
            now[0] += 2.0
            display.advance(task)
            board.tick()
        board.say("predict: all is well")
        now[0] += 29.0
        board.tick()
    lines = capsys.readouterr().err.splitlines()
    assert lines == [
        "predict: 15 of 40 scenes, 2.0 s/scene, about 50 s left",
        "predict: 30 of 40 scenes, 2.0 s/scene, about 20 s left",
        "predict: all is well",
    ]


def test_short_work_has_none_though_it_was_silent_before(
    board: Board, now: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    board.say("begin")
    now[0] += 60.0
    with Display(board) as display:
        task = display.add_task("short", total=3)
        for _ in range(3):
            now[0] += 0.5
            display.advance(task)
            board.tick()
    assert capsys.readouterr().err == "begin\n"
    now[0] += 60.0
    board.tick()  # nothing is shown any more
    assert capsys.readouterr().err == ""


def test_many_short_works_are_not_silent_for_ever(
    board: Board, now: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(4):
        with Display(board) as display:
            display.add_task("tuning", total=3)
            now[0] += 10.0
            board.tick()
    assert capsys.readouterr().err == "tuning: 0 of 3\n"


def test_the_log_speaks_by_itself(capsys: pytest.CaptureFixture[str]) -> None:
    """A thread asks; the work need not."""
    clock = iter([0.0, 0.0, *[100.0] * 1000])
    board = Board(lambda: next(clock))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pipeline.progress.board.QUIET_SECONDS", 0.15)
        with Display(board) as display:
            display.add_task("slow", total=2)
            said = ""
            until = time.monotonic() + 10
            while not said and time.monotonic() < until:
                time.sleep(0.01)
                said = capsys.readouterr().err
    assert "slow: 0 of 2\n" in said


def test_a_worker_shows_nothing(
    board: Board, now: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    with Display(board) as outer:
        with hushed(), Display(board) as display:
            display.advance(display.add_task("of a worker", total=3))
        outer.add_task("hidden", total=1, visible=False)
        now[0] += 60.0
        board.tick()
        outer.add_task("shown", total=1)
        now[0] += 60.0
        board.tick()
    assert capsys.readouterr().err == "shown: 0 of 1\n"


def test_the_first_to_begin_takes_all_away(board: Board, now: list[float]) -> None:
    """Generators that an error left half-way end later than what they stand in."""
    outer, inner = Display(board), Display(board)
    with outer:
        outer.add_task("outer", total=1)
        inner.add_task("inner", total=1)
    assert board._tasks == []
    inner.__exit__(None, None, None)
    with Display(board) as other:
        other.add_task("other", total=1)
        inner.__exit__(None, None, None)
        assert [task.what for task in board._tasks] == ["other"]


def test_an_error_in_a_loop_leaves_no_task() -> None:
    def work() -> None:
        for number in track([0], "dividing"):
            raise ZeroDivisionError(number)

    with pytest.raises(ZeroDivisionError):
        work()
    end_displays()
    assert THE_BOARD._tasks == []
    with bar() as display:
        display.add_task("next")
        assert [task.what for task in THE_BOARD._tasks] == ["next"]


def test_what_is_said_obeys_nobody(capsys: pytest.CaptureFixture[str]) -> None:
    say("scene \x1b[2J[red]x[/red] \u202e")
    assert capsys.readouterr().err == "scene ?[2J[red]x[/red] ?\n"
    say("data/:car:/a.tif")
    assert capsys.readouterr().err == "data/:car:/a.tif\n"


def test_a_log_of_short_work_is_what_was_said_even_in_colour() -> None:
    done = subprocess.run(
        [sys.executable, "-c", WORK],
        cwd=ROOT,
        env={**os.environ, "FORCE_COLOR": "1", "TERM": "xterm"},
        capture_output=True,
        text=True,
        check=True,
    )
    said = [f"{word} after {scene}" for scene in ("one", "two") for word in ("said", "printed")]
    assert done.stderr.splitlines() == [*said, "end"]


class _Terminal:
    """What a person sees of a program's bytes: the few commands that progress uses."""

    def __init__(self) -> None:
        self.rows: list[list[str]] = [[]]
        self.y = self.x = 0
        self.cursor = True

    def feed(self, data: str) -> None:
        for command, argument, letter in re.findall(r"\x1b\[([?0-9;]*)([A-Za-z])|(.)", data, re.S):
            if letter:
                self._put(letter)
            elif argument == "A":
                self.y = max(self.y - int(command or 1), 0)
            elif argument == "K":
                self.rows[self.y] = []
            elif command == "?25":
                self.cursor = argument == "h"

    def _put(self, letter: str) -> None:
        if letter == "\r":
            self.x = 0
        elif letter == "\n":
            self.y += 1
            self.rows += [[]] * (self.y == len(self.rows))
        else:
            row = self.rows[self.y]
            row += " " * (self.x + 1 - len(row))
            row[self.x] = letter
            self.x += 1

    @property
    def lines(self) -> list[str]:
        return ["".join(row) for row in self.rows if row]


def _on_a_terminal(
    width: int, stop: str | None = None, kind: signal.Signals = signal.SIGINT, **variables: str
) -> tuple[_Terminal, list[list[str]], str]:
    """Run the work on a terminal; what it shows at the end, at each moment, and all bytes.

    Args:
        width: Columns.
        stop: Once this is shown, the program is interrupted.
        kind: How.
        variables: Of the environment.
    """
    near, far = pty.openpty()
    fcntl.ioctl(far, termios.TIOCSWINSZ, struct.pack("HHHH", 24, width, 0, 0))
    decided = ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES")
    environment = {k: v for k, v in os.environ.items() if k not in decided}
    process = subprocess.Popen(
        [sys.executable, "-c", WORK],
        cwd=ROOT,
        env={**environment, "TERM": "xterm", **variables},
        stdin=far,
        stdout=far,
        stderr=far,
    )
    os.close(far)
    terminal, moments, data = _Terminal(), list[list[str]](), ""
    while True:
        select.select([near], [], [], 30)
        try:
            part = os.read(near, 65536).decode(errors="replace")
        except OSError:  # the program has ended
            break
        data += part
        terminal.feed(part.replace("\r\n", "\n\r"))
        moments.append(terminal.lines)
        if stop and any(stop in line for line in terminal.lines):
            process.send_signal(kind)
            stop = None
    process.wait()
    os.close(near)
    return terminal, moments, data


SAID = ["said after one", "printed after one", "said after two", "printed after two", "end"]


def test_a_terminal_shows_work_within_work_and_is_clean_afterwards() -> None:
    terminal, moments, _ = _on_a_terminal(80)
    assert terminal.lines == SAID
    assert terminal.cursor
    shown = [lines for lines in moments if any("all: two" in line for line in lines)]
    assert shown
    outer = [line for line in shown[-1] if line.startswith("predicting scenes  ━")]
    assert len(outer) == 1, "one line, not one below the other"
    assert " 1/2  " in outer[0]
    assert shown[-1][:2] == SAID[:2], "what was said stands above"


@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_terminal_is_clean(
    kind: signal.Signals, monkeypatch: pytest.MonkeyPatch
) -> None:
    caught = "import signal; signal.signal(signal.SIGTERM, signal.default_int_handler)"
    monkeypatch.setattr(sys.modules[__name__], "WORK", caught + WORK)
    terminal, _, _ = _on_a_terminal(80, stop="all: two", kind=kind)
    assert terminal.cursor
    assert terminal.lines[:2] == SAID[:2]
    assert terminal.lines[2].startswith("Traceback")
    assert not any("━" in line for line in terminal.lines)


def test_a_narrow_terminal_has_lines_that_fit() -> None:
    terminal, moments, _ = _on_a_terminal(24)
    assert terminal.lines == SAID
    assert max(len(line) for lines in moments for line in lines) <= 24


def test_a_person_who_wants_no_colour_gets_none() -> None:
    _, _, data = _on_a_terminal(80, NO_COLOR="1")
    assert "━" in data
    assert not re.search(r"\x1b\[[0-9;]*3[0-9]", data)


def test_a_dumb_terminal_has_lines_alone() -> None:
    _, _, data = _on_a_terminal(80, TERM="dumb")
    assert data.replace("\r\n", "\n").splitlines() == SAID
