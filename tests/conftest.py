"""Fixtures that many tests share."""

from __future__ import annotations

import gc
import sys
from pathlib import Path

import pytest
from hypothesis import settings

from tests.contest_folder import write_contest_folder

# How long an example takes says more of what else the machine does than of the code.
settings.register_profile("here", deadline=None)
settings.load_profile("here")

MANY_MODULES = 200
_kept_at = [0]
"""How many modules were imported, each time they were kept."""


@pytest.fixture
def contest(tmp_path: Path) -> Path:
    """A tiny contest folder with all four band groups, three labelled scenes and one test scene."""
    return write_contest_folder(tmp_path / "raw")


def pytest_collection_finish() -> None:
    _keep_what_is_imported()


def pytest_runtest_logfinish() -> None:
    """Again when a test has brought in another large library."""
    if len(sys.modules) > _kept_at[-1] + MANY_MODULES:
        _keep_what_is_imported()


def pytest_sessionfinish() -> None:
    """What was kept may go: some libraries count what was not."""
    gc.unfreeze()


def _keep_what_is_imported() -> None:
    """What the libraries and the tests are made of stays: no search for garbage looks at it again.

    Trials and trainings look for garbage each time they end: a third of a second among the objects
    of torch, matplotlib and thousands of tests.
    """
    gc.collect()
    gc.freeze()
    _kept_at.append(len(sys.modules))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long tests first: at the end both processes have short ones left to share."""
    items.sort(key=_turn)


def _turn(item: pytest.Item) -> tuple[bool, bool]:
    return item.get_closest_marker("slow") is None, "test_real_scenes" not in item.nodeid
