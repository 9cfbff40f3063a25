"""What each ingredient of a recipe is worth: one run of the chain per variant and seed.

    python scripts/ingredients.py configs/ingredients/dstl_swir.yaml --data folder/of/dstl_swir

The file names a configuration, overrides that all variants share, seeds, and the variants: each a
list of further overrides, or of another configuration's file. Every variant is made with every
seed up to `make evaluate`, and a Markdown table shows its cross-validated mean Jaccard, half the
range over the seeds and the gain over the first variant. Variants that differ only in how they
predict share their trainings. What is finished is not made again, so the table can grow line by
line, and what was made of other settings, of a folder of another name or by other code is not
shown. Raw files that change under the same name are not seen: remove
`data/runs/ingredients-<study>-*` after that.
"""

from __future__ import annotations

import argparse
import json
import shlex
import statistics
import subprocess
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from pipeline.chain import CHAIN, needed
from pipeline.code_version import code_version
from pipeline.config import Config, load_config
from pipeline.errors import ConfigError
from pipeline.files import digest_of, write_bytes

RUNS = Path("data/runs")
MANNERS = ("chosen", "cross_fitted")
AFTERWARDS = ("predict", "ensemble", "evaluate", "polygons", "submission", "score")
"""Sections that don't change a training: variants that differ in these alone share a run."""
GENERATOR = "pipeline.imagery.generated.dataset"


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


@dataclass(frozen=True)
class Trial:
    """One variant with one seed.

    Attributes:
        variant: Its name in the study.
        config: File of its configuration.
        overrides: All overrides, those of the seed included.
        run: Name of its run, which it shares with the variants that are trained alike.
        kept: Where its scores are kept when the run goes on to the next variant: named after all
            that they depend on but the raw files.
    """

    variant: str
    config: str
    overrides: tuple[str, ...]
    run: str
    kept: Path


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
    unknown = set(options.only or ()) - set(wanted)
    if unknown:
        parser.error(f"--only: the study has no variant {', '.join(sorted(unknown))}")
    try:
        trials = plan(study, options.study.stem, wanted, options.data)
    except ConfigError as error:
        parser.error(str(error))
    complete = options.table or make_all(trials, options.jobs, options.data)
    print(table(trials))
    sys.exit(0 if complete else 1)


def plan(study: Study, stem: str, variants: Sequence[str], data: str) -> list[Trial]:
    """All trials of a study, one seed after the other.

    Args:
        study: What is compared.
        stem: Name of the study, for the names of runs.
        variants: Names of those that are wanted.
        data: Folder in place of the configuration's; none if empty.

    Raises:
        ConfigError: If a variant's configuration can't be used.
    """
    return [
        _trial(study, stem, variant, seed, data) for seed in study.seeds for variant in variants
    ]


def _trial(study: Study, stem: str, variant: str, seed: int, data: str) -> Trial:
    texts = study.variants[variant]
    file = next((text for text in texts if text.endswith(".yaml")), study.config)
    own = [text for text in texts if not text.endswith(".yaml")]
    overrides = (*study.common, *own, f"train.seed={seed}", f"augment.seed={seed}")
    config = load_config(Path(file), overrides, Path(data) if data else None)
    run = f"ingredients-{stem}-{trained_alike(config)}-{seed}"
    plain = "".join(letter if letter.isalnum() else "_" for letter in variant)
    whole = {"config": config.model_dump(mode="json"), "code": _code(config.generate is not None)}
    return Trial(variant, file, overrides, run, RUNS / f"{run}.{plain}-{_digest(whole)}.json")


def trained_alike(config: Config) -> str:
    """Digest of all settings but those that matter after the training only.

    Defaults don't count: a run's name outlives a new key, and Make asks for what has changed.
    """
    tree = config.model_dump(mode="json", exclude_defaults=True, exclude=set(AFTERWARDS))
    for row in tree["models"]:
        row.pop("predict", None)
    return _digest(tree)


def _digest(tree: Mapping[str, Any]) -> str:
    return digest_of(tree)[:8]


@cache
def _code(generated: bool) -> list[str]:
    """Versions of the code that scores depend on."""
    used = needed("evaluate")
    modules = [row.module for row in CHAIN if row.name in used]
    return [code_version(module) for module in (*modules, *[GENERATOR] * generated)]


def make_all(trials: Sequence[Trial], jobs: int, data: str) -> bool:
    """Make what is missing, runs beside each other and each run's variants one after the other.

    Returns:
        Whether all of them have finished.
    """
    runs: dict[str, list[Trial]] = {}
    for trial in trials:
        runs.setdefault(trial.run, []).append(trial)
    with ThreadPoolExecutor(jobs) as pool:
        parts = [pool.submit(_make_run, members, data) for members in runs.values()]
        done = [part.result() for part in parts]
    return all(done)


def _make_run(trials: Sequence[Trial], data: str) -> bool:
    done = [trial.kept.exists() or _make(trial, data) for trial in trials]
    return all(done)


def _make(trial: Trial, data: str) -> bool:
    """Run the chain of one variant up to its scores, and keep a copy of these."""
    log = RUNS / f"{trial.run}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    command = ["make", "-s", "evaluate", f"CONFIG={trial.config}", f"RUN={trial.run}"]
    values = shlex.join(trial.overrides)
    with log.open("a") as file:
        done = subprocess.run(
            [*command, f"DATA={data}", f"SET={values}"], stdout=file, stderr=file, check=False
        )
    if done.returncode == 0:
        scores = RUNS / trial.run / "evaluate" / "scores" / "scores.json"
        write_bytes(trial.kept, scores.read_bytes())
    outcome = "done" if done.returncode == 0 else f"failed, see {log}"
    print(f"{trial.variant}, {trial.overrides[-1]}: {outcome}", file=sys.stderr, flush=True)
    return done.returncode == 0


def table(trials: Sequence[Trial]) -> str:
    """The results that are there as Markdown, a row per variant."""
    found: dict[str, list[dict[str, Any]]] = {}
    for trial in trials:
        if trial.kept.exists():
            found.setdefault(trial.variant, []).append(json.loads(trial.kept.read_text()))
    rows: list[str] = []
    first: dict[str, float] = {}
    names: list[str] = []
    for variant in dict.fromkeys(trial.variant for trial in trials if trial.variant in found):
        scores = found[variant]
        means = {how: [score["means"][how] for score in scores] for how in MANNERS}
        first = first or {how: statistics.mean(values) for how, values in means.items()}
        cells = [_cell(means[how], first[how]) for how in MANNERS]
        codes = scores[0]["classes"]
        each = {c: [score["classes"][c]["chosen"]["jaccard"] for score in scores] for c in codes}
        classes = [f"{statistics.mean(values):.3f}" for values in each.values()]
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


if __name__ == "__main__":
    main()
