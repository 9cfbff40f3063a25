"""Pictures of the docs: small, in true colours, of pages as a browser shows them."""

from __future__ import annotations

import io
import re
import sys
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Error

from pipeline.reporting.page.blocks import (
    Block,
    Gallery,
    Group,
    Picture,
    Place,
    Section,
    Table,
    Target,
    Text,
)
from pipeline.reporting.page.rendering import render_page
from pipeline.reporting.viewer.data import Viewer
from tests.browser.made_viewer import box, classes, scene
from tests.browser.shown_page import LAYERS, PAIRS, show_button
from tests.chain_project import ROOT

sys.path.insert(0, str(ROOT / "scripts"))

import figures
from figure_making import shots, shrinking

YELLOW, FOUND, MISSED = (240, 228, 66), (0x5B, 0x8F, 0xF9), (0xD8, 0x1B, 0x78)


def _noise(side: int) -> Image.Image:
    """Green and brown noise with a patch of a rare yellow: half a thousandth of the pixels."""
    rng = np.random.default_rng(3)
    pixels = rng.integers((40, 60, 20), (140, 120, 80), (side, side, 3)).astype(np.uint8)
    few = side // 45
    pixels[:few, :few] = YELLOW
    return Image.fromarray(pixels)


def _opened(data: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(data)) as picture:
        return np.asarray(picture.convert("RGB")).astype(int)


