"""Fixtures that many tests share."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.contest_folder import write_contest_folder


@pytest.fixture
def contest(tmp_path: Path) -> Path:
    """A tiny contest folder with all four band groups, three labelled scenes and one test scene."""
    return write_contest_folder(tmp_path / "raw")
