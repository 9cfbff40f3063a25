"""What each ingredient of a recipe is worth: one run of the chain per variant and seed.

    python scripts/ingredients.py configs/ingredients/dstl_swir.yaml --data folder/of/dstl_swir

The file names a configuration, overrides that all variants share, seeds, and the variants: each a
list of further overrides, or of another configuration's file. Every variant is made with every
seed up to `make evaluate`, and a Markdown table shows its cross-validated mean Jaccard, half the
range over the seeds and the gain over the first variant. Variants that differ only in how they
predict share their trainings. What is finished is not made again, so the table can grow line by
line.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shlex
import statistics
import subprocess
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

RUNS = Path("data/runs")
MANNERS = ("chosen", "cross_fitted")


@dataclass(frozen=True)
class Study:
    """What is compared.

    Attributes:
        config: Configuration that all variants start from.
        common: Overrides of all variants.
        seeds: Seeds of sampling and of first weights.
        variants: Overrides of each variant, by name; the first is what the others are held against.
    """

    config: str
    common: Sequence[str]
    seeds: Sequence[int]
    variants: Mapping[str, Sequence[str]]


def main() -> None:
    """Train what is missing, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("study", type=Path)
    parser.add_argument("--data", default="", help="the dataset's folder")
    parser.add_argument("--jobs", type=int, default=1, help="runs at a time")
    parser.add_argument("--only", nargs="*", help="names of variants")
    parser.add_argument("--table", action="store_true", help="print what is there, train nothing")
    options = parser.parse_args()
    study = Study(**yaml.safe_load(options.study.read_text()))
    wanted = [name for name in study.variants if not options.only or name in options.only]
    if not options.table:
        pairs = [(name, seed) for seed in study.seeds for name in wanted]
        with ThreadPoolExecutor(options.jobs) as pool:
            # Variants of one run follow one another: each keeps the trainings of the one before.
            runs: dict[str, list[tuple[str, int]]] = {}
            for variant, seed in pairs:
                run = run_name(options.study.stem, study.variants[variant], seed)
                runs.setdefault(run, []).append((variant, seed))
            for run, members in runs.items():
                pool.submit(_make_all, study, run, members, options.data)
    print(table(study, options.study.stem, wanted))


def run_name(stem: str, overrides: Sequence[str], seed: int) -> str:
    """Name of the run of all variants that are trained alike."""
    trained = [text for text in overrides if not text.startswith(("predict.", "ensemble."))]
    key = hashlib.sha256("\n".join(trained).encode()).hexdigest()[:8] if trained else "base"
    return f"ingredients-{stem}-{key}-{seed}"


def _make_all(study: Study, run: str, members: Sequence[tuple[str, int]], data: str) -> None:
    for variant, seed in members:
        _make(study, run, variant, seed, data)


def _make(study: Study, run: str, variant: str, seed: int, data: str) -> None:
    """Run the chain of one variant up to its scores, and keep a copy of these."""
    kept = _kept(run, variant)
    if kept.exists():
        return
    overrides = study.variants[variant]
    config = next((text for text in overrides if text.endswith(".yaml")), study.config)
    own = [text for text in overrides if not text.endswith(".yaml")]
    seeds = (f"train.seed={seed}", f"augment.seed={seed}")
    values = shlex.join([*study.common, *own, *seeds])
    log = RUNS / f"{run}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    command = ["make", "-s", "evaluate", f"CONFIG={config}", f"RUN={run}", f"DATA={data}"]
    with log.open("a") as file:
        done = subprocess.run([*command, f"SET={values}"], stdout=file, stderr=file, check=False)
    if done.returncode == 0:
        kept.write_text((RUNS / run / "evaluate" / "scores" / "scores.json").read_text())
    outcome = "done" if done.returncode == 0 else f"failed, see {log}"
    print(f"{variant}, seed {seed}: {outcome}", file=sys.stderr, flush=True)


def _kept(run: str, variant: str) -> Path:
    """Where the scores of a variant are kept when its run goes on to the next one."""
    plain = "".join(letter if letter.isalnum() else "_" for letter in variant)
    return RUNS / f"{run}.{plain}.json"


def table(study: Study, stem: str, variants: Sequence[str]) -> str:
    """The results as Markdown."""
    rows: list[str] = []
    first: dict[str, float] = {}
    names: list[str] = []
    for variant in variants:
        runs = [
            _scores(run_name(stem, study.variants[variant], seed), variant) for seed in study.seeds
        ]
        scores = [score for score in runs if score]
        if not scores:
            continue
        means = {how: [score["means"][how] for score in scores] for how in MANNERS}
        first = first or {how: statistics.mean(values) for how, values in means.items()}
        cells = [_cell(means[how], first[how]) for how in MANNERS]
        codes = scores[0]["classes"]
        found = {c: [score["classes"][c]["chosen"]["jaccard"] for score in scores] for c in codes}
        classes = [f"{statistics.mean(values):.3f}" for values in found.values()]
        rows.append(f"| {variant} | {' | '.join(cells)} | {len(scores)} | {' | '.join(classes)} |")
        names = [row["name"] for row in scores[0]["classes"].values()]
    if not rows:
        return "no variant has finished"
    head = ("ingredient", "chosen", "gain", "cross-fitted", "gain", "seeds", *names)
    return "\n".join((f"| {' | '.join(head)} |", "|---" * len(head) + "|", *rows))


def _cell(values: Sequence[float], first: float) -> str:
    """Mean, half the range over seeds, and the gain."""
    mean, half = statistics.mean(values), (max(values) - min(values)) / 2
    return f"{mean:.3f} ± {half:.3f} | {mean - first:+.3f}"


def _scores(run: str, variant: str) -> dict[str, Any]:
    kept = _kept(run, variant)
    record: dict[str, Any] = json.loads(kept.read_text()) if kept.exists() else {}
    return record


if __name__ == "__main__":
    main()
