"""Recipes for tests of crews; workers import them by name.

A scene is a JSON file of the dataset's folder with a number; its other keys are asked for on the
way. Beside it, a file per item gets a line, the process, for each time that it is begun.
"""

from __future__ import annotations

import os
import signal
import time
from functools import partial
from pathlib import Path
from typing import Any

from pipeline.errors import ImageryError, LabelError
from pipeline.files import read_json, write_json
from pipeline.stages.crew import Order, kept_for_job
from pipeline.stages.job import Job

PARTS = ("scene", "grid")


@kept_for_job
def number_of_calls(job: Job) -> list[str]:
    """Scenes that this job's recipe was asked for, in this process."""
    return []


def numbers(job: Job, scene: str) -> list[Order]:
    """Two items for each scene: its number, and the square."""
    asked = read_json(job.config.dataset.folder / f"{scene}.json")
    number_of_calls(job).append(scene)
    if asked.get("recipe_fails"):
        raise LabelError(f"{scene}: has no labels\nand no name")
    inputs = {"number": asked["number"]}
    if asked.get("changes"):
        inputs["process"] = os.getpid()
    build = partial(_build, job, scene, asked)
    return [Order(f"{part}-{scene}", inputs, partial(build, part)) for part in PARTS]


def _build(job: Job, scene: str, asked: dict[str, Any], part: str, folder: Path) -> None:
    begun = job.config.dataset.folder / f"{part}-{scene}.begun"
    with begun.open("a") as file:
        file.write(f"{os.getpid()}\n")
    (folder / "half").write_bytes(b"\0" * 1000)
    if part == "grid":
        _obey(scene, asked, first=len(begun.read_text().splitlines()) == 1)
    (folder / "half").unlink()
    write_json(folder / "number.json", asked["number"] ** (1 + PARTS.index(part)))


def _obey(scene: str, asked: dict[str, Any], *, first: bool) -> None:
    if asked.get("hangs") and first:
        time.sleep(600)
    if asked.get("dies"):
        os.kill(os.getpid(), signal.SIGKILL)
    if asked.get("fails"):
        time.sleep(asked.get("after", 0))
        raise ImageryError(f"{scene}.tif: is broken;\nmend it")
    if asked.get("misses"):
        Path(f"{scene}.tif").read_bytes()
    if asked.get("wrong"):
        raise ZeroDivisionError("a mistake of the pipeline")
