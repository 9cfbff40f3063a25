"""A browser for the tests of pages, started once per module."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from scripts.browser import find_browser, missing_text
from tests.browser.shown_page import Opener


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium without a screen."""
    program = find_browser()
    assert program is not None, missing_text()
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield found
        found.close()


@pytest.fixture
def opened(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opener]:
    """Opens pages; no console error, no request and no failure may have come of them."""
    opener = Opener(browser, tmp_path_factory.mktemp("page"))
    yield opener
    opener.close()
    assert not opener.complaints
