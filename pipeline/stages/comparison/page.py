"""The page of a comparison: runs in, one HTML file out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pipeline.errors import ConfigError
from pipeline.files import digest_of, write_bytes
from pipeline.mapping.wording import counted
from pipeline.reporting.compare.apart import Apart, ranked
from pipeline.reporting.compare.learning_section import learning_section
from pipeline.reporting.compare.run_style import MOST, run_style
from pipeline.reporting.compare.scene_section import scene_section
from pipeline.reporting.compare.score_section import Contest, score_section
from pipeline.reporting.compare.settings_section import settings_section
from pipeline.reporting.page.blocks import Section, Text
from pipeline.reporting.page.rendering import render_page
from pipeline.stages.comparison.compared_run import ComparedRun, read_run
from pipeline.stages.comparison.scene_ground import differences
from pipeline.stages.comparison.shown_scenes import shown_scenes, worth_showing
from pipeline.stages.comparison.true_polygons import true_polygons

FOLDER: Final = Path("data/compare")
FILE: Final = "compare.html"
_BETWEEN: Final = "-vs-"
_LETTERS: Final = 80
_LEAST: Final = 2


@dataclass(frozen=True)
class Comparison:
    """What came of comparing.

    Attributes:
        path: The page.
        contest: Scores of the runs; None if none has one.
        found: What other runs say differently of scenes.
    """

    path: Path
    contest: Contest | None
    found: tuple[Apart, ...]


def compare(names: Sequence[str]) -> Comparison:
    """Write the page that compares some runs with the first of them.

    Args:
        names: Of two runs or more; one that is named again counts once.

    Raises:
        ConfigError: If there are too few or too many, or one is not there.
    """
    runs = _read(names)
    styles = {run.name: run_style(place) for place, run in enumerate(runs)}
    scored = tuple(run.scored for run in runs if run.scored is not None)
    contest = Contest(scored) if scored else None
    found, remarks = differences(runs)
    truths, unread = true_polygons(runs[0], worth_showing(runs, ranked(found)))
    shown = shown_scenes(runs, found, truths, styles)
    learning = learning_section({run.name: run.curves for run in runs}, styles)
    sections = [
        score_section(contest, styles),
        settings_section([run.record for run in runs]),
        scene_section(
            runs[0].name,
            found,
            {row.run: row for row in scored},
            shown.pictures,
            shown.viewer is not None,
            [*remarks, *unread],
        ),
        *([learning] if learning is not None else []),
        *_problems(runs),
    ]
    others = ", ".join(run.name for run in runs[1:])
    text = render_page(f"{others} beside {runs[0].name}", _lead(runs), sections, shown.viewer)
    path = FOLDER / page_name([run.name for run in runs]) / FILE
    write_bytes(path, text.encode())
    return Comparison(path, contest, tuple(found))


def _read(names: Sequence[str]) -> list[ComparedRun]:
    known = list(dict.fromkeys(names))
    if len(known) < _LEAST:
        raise ConfigError(
            f'RUNS={" ".join(names)!r}: name two runs or more that differ, as in RUNS="a b"'
        )
    if len(known) > MOST:
        raise ConfigError(
            f"RUNS={' '.join(names)!r}: {len(known)} runs can't be told apart; name {MOST} at most"
        )
    runs = [read_run(name) for name in known]
    empty = [run.name for run in runs if run.is_empty]
    if empty:
        raise ConfigError(
            f"RUNS: {', '.join(empty)}: has no configuration, score or polygons that can be read; "
            "run its stages again, or leave it out"
        )
    return runs


def page_name(runs: Sequence[str]) -> str:
    """Name of the folder of a comparison: safe, not too long, another for other runs."""
    name = _BETWEEN.join(runs)
    if len(name) <= _LETTERS and not any(_BETWEEN in run for run in runs):
        return name
    return f"{name[:_LETTERS]}-{digest_of(list(runs))[:8]}"


def _lead(runs: Sequence[ComparedRun]) -> str:
    return (
        f"{counted(len(runs), 'run')} side by side; differences are taken from the first, "
        f"{runs[0].name}."
    )


def _problems(runs: Sequence[ComparedRun]) -> list[Section]:
    texts = [Text(f"{run.name}: {problem}", "warning") for run in runs for problem in run.problems]
    return [Section("problems", "What is missing or out of date", tuple(texts))] if texts else []