@pytest.mark.parametrize("form", ["png", "webp"])
def test_large_pictures_become_small_the_same_each_time(
    form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture = _noise(180)
    best = len(shrinking.small_bytes(picture, form))
    monkeypatch.setattr(shrinking, "MOST_BYTES", best * 3 // 4)
    less = shrinking.small_bytes(picture, form)
    assert len(less) <= best * 3 // 4
    assert less == shrinking.small_bytes(picture, form)
    with Image.open(io.BytesIO(less)) as file:
        assert (file.format, file.size) == (form.upper(), (180, 180))


def test_a_rare_colour_stays_what_it_is() -> None:
    picture = _noise(180)
    pixels = _opened(shrinking.small_bytes(picture, "png"))
    off = np.abs(pixels - np.asarray(picture)).max(axis=-1)
    assert off[0, 0] == 0
    assert off.mean() < 8
    assert off.max() < 32


def test_what_cannot_be_small_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shrinking, "MOST_BYTES", 100)
    with pytest.raises(ValueError, match="and 100 are the limit; show less"):
        shrinking.small_bytes(_noise(90), "webp")


def test_what_is_transparent_becomes_white() -> None:
    clear = Image.new("RGBA", (4, 3), (0, 0, 0, 0))
    assert (_opened(shrinking.small_bytes(clear, "png")) == 255).all()


def test_pictures_are_narrowed_and_stacked() -> None:
    wide = Image.new("RGB", (100, 40), "red")
    assert shrinking.narrowed(wide, 50).size == (50, 20)
    assert shrinking.narrowed(wide, 200).size == (100, 40)
    sheet = shrinking.stacked([wide, Image.new("RGB", (60, 10), "blue")], 5)
    assert sheet.size == (100, 55)
    places = ((0, 39), (99, 42), (59, 54), (60, 54))
    found = [sheet.getpixel(place) for place in places]
    assert found == [(255, 0, 0), (255, 255, 255), (0, 0, 255), (255, 255, 255)]


def test_what_lacks_its_run_stays_and_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(shots, "chromium", lambda: pytest.fail("pictures need no browser"))
    _noise(120).save(tmp_path / "there.png")
    old = tmp_path / "images" / "old.png"
    old.parent.mkdir()
    old.write_bytes(b"old")
    rows = (
        figures.Figure("old.png", tmp_path / "not.png", "make other"),
        figures.Figure("page.webp", tmp_path / "not.html", "make demo", shots.top),
        figures.Figure("new.png", tmp_path / "there.png", "make demo", width=60),
    )
    assert figures.renew(rows, old.parent) == 1
    assert old.read_bytes() == b"old"
    with Image.open(old.parent / "new.png") as picture:
        assert picture.size == (60, 60)
    said = capsys.readouterr().out.splitlines()
    assert said[0] == f"old.png: not made: no {tmp_path / 'not.png'}; `make other` makes it"
    assert said[1].startswith("page.webp: not made: no ")
    assert said[2].startswith("new.png: ")


def test_pictures_of_the_docs_are_there_small_and_made_by_the_script() -> None:
    made = {row.name for row in figures.FIGURES}
    pages = [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
    shown = {
        name
        for page in pages
        for name in re.findall(r"\]\((?:docs/)?images/(.+?)\)", page.read_text())
    }
    files = {path.name: path for path in (ROOT / "docs" / "images").iterdir()}
    assert shown <= made
    assert shown <= set(files)
    assert set(files) <= made
    large = {name for name, path in files.items() if path.stat().st_size > shrinking.MOST_BYTES}
    assert not large


def test_what_cannot_be_made_stays_and_the_others_are_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(browser: Browser, file: Path, shot: shots.Shot) -> Image.Image:
        raise Error("no such element\nCall log:\n  waiting")

    monkeypatch.setattr(shots, "chromium", nullcontext)
    monkeypatch.setattr(shots, "shot_of", fail)
    source, old = tmp_path / "there.png", tmp_path / "old.webp"
    _noise(60).save(source)
    old.write_bytes(b"old")
    rows = (
        figures.Figure(old.name, source, "make demo", shots.worst),
        figures.Figure("new.png", source, "make demo"),
    )
    assert figures.renew(rows, tmp_path) == 1
    assert old.read_bytes() == b"old"
    said = capsys.readouterr().out.splitlines()
    assert said[0] == f"old.webp: not made, the old one stays: {source}: no such element"
    assert said[1].startswith("new.png: ")


@pytest.fixture
def page(tmp_path: Path) -> Path:
    """A report with one scene: a square that was found, and one that was missed."""
    drawn = {"prediction": {1: [box(10, 10, 30)]}, "truth": {1: [box(10, 10, 30), box(60, 60, 30)]}}
    legend = Table("Colours", ("colour",), (("found",), ("missed",)))
    place = Target(shots.SCENE, (0, 0, 9, 9))
    gallery = Gallery("Worst", (show_button(place),))
    blocks: tuple[Block, ...] = (legend, Group("Buildings: 0.5", (gallery,), folded=True))
    sections = (
        Section("scores", "At a glance", (Text("Good."), show_button(place), Text("End."))),
        Section("scenes", "Scenes", (Place(),)),
        Section("patches", "Patches", blocks),
    )
    viewer = Viewer(classes(), LAYERS, PAIRS, (scene("other", drawn), scene(shots.SCENE, drawn)))
    file = tmp_path / "report.html"
    file.write_text(render_page("Run", "What was found.", sections, viewer))
    return file


@pytest.mark.slow
def test_pages_are_shown_as_a_browser_shows_them(page: Path, tmp_path: Path) -> None:
    rows = [
        figures.Figure(f"{name}.webp", page, "", shot)
        for name, shot in (("top", shots.top), ("viewer", shots.viewer), ("worst", shots.worst))
    ]
    assert figures.renew(rows, tmp_path) == 3
    top, viewer, worst = (_opened((tmp_path / row.name).read_bytes()) for row in rows)
    assert top.shape[1] == worst.shape[1] == viewer.shape[1] == 1800
    assert 300 < len(top) < 1200
    assert (top[:150] < 128).any()
    assert (worst < 128).any()

    def share(colour: tuple[int, ...]) -> float:
        return float((np.abs(viewer - colour).max(axis=-1) < 60).mean())

    assert share(FOUND) > 0.02
    assert share(MISSED) > 0.01


@pytest.mark.slow
@pytest.mark.parametrize("name", ["Buildings: 0.5", "Crops: 0.5"])
def test_classes_that_are_folded_away_are_opened(name: str, tmp_path: Path) -> None:
    picture = io.BytesIO()
    _noise(300).save(picture, "webp")
    gallery = Gallery("Worst", (Picture(picture.getvalue(), "webp", "noise", "noise"),))
    blocks = (Table("Colours", ("colour",), (("found",),)), Group(name, (gallery,), folded=True))
    file = tmp_path / "report.html"
    file.write_text(render_page("Run", "None.", (Section("patches", "Patches", blocks),)))
    row = figures.Figure("worst.png", file, "", shots.worst)
    assert figures.renew((row,), tmp_path) == 1
    shown = _opened((tmp_path / "worst.png").read_bytes())
    assert (np.abs(shown - YELLOW).max(axis=-1) < 30).any()  # only the picture has it


def test_without_a_browser_it_is_said_what_to_install(
    page: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CHROMIUM", "/nowhere/chrome")
    row = replace(figures.FIGURES[0], source=page)
    monkeypatch.setattr(figures, "FIGURES", (row,))
    monkeypatch.setattr(figures, "FOLDER", page.parent / "images")
    assert figures.main() == 1
    assert "CHROMIUM=/nowhere/chrome" in capsys.readouterr().out
