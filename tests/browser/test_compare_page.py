"""The page of a comparison in a browser."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pipeline.config.dataset import ClassRow
from pipeline.stages.comparison.page import compare
from tests.browser.shown_page import Opener
from tests.browser.test_viewer_page import faults
from tests.stages.comparison.made_run import TRUTH, WATER, make_run, shifted

HOSTILE = ClassRow(code=1, name="</script><img src=x onerror=alert(1)>")


def test_opens_from_disk_and_shows_the_scene_that_is_asked_for(
    opened: Opener, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    make_run("one", TRUTH, classes=(HOSTILE, WATER))
    make_run("two", {**shifted(TRUTH, 2), "c": {1: []}}, classes=(HOSTILE, WATER))
    shown = opened(compare(["one", "two"]).path.read_text(encoding="utf-8"))
    shown.settle()
    headings = shown.page.locator("h2").all_inner_texts()
    assert headings[:4] == ["Scores", "What differs", "Scenes", "Learning"]
    assert shown.page.locator("img").evaluate_all("all => all.every(i => i.naturalWidth > 0)")
    before = shown.canvas()
    shown.page.locator(".show-in-viewer").last.click()
    assert not np.array_equal(before, shown.canvas())
    state = shown.state()
    assert (state["difference"], state["layers"]) == (True, ["run-1", "run-0"])
    assert state["classes"] == [HOSTILE.code]
    assert faults(shown) == []
