"""Polygons, their scoring and their check beside what is commonly used, in one run.

    python scripts/bench_polygons.py                      # all of it, some minutes
    python scripts/bench_polygons.py --quick              # one to two minutes
    python scripts/bench_polygons.py --data folder/of/dstl_swir --json figures.json
    python scripts/bench_polygons.py --profile            # where the time of ours goes

Masks are generated at the size of the contest's scenes, with the contest's shares and numbers of
parts, and drawn of real labels if there are some: from ``--data``, or from ``dstl_swir`` in the
folder that the variable REAL_SCENES names. Methods take turns, and of all rounds the fastest
counts. The exit status is 1 if something that is asked of the figures doesn't hold. See
docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import cProfile
import os
import pstats
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
from polygon_bench import cases, checking, memory, overlaps, report
from polygon_bench.checking import Checked
from polygon_bench.masks import FULL
from polygon_bench.methods import methods, simplified
from polygon_bench.overlaps import Scored
from polygon_bench.real import RealClass, real_classes
from polygon_bench.tracing import Case, Traced, trace_all

from pipeline.errors import PipelineError
from pipeline.files import write_json
from pipeline.mapping import polygons


@dataclass(frozen=True)
class Figures:
    """All that was measured.

    Attributes:
        traced: Every method on every mask, by the kind of masks.
        memory: MB that each method takes for the largest mask.
        scored: Every pair, by the kind of masks.
        checked: The table.
    """

    traced: dict[str, list[Traced]]
    memory: dict[str, float]
    scored: dict[str, list[Scored]]
    checked: Checked

    def requirements(self) -> list[report.Requirement]:
        """What is asked of them."""
        return [
            *(r for kind, rows in self.traced.items() for r in report.of_tracing(kind, rows)),
            *(r for kind, rows in self.scored.items() for r in report.of_scoring(kind, rows)),
        ]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; 1 if something that is asked doesn't hold, 2 without usable labels."""
    options = _options(arguments)
    cv2.setNumThreads(1)  # all methods on one core
    masks = cases.generated_cases((options.height, options.width), options.seed)
    if options.profile:
        profile(masks)
        return 0
    try:
        real = list(real_classes(options.data, options.most)) if options.data else []
    except PipelineError as error:
        print(error, file=sys.stderr)
        return 2
    if not options.data:
        print("no real labels: name them with --data, or their folder's with REAL_SCENES")
    figures = measure(masks, real, options)
    asked = figures.requirements()
    show(figures, asked)
    if options.json is not None:
        write_json(options.json, asdict(figures) | {"asked": [asdict(row) for row in asked]})
    return int(not all(row.held for row in asked))


def measure(
    masks: Sequence[Case], real: Sequence[RealClass], options: argparse.Namespace
) -> Figures:
    """Trace, score and check.

    Args:
        masks: Of the generated scene.
        real: Classes of real scenes, if any.
        options: How often, and the rest that was asked for.
    """
    traced = {"generated": trace_all(masks, methods(), options.rounds, _tell)}
    pairs = cases.generated_pairs(masks, options.seed)
    scored = {"generated": overlaps.score_all(pairs, options.slow_rounds, _tell)}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        largest = next(case for case in masks if case.name == cases.LARGEST)
        used = memory.peaks(largest.mask, folder)
        truths = [pair.truth for pair in pairs]
        table, sample = checking.write_tables(folder, truths, masks[0].to_map, options.scenes)
        codes = range(1, len(truths) + 1)
        checked = checking.check_both(table, sample, codes, options.slow_rounds)
    if real:
        traced["real"] = trace_all(cases.real_cases(real), methods(), options.rounds, _tell)
        pairs = cases.real_pairs(real, options.seed)
        scored["real"] = overlaps.score_all(pairs, options.slow_rounds, _tell)
    return Figures(traced, used, scored, checked)


def show(figures: Figures, asked: Sequence[report.Requirement]) -> None:
    """Print all tables."""
    for kind, rows in figures.traced.items():
        print(f"\nPolygons of {kind} masks: each the fastest of {len(rows[0].seconds)} rounds\n")
        print(report.cases_table(rows))
        used = figures.memory if kind == "generated" else {}
        print(f"\nAll {kind} masks" + (f"; MB for {cases.LARGEST}" if used else "") + "\n")
        print(report.tracing_table(rows, used))
    for kind, pairs in figures.scored.items():
        print(f"\nScoring {kind} masks\n")
        print(report.scoring_table(pairs))
    print("\nChecking a submission\n")
    print(report.checking_table(figures.checked))
    print("\nWhat is asked\n")
    print(report.requirements_table(asked))


def profile(masks: Sequence[Case]) -> None:
    """Print where tracing spends its time, and tracing with simplification."""
    for way in (polygons.trace, simplified):
        profiler = cProfile.Profile()
        for case in masks:
            profiler.runcall(way, case.mask)
        pstats.Stats(profiler).sort_stats("tottime").print_stats(20)


def _tell(name: str) -> None:
    """Say what is worked on, if someone is watching."""
    if sys.stderr.isatty():
        print(f"\r{name:<40}", end="", file=sys.stderr, flush=True)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    """What is asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--quick", action="store_true", help="fewer rounds, scenes and labels")
    parser.add_argument("--data", type=Path, default=_data(), help="folder of real labels")
    parser.add_argument("--json", type=Path, help="where to write the figures")
    parser.add_argument("--profile", action="store_true", help="where the time of ours goes")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--height", type=int, default=FULL[0], help="of the generated scene")
    parser.add_argument("--width", type=int, default=FULL[1])
    parser.add_argument("--rounds", type=int, help="of tracing")
    parser.add_argument("--slow-rounds", type=int, help="of scoring and checking")
    parser.add_argument("--scenes", type=int, help="in the table that is checked")
    parser.add_argument("--most", type=int, help="real scenes that are read")
    options = parser.parse_args(arguments)
    names = ("rounds", "slow_rounds", "scenes", "most")
    for name, value in zip(names, (2, 1, 1, 3) if options.quick else (5, 2, 4, None), strict=True):
        if getattr(options, name) is None:
            setattr(options, name, value)
    return options


def _data() -> Path | None:
    """Folder of real labels that the environment names."""
    folder = os.environ.get("REAL_SCENES")
    return Path(folder) / "dstl_swir" if folder else None


if __name__ == "__main__":
    sys.exit(main())
