"""Searches side by side: the same space, the same time, three ways to spend it.

    python scripts/bench_search.py --data folder/of/dstl_swir

`halving` proposes by TPE and trains in rungs, `tpe` trains every trial in full, `random` proposes
by chance and trains in full. Each has `--minutes` of training time for each of the seeds, measured
by the ledgers. Arms take turns, two at a time on a core each, so that what else the machine does
meets all of them. What is finished is not made again; `--table` prints what is there.

A search's curve is the best score of a *full* training against the time spent: half-trained trials
don't count. Trials are judged as in every search, on held-out folds by place.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pipeline.search.entry import Entry
from pipeline.search.ledger import read_ledger

if TYPE_CHECKING:
    from matplotlib.figure import Figure

RUNS: Final = Path("data/runs")
ARMS: Final = {
    "halving": ("search.method=tpe", "search.rungs=2", "search.eta=3", "search.startup=5"),
    "tpe": ("search.method=tpe", "search.rungs=1", "search.startup=5"),
    "random": ("search.method=random", "search.rungs=1"),
}
COLOURS: Final = {"halving": "#0072b2", "tpe": "#e69f00", "random": "#666666"}
Curve = list[tuple[float, float]]
"""(minutes, best score so far) after each full training."""


def main() -> None:
    """Search what is missing, then print the table and draw the curves."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--config", default="configs/dstl_swir_quick.yaml")
    parser.add_argument("--data", default="", help="the dataset's folder")
    parser.add_argument("--minutes", type=float, default=9, help="training time of each search")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--jobs", type=int, default=2, help="searches at a time, a core each")
    parser.add_argument("--table", action="store_true", help="print what is there, search nothing")
    parser.add_argument("--picture", type=Path, help="draw the curves into this PNG or SVG file")
    options = parser.parse_args()
    stem = Path(options.config).stem
    if not options.table:
        wanted = [(arm, seed) for seed in options.seeds for arm in ARMS]
        with ThreadPoolExecutor(options.jobs) as pool:
            list(pool.map(lambda pair: _search(stem, pair[0], pair[1], options), wanted))
    curves = {
        arm: [
            curve(read_ledger(_ledger(stem, arm, seed)))
            for seed in options.seeds
            if _ledger(stem, arm, seed).exists()
        ]
        for arm in ARMS
    }
    print(table(curves, stem, options.seeds))
    if options.picture:
        draw(curves, options.minutes).savefig(options.picture, dpi=150)


def _run(stem: str, arm: str, seed: int) -> str:
    return f"bench-{stem}-{arm}-{seed}"


def _ledger(stem: str, arm: str, seed: int) -> Path:
    return RUNS / _run(stem, arm, seed) / "search" / "together.jsonl"


def _search(stem: str, arm: str, seed: int, options: argparse.Namespace) -> None:
    """One search, on one core."""
    name = _run(stem, arm, seed)
    settings = (
        *ARMS[arm],
        "search.trials=null",
        f"search.minutes={options.minutes}",
        f"search.seed={seed}",
    )
    command = ["make", "-s", "search", f"CONFIG={options.config}", f"DATA={options.data}"]
    log = RUNS / f"{name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("a") as file:
        done = subprocess.run(
            [*command, f"RUN={name}", f"SET={' '.join(settings)}"],
            stdout=file,
            stderr=file,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
            check=False,
        )
    outcome = "done" if done.returncode == 0 else f"failed, see {log}"
    print(f"{arm}, seed {seed}: {outcome}", file=sys.stderr, flush=True)


def curve(entries: Sequence[Entry]) -> Curve:
    """Best full training so far against the time of all trials; a point per improvement."""
    full = max((entry.budget for entry in entries), default=0)
    found: Curve = []
    seconds, best = 0.0, float("-inf")
    for entry in entries:
        seconds += entry.cost.seconds
        if entry.budget == full and entry.score is not None and entry.score > best:
            best = entry.score
            found.append((seconds / 60, best))
    return found


def reached(points: Curve, score: float) -> float | None:
    """Minutes until a score is reached; None if it never is."""
    return next((minutes for minutes, best in points if best >= score), None)


def table(curves: dict[str, list[Curve]], stem: str, seeds: Sequence[int]) -> str:
    """Final scores per seed, their mean and half range, and when plain TPE's final is reached."""
    head = ("search", *(f"seed {seed}" for seed in seeds), "mean", "+-", "full trainings", "trials")
    lines = [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    for arm, found in curves.items():
        finals = [points[-1][1] for points in found if points]
        if not finals:
            continue
        ledgers = [_ledger(stem, arm, seed) for seed in seeds]
        entries = [read_ledger(path) for path in ledgers if path.exists()]
        full = [sum(e.budget == max(x.budget for x in one) for e in one) for one in entries]
        begun = [len({e.trial for e in one if e.outcome != "rejected"}) for one in entries]
        cells = [f"{score:.3f}" for score in finals]
        cells += ["-"] * (len(seeds) - len(cells))
        mean, half = statistics.mean(finals), (max(finals) - min(finals)) / 2
        counts = [f"{statistics.mean(values):.0f}" for values in (full, begun)]
        lines.append(f"| {arm} | {' | '.join((*cells, f'{mean:.3f}', f'{half:.3f}', *counts))} |")
    for seed, plain, fast in zip(seeds, curves["tpe"], curves["halving"], strict=False):
        if plain and fast:
            minutes, final = plain[-1][0], plain[-1][1]
            when = reached(fast, final)
            said = "never" if when is None else f"{when:.1f} min"
            lines.append(
                f"\nseed {seed}: plain TPE ends at {final:.3f} (found after {minutes:.1f} min); "
                f"halving reaches that after: {said}"
            )
    return "\n".join(lines)


def draw(curves: dict[str, list[Curve]], minutes: float) -> Figure:
    """Every search's curve, those of an arm in one colour."""
    from matplotlib.figure import Figure  # noqa: PLC0415 - only where a picture is wanted

    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.add_subplot()
    for arm, found in curves.items():
        for number, points in enumerate(found):
            if points:
                times = [time for time, _ in points] + [minutes]
                scores = [score for _, score in points] + [points[-1][1]]
                label = arm if number == 0 else None
                axes.step(times, scores, where="post", color=COLOURS[arm], label=label)
    axes.set_xlabel("training time, minutes on one core")
    axes.set_ylabel("best mean Jaccard of a full training, held out")
    axes.set_title("Searches of the same space, three seeds each")
    axes.legend(title="search", frameon=False, loc="lower right")
    axes.spines[["top", "right"]].set_visible(False)
    return figure


if __name__ == "__main__":
    main()
