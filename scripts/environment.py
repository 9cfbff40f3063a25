"""Make the project's virtual environment, or remake it when the pins have changed.

Runs with nothing but Python's standard library: ``python3 scripts/environment.py .venv``.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tomllib
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CONSTRAINTS = ROOT / "constraints.txt"


def pins() -> str:
    """Hash of all that decides what is installed."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [project["dependencies"], project["optional-dependencies"], sys.version_info[:2]]
    return hashlib.sha256((json.dumps(wanted) + CONSTRAINTS.read_text()).encode()).hexdigest()


def main(folder: Path) -> None:
    """Bring the environment in a folder up to the pins; do nothing if it is."""
    stamp = folder / ".ready"
    if stamp.exists() and stamp.read_text() == pins():
        stamp.touch()
        return
    print(f"setting up {folder}: about two minutes and 6 GB, once", flush=True)
    stamp.unlink(missing_ok=True)
    venv.create(folder, with_pip=True, clear=True)
    pip = [str(folder / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "install"]
    subprocess.run([*pip, "-q", "-c", str(CONSTRAINTS), "-e", f"{ROOT}[dev]"], check=True)
    stamp.write_text(pins())


if __name__ == "__main__":
    if sys.version_info < (3, 11):  # noqa: UP036 - this file runs on whatever python3 is there
        sys.exit("Python 3.11 or newer is needed: make setup PYTHON=/path/to/python3.11")
    main(Path(sys.argv[1]))
