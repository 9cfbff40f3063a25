"""The one figure of each stage that a person wants to know, read from its small files."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from pipeline.items import read_object
from pipeline.stages.job import PLAN, SCENE, TUNED


def figure(folder: Path) -> str:
    """What a finished stage has come to; empty where nothing can be told in a few words.

    Args:
        folder: Of the stage.
    """
    tell = _FIGURES.get(folder.name)
    try:
        return "" if tell is None else tell(folder)
    except (OSError, KeyError, TypeError, ValueError, sqlite3.Error):
        return ""


def _scenes(folder: Path) -> str:
    return _count(_number(folder.glob(f"{SCENE}*")), "scene")


def _search(folder: Path) -> str:
    """How many results all ledgers hold."""
    count = 0
    for ledger in folder.glob("*.jsonl"):
        with ledger.open("rb") as file:
            count += _number(file)
    return _count(count, "result")


def _augment(folder: Path) -> str:
    folds, windows = len(read_object(folder / "folds" / "folds.json")["folds"]), 0
    for plan in folder.glob(f"{PLAN}*/plan.csv"):
        with plan.open("rb") as file:
            windows += _number(file) - 1  # the header
    return f"{_count(folds, 'fold')}, {_count(windows, 'window')}"


def _train(folder: Path) -> str:
    ends = [read_object(path) for path in sorted(folder.glob("[!.]*/training.json"))]
    scores = [end["mean_jaccard"] for end in ends if end.get("mean_jaccard") is not None]
    mean = "" if not scores else f", held-out Jaccard {math.fsum(scores) / len(scores):.4f}"
    return f"{_count(len(ends), 'network')}{mean}"


def _evaluate(folder: Path) -> str:
    means = read_object(folder / "scores" / "scores.json")["means"]
    return f"held-out Jaccard {means['cross_fitted']:.4f}"


def _tune(folder: Path) -> str:
    return f"found: {folder / TUNED}"


def _polygons(folder: Path) -> str:
    layer = folder / "map.gpkg"
    if not layer.exists():
        return _scenes(folder)
    with closing(sqlite3.connect(f"{layer.absolute().as_uri()}?mode=ro", uri=True)) as table:
        (count,) = table.execute(
            "select sum(feature_count) from gpkg_ogr_contents "
            "where table_name in (select table_name from gpkg_contents where data_type='features')"
        ).fetchone()
    return _count(count, "object")


def _submission(folder: Path) -> str:
    return f"{(folder / 'submission.csv').stat().st_size / 1e6:.1f} MB"


def _score(folder: Path) -> str:
    score = read_object(folder / "score.json")
    return f"mean Jaccard {score['mean_jaccard']:.4f}"


def _report(folder: Path) -> str:
    return f"{(folder / 'report.html').stat().st_size / 1e6:.1f} MB"


_FIGURES: Final[Mapping[str, Callable[[Path], str]]] = {
    "scenes": _scenes,
    "search": _search,
    "tiles": _scenes,
    "augment": _augment,
    "train": _train,
    "predict": _scenes,
    "evaluate": _evaluate,
    "tune": _tune,
    "polygons": _polygons,
    "submission": _submission,
    "score": _score,
    "report": _report,
}


def _number(things: Any) -> int:
    return sum(1 for _ in things)


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'s' * (number != 1)}"
