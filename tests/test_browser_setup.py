"""Where a browser is looked for, how one is installed, what is said where there is none."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.chain_project import ROOT

sys.path.insert(0, str(ROOT / "scripts"))

import browser

APT = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq"]
OWN = [sys.executable, "-m", "playwright", "install"]
Programs = Callable[..., Path]


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A bare machine: a folder of programs that is empty, nobody's home, and not CI."""
    for name in ("CHROMIUM", "CI", "PLAYWRIGHT_BROWSERS_PATH"):
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    return folder


def _program(path: Path, does: str = "exit 0") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{does}\n")
    path.chmod(0o755)
    return path


def test_the_named_one_comes_before_all_others(
    machine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _program(machine / "chromium")
    named = _program(tmp_path / "elsewhere" / "my-chrome")
    monkeypatch.setenv("CHROMIUM", str(named))
    assert browser.find_browser() == named


def test_a_named_one_that_is_not_there_is_a_fault_and_no_other_is_taken(
    machine: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _program(machine / "chromium")
    monkeypatch.setenv("CHROMIUM", "/nowhere/chrome")
    assert browser.find_browser() is None
    monkeypatch.setenv("CI", "true")
    assert browser.main() == 1
    assert "CHROMIUM=/nowhere/chrome: no browser that starts" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("there", "taken"),
    [
        (("google-chrome", "chromium-browser", "chromium"), "chromium"),
        (("google-chrome", "chromium-browser"), "chromium-browser"),
        (("google-chrome",), "google-chrome"),
    ],
)
def test_those_of_the_path_come_in_turn(machine: Path, there: list[str], taken: str) -> None:
    for name in there:
        _program(machine / name)
    assert browser.find_browser() == machine / taken


@pytest.mark.parametrize("does", ["echo needs the snap; exit 1", "/nowhere/chrome", "kill -9 $$"])
def test_a_place_holder_is_passed_over(machine: Path, does: str) -> None:
    _program(machine / "chromium-browser", does)
    assert browser.find_browser() is None
    other = _program(machine / "google-chrome")
    assert browser.find_browser() == other


def test_one_that_hangs_is_passed_over(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _program(machine / "chromium", "while true; do :; done")
    monkeypatch.setattr(browser, "MOST_SECONDS", 0.2)
    assert browser.find_browser() is None


def test_playwrights_newest_download_is_taken(
    machine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = tmp_path / "home" / ".cache" / "ms-playwright"
    _program(kept / "chromium-1140" / "chrome-linux" / "chrome")
    new = _program(kept / "chromium-1255" / "chrome-linux64" / "chrome")
    assert browser.find_browser() == new
    moved = _program(tmp_path / "moved" / "chromium-1" / "chrome-linux" / "chrome")
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path / "moved"))
    assert browser.find_browser() == moved
    on_path = _program(machine / "chromium")
    assert browser.find_browser() == on_path


def test_root_on_debian_takes_the_package_and_a_font(
    machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _program(machine / "apt-get")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    install = [*APT, "install", "-y", "--no-install-recommends", "chromium", "fonts-dejavu-core"]
    assert browser.ways() == [[[*APT, "update"], install], [[*OWN, "--with-deps", "chromium"]]]


def test_others_take_it_by_sudo_only_without_a_password(machine: Path) -> None:
    _program(machine / "apt-get")
    assert browser.ways() == [[[*OWN, "chromium"]]]
    _program(machine / "sudo", "exit 1")
    assert browser.ways() == [[[*OWN, "chromium"]]]
    _program(machine / "sudo", '[ "$1" = -n ]')
    assert [way[0][:2] for way in browser.ways()] == [["sudo", "-n"], OWN[:2]]


def test_what_is_there_is_not_installed_again(
    machine: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _program(machine / "chromium")
    monkeypatch.setattr(browser, "ways", lambda: pytest.fail("asked how to install it"))
    assert browser.main() == 0
    assert capsys.readouterr().out == ""


def test_the_first_way_that_works_is_taken(
    machine: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    done = []

    def run(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        done.append(command[0])
        if command[0] == "second":
            _program(machine / "chromium")
        code = 100 if command[0] == "first" else 0
        return subprocess.CompletedProcess(command, code, "", "E: no network\n")

    monkeypatch.setattr(browser, "starts", lambda path: True)
    monkeypatch.setattr(subprocess, "run", run)
    rows = [[["first"], ["never"]], [["second"]], [["never"]]]
    monkeypatch.setattr(browser, "ways", lambda: rows)
    assert browser.main() == 0
    assert done == ["first", "second"]
    assert "failed: first\nE: no network" in capsys.readouterr().err


@pytest.mark.parametrize(("place", "status"), [("", 0), ("true", 1)])
def test_without_one_it_says_what_to_install(
    machine: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    place: str,
    status: int,
) -> None:
    monkeypatch.setenv("CI", place)
    monkeypatch.setattr(browser, "ways", lambda: [[["/nowhere/apt-get"]]])
    assert browser.main() == status
    said = capsys.readouterr().err
    assert "/nowhere/apt-get: " in said
    assert "playwright install --with-deps chromium" in said
