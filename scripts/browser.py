"""Have a Chromium browser for the tests of the report and for its pictures.

Runs with nothing but Python's standard library: ``python scripts/browser.py`` looks for one,
installs one where that needs nobody's password, and otherwise says what to install. The exit
status is 1 only in CI: there, tests without a browser would hide what they are for.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome")
PACKAGES = ("chromium", "fonts-dejavu-core")
"""Debian's. A bare container has no font at all, and pages of boxes."""
DOWNLOADS = {
    "linux": ("~/.cache/ms-playwright", "chrome-linux*/chrome"),
    "darwin": ("~/Library/Caches/ms-playwright", "chrome-mac*/*.app/Contents/MacOS/*"),
}
"""Where playwright keeps its browsers, and the program within ``chromium-<number>``."""
MOST_SECONDS = 20
"""For a browser to say its version: seconds on a machine that is at work."""
LAST_LINES = 5


def find_browser() -> Path | None:
    """The first browser that starts: $CHROMIUM, of this machine, or playwright's own download."""
    return next((path for path in _candidates(os.environ) if starts(path)), None)


def _candidates(environment: Mapping[str, str]) -> Iterator[Path]:
    named = environment.get("CHROMIUM")
    for name in [named] if named else NAMES:
        found = shutil.which(name)
        if found:
            yield Path(found)
    if not named and sys.platform in DOWNLOADS:
        folder, program = DOWNLOADS[sys.platform]
        kept = Path(environment.get("PLAYWRIGHT_BROWSERS_PATH") or folder).expanduser()
        yield from sorted(kept.glob(f"chromium-*/{program}"), reverse=True)


def starts(path: Path) -> bool:
    """Whether a program says its version: a place holder of Ubuntu's does not."""
    command = [str(path), "--version"]
    try:
        done = subprocess.run(command, capture_output=True, timeout=MOST_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def ways() -> list[list[list[str]]]:
    """Ways to install a browser without a password, the likeliest first: commands of each."""
    root = _become_root()
    with_system = ["--with-deps"] if root is not None else []
    own = [[sys.executable, "-m", "playwright", "install", *with_system, "chromium"]]
    if root is None or not shutil.which("apt-get"):
        return [own]
    quiet = [*root, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq"]
    install = [*quiet, "install", "-y", "--no-install-recommends", *PACKAGES]
    return [[[*quiet, "update"], install], own]


def _become_root() -> list[str] | None:
    """What to write before a command that only root may run; None where that takes a password."""
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        return []
    sudo = ["sudo", "-n"]
    if not shutil.which("sudo") or not _ran([*sudo, "true"]):
        return None
    return sudo


def _ran(command: Sequence[str]) -> bool:
    """Run a command quietly; if it fails, show the end of what it said."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        print(f"{command[0]}: {error}", file=sys.stderr)
        return False
    if done.returncode:
        said = (done.stdout + done.stderr).strip().splitlines()[-LAST_LINES:]
        print("\n".join([f"failed: {' '.join(command)}", *said]), file=sys.stderr)
    return done.returncode == 0


def make_available() -> Path | None:
    """Find a browser, or install one in the first way that works; None if there is none."""
    found = find_browser()
    if found or os.environ.get("CHROMIUM"):
        return found
    for commands in ways():
        print(f"no Chromium here; installing it: {' '.join(commands[-1])}", flush=True)
        if all(_ran(command) for command in commands):
            found = find_browser()
            if found:
                return found
    return None


def missing_text() -> str:
    """What is missing, and what to do about it."""
    named = os.environ.get("CHROMIUM")
    if named:
        return f"CHROMIUM={named}: no browser that starts; name another program, or unset it"
    return (
        f"no Chromium browser ({', '.join(NAMES)}): the report's tests and pictures need one. "
        "Install your system's chromium or google-chrome, or run "
        "`.venv/bin/python -m playwright install --with-deps chromium`, or set CHROMIUM=/its/path"
    )


def main() -> int:
    """Make a browser available; the exit status."""
    if make_available():
        return 0
    print(missing_text(), file=sys.stderr)
    return 1 if os.environ.get("CI") else 0


if __name__ == "__main__":
    sys.exit(main())
