"""The browser that tests use."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.chain_project import ROOT

sys.path.insert(0, str(ROOT / "scripts"))

from browser import find_browser, missing_text


def chromium() -> Path:
    """Path of the browser; `make test` has installed one where it could."""
    program = find_browser()
    assert program is not None, missing_text()
    return program
