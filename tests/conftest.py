"""Fixtures that many tests share."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.contest_folder import write_contest_folder


@pytest.fixture
def contest(tmp_path: Path) -> Path:
    """A tiny contest folder with all four band groups, three labelled scenes and one test scene."""
    return write_contest_folder(tmp_path / "raw")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long tests first: at the end both processes have short ones left to share."""
    items.sort(key=_turn)


def _turn(item: pytest.Item) -> tuple[bool, bool]:
    return item.get_closest_marker("slow") is None, "test_real_scenes" not in item.nodeid
