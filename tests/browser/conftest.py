"""A browser for the tests of pages, started once per module."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser.program import chromium
from tests.browser.shown_page import Opener


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium without a screen."""
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        yield found
        found.close()


@pytest.fixture
def opened(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opener]:
    """Opens pages; no console error, no request and no failure may have come of them."""
    opener = Opener(browser, tmp_path_factory.mktemp("page"))
    yield opener
    opener.close()
    assert not opener.complaints
