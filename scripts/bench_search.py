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
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pipeline.config import load_config
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
    full = load_config(Path(options.config)).search.steps
    found = {
        arm: {seed: _entries(_ledger(stem, arm, seed)) for seed in options.seeds} for arm in ARMS
    }
    print(table(found, full))
    if options.picture:
        draw(found, full, options.minutes).savefig(options.picture, dpi=150)


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


def _entries(path: Path) -> list[Entry]:
    """Entries of the last search in a ledger; none where there is no ledger."""
    entries = read_ledger(path) if path.exists() else []
    return [e for e in entries if (e.ground, e.code) == (entries[-1].ground, entries[-1].code)]


def curve(entries: Sequence[Entry], full: int | None) -> Curve:
    """Best full training so far against the time of all trials; a point per improvement."""
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


def table(found: Mapping[str, Mapping[int, list[Entry]]], full: int | None) -> str:
    """Final scores per seed, their mean and half range, and when plain TPE's final is reached."""
    seeds = list(found["tpe"])
    names = ("mean", "half range", "full trainings", "trials", "minutes")
    head = ("search", *(f"seed {seed}" for seed in seeds), *names)
    lines = [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    for arm, searches in found.items():
        finals = {seed: curve(entries, full) for seed, entries in searches.items()}
        known = [points[-1][1] for points in finals.values() if points]
        if not known:
            continue
        cells = [f"{points[-1][1]:.3f}" if points else "-" for points in finals.values()]
        done = [[e for e in entries if e.score is not None] for entries in searches.values()]
        counts = (
            statistics.mean(sum(e.budget == full for e in one) for one in done),
            statistics.mean(len({e.trial for e in one}) for one in done),
            statistics.mean(sum(e.cost.seconds for e in one) / 60 for one in searches.values()),
        )
        half = (max(known) - min(known)) / 2
        cells += [f"{statistics.mean(known):.3f}", f"{half:.3f}", *(f"{n:.1f}" for n in counts)]
        lines.append(f"| {arm} | {' | '.join(cells)} |")
    lines.append("")
    for seed in seeds:
        plain, fast = (curve(found[arm][seed], full) for arm in ("tpe", "halving"))
        if plain and fast:
            minutes, final = plain[-1]
            when = reached(fast, final)
            said = "does not reach that" if when is None else f"reaches that after {when:.1f} min"
            lines.append(
                f"seed {seed}: plain TPE ends at {final:.3f}, found after {minutes:.1f} min; "
                f"halving {said}"
            )
    return "\n".join(lines)


def draw(
    found: Mapping[str, Mapping[int, list[Entry]]], full: int | None, minutes: float
) -> Figure:
    """Every search's curve, those of an arm in one colour."""
    from matplotlib.figure import Figure  # noqa: PLC0415 - only where a picture is wanted

    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.add_subplot()
    for arm, searches in found.items():
        label: str | None = arm
        for entries in searches.values():
            points = curve(entries, full)
            if points:
                times = [time for time, _ in points] + [max(minutes, points[-1][0])]
                scores = [score for _, score in points] + [points[-1][1]]
                axes.step(times, scores, where="post", color=COLOURS[arm], alpha=0.8, label=label)
                label = None
    axes.set_xlabel("training time, minutes on one core")
    axes.set_ylabel("best held-out mean Jaccard of a full training")
    axes.set_title("Three ways to search the same space, three seeds each", loc="left")
    figure.legend(title="search", frameon=False, loc="outside right upper")
    axes.spines[["top", "right"]].set_visible(False)
    return figure


if __name__ == "__main__":
    main()
