"""A process that has imported what it needs, and forks itself for each piece of work.

To start Python and to import the libraries takes seconds; a test that kills a process a dozen
times would do little else.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from signal import SIGKILL

from tests.chain_project import ROOT, environment

# The parent alone sends signals and hears of ends, so a number never means another process.
_SERVER = """
import os, signal, sys
PREPARE
def start(argument):
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        quiet = os.open(os.devnull, os.O_RDWR)
        for number in (0, 1, 2):
            os.dup2(quiet, number)
        work(argument)
        code = 0
    finally:
        os._exit(code)
child = ended = None
print("ready", flush=True)
for line in sys.stdin:
    order, _, argument = line.rstrip("\\n").partition(" ")
    if order == "start":
        child, ended = start(argument), None
    elif ended is None:
        if order == "kill":
            os.kill(child, signal.SIGKILL)
        found, status = os.waitpid(child, os.WNOHANG if order == "poll" else 0)
        ended = os.waitstatus_to_exitcode(status) if found else None
    print(ended, flush=True)
"""


class Forked:
    """The process at work; as of :class:`subprocess.Popen`, what tests of kills need."""

    def __init__(self, server: subprocess.Popen[str]) -> None:
        self._server = server

    def start(self, argument: str) -> None:
        """Begin a piece of work, after the one before has ended."""
        self._ask(f"start {argument}")

    def poll(self) -> int | None:
        """Its exit code, or None while it is at work."""
        return self._ask("poll")

    def wait(self) -> int:
        """Its exit code, when it has ended."""
        return self._code("wait")

    def kill(self) -> bool:
        """Kill it; False if it had ended well before."""
        code = self._code("kill")
        assert code in (0, -SIGKILL)
        return code != 0

    def _code(self, order: str) -> int:
        code = self._ask(order)
        assert code is not None
        return code

    def _ask(self, order: str) -> int | None:
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        self._server.stdin.write(f"{order}\n")
        self._server.stdin.flush()
        answer = self._server.stdout.readline().strip()
        assert answer, "the process that forks is gone"
        return None if answer == "None" else int(answer)


@contextmanager
def forked(prepare: str, folder: Path) -> Iterator[Forked]:
    """Start the process.

    Args:
        prepare: Source that imports and defines ``work(argument)``, which is run in each fork.
        folder: Where it runs.
    """
    process = subprocess.Popen(
        [sys.executable, "-c", _SERVER.replace("PREPARE", prepare)],
        cwd=folder,
        env={**environment(), "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield Forked(process)
    finally:
        process.kill()
        process.communicate()
