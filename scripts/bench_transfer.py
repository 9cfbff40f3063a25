"""What a start from generated scenes is worth where few real ones are labelled.

    python scripts/bench_transfer.py --data folder/of/dstl_swir

Four of the labelled scenes become a dataset of their own, with all others as its test scenes. A
network is trained on the four from random weights, and from those of a network that has seen only
generated scenes (configs/generated_swir.yaml), with the same recipe, steps and seeds. The test
scenes' labels are read by the score alone, and the steps are fixed. Printed are Markdown tables of
the polygon Jaccard of the test scenes: at thresholds that held-out folds of the four chose, as the
chain does it, and at 0.5, since so few scenes may be a poor guide. What is finished is not made
again: its scores are data/runs/transfer-*.json.
"""

from __future__ import annotations

import argparse
import csv
import json
import shlex
import shutil
import statistics
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

FOUR = ("6060_2_3", "6090_2_0", "6100_1_3", "6120_2_0")
"""Four places. Each of the five classes is seen at two of them or more, so that each of two folds
can show it, and at two or more of the others, so that each is scored; and no other labelled scene
is of the same region, that is of the same acquisition."""

RAW = Path("data/raw/dstl_swir_four")
RUNS = Path("data/runs")
LABELS, SAMPLE, SOLUTION = "train_wkt_v4.csv", "sample_submission.csv", "solution.csv"
IMAGE = "sixteen_band/{}_A.tif"
GENERATED = "generated_swir"
ARMS: dict[str, tuple[str, ...]] = {
    "random weights": (),
    "generated scenes": (f"transfer.run={GENERATED}",),
    "generated scenes, rate x 0.3": (f"transfer.run={GENERATED}", "transfer.rate_factor=0.3"),
}
"""What each arm changes; the first is what the others are held against."""

THRESHOLDS = {"tuned": "thresholds from the four scenes", "0.5": "all thresholds 0.5"}
"""Values of evaluate.thresholds that each run is scored with, and their tables' titles."""

Row = list[str]


def main() -> None:
    """Train what is missing, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--data", type=Path, help="the dataset's folder")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1])
    parser.add_argument("--steps", type=int, default=150, help="of each training on real scenes")
    parser.add_argument("--table", action="store_true", help="print what is there, train nothing")
    options = parser.parse_args()
    if not options.table:
        if options.data is None:
            parser.error("--data names the folder of the real scenes")
        write_dataset(options.data.resolve(), RAW)
        _make("train", GENERATED, f"configs/{GENERATED}.yaml")
        for seed in options.seeds:
            for arm in ARMS:
                for thresholds in THRESHOLDS:
                    _score(arm, options.steps, seed, thresholds)
    for thresholds, title in THRESHOLDS.items():
        print(f"{title}\n\n{table(options.steps, options.seeds, thresholds)}\n")


def write_dataset(data: Path, folder: Path) -> None:
    """A dataset in which only four scenes have labels; the labels of the others are its solution.

    Images are linked. A table is written only if its content differs.
    """
    csv.field_size_limit(2**31 - 1)
    header, *rows = _read(data / LABELS)
    scenes = dict.fromkeys(row[0] for row in rows)
    missing = sorted(set(FOUR) - set(scenes))
    if missing:
        sys.exit(f"{data / LABELS}: has no labels of {', '.join(missing)}")
    folder.joinpath(IMAGE).parent.mkdir(parents=True, exist_ok=True)
    for scene in scenes:
        link = folder / IMAGE.format(scene)
        link.unlink(missing_ok=True)
        link.symlink_to(data / IMAGE.format(scene))
    test = [row for row in rows if row[0] not in FOUR]
    _write(folder / LABELS, [header, *(row for row in rows if row[0] in FOUR)])
    _write(folder / SOLUTION, [header, *test])
    _write(folder / SAMPLE, [header, *([*row[:2], "MULTIPOLYGON EMPTY"] for row in test)])
    if not (folder / "grid_sizes.csv").exists():
        shutil.copyfile(data / "grid_sizes.csv", folder / "grid_sizes.csv")


def _read(path: Path) -> list[Row]:
    with path.open(newline="") as file:
        return list(csv.reader(file))


def _write(path: Path, rows: Iterable[Row]) -> None:
    wanted = list(rows)
    if path.exists() and _read(path) == wanted:
        return
    with path.open("w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(wanted)


def _score(arm: str, steps: int, seed: int, thresholds: str) -> None:
    """Make a run up to its score, and keep a copy of this when the run goes on to the next one."""
    kept, run = kept_score(arm, steps, seed, thresholds), run_name(arm, steps, seed)
    if kept.exists():
        return
    overrides = shlex.join(_overrides(arm, steps, seed, thresholds))
    _make("score", run, "configs/dstl_swir_jointly.yaml", f"DATA={RAW}", f"SET={overrides}")
    shutil.copyfile(RUNS / run / "score" / "score.json", kept)


def _overrides(arm: str, steps: int, seed: int, thresholds: str) -> tuple[str, ...]:
    """Settings of one run; one validation, at the end, so that no step is chosen."""
    return (
        f"evaluate.thresholds={thresholds}",
        f"dataset.solution={SOLUTION}",
        "augment.folds=2",
        "augment.same_place=[]",
        f"augment.seed={seed}",
        f"train.seed={seed}",
        f"train.steps={steps}",
        "train.validations=1",
        "ensemble.unlabelled=retrained",
        *ARMS[arm],
    )


def run_name(arm: str, steps: int, seed: int) -> str:
    """Name of the run of one arm and seed."""
    return f"transfer-{list(ARMS).index(arm)}-{steps}-{seed}"


def kept_score(arm: str, steps: int, seed: int, thresholds: str) -> Path:
    """Where the score of a run at these thresholds is kept."""
    return RUNS / f"{run_name(arm, steps, seed)}.{thresholds}.json"


def _make(target: str, run: str, config: str, *variables: str) -> None:
    """Run the chain up to a target; its output goes into a file beside the run."""
    log = RUNS / f"{run}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    command = ["make", "-s", target, f"CONFIG={config}", f"RUN={run}", *variables]
    with log.open("a") as file:
        done = subprocess.run(command, stdout=file, stderr=file, check=False)
    if done.returncode != 0:
        sys.exit(f"{run}: failed, see {log}")
    print(f"{run}: done", file=sys.stderr, flush=True)


def table(steps: int, seeds: Sequence[int], thresholds: str) -> str:
    """Score of each arm as Markdown: means over the seeds, with half their range."""
    lines: list[str] = []
    first: float | None = None
    for arm in ARMS:
        files = [kept_score(arm, steps, seed, thresholds) for seed in seeds]
        scores = [json.loads(file.read_text()) for file in files if file.exists()]
        if not scores:
            continue
        if not lines:
            names = [row["name"] for row in scores[0]["classes"].values()]
            head = ("start", "seeds", "mean", "gain", *names)
            lines += [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
        means = [score["mean_jaccard"] for score in scores]
        first = statistics.mean(means) if first is None else first
        gain = f"{statistics.mean(means) - first:+.3f}"
        classes = [_cell(_of_class(scores, code)) for code in scores[0]["classes"]]
        lines.append(f"| {' | '.join((arm, str(len(scores)), _cell(means), gain, *classes))} |")
    return "\n".join(lines) or "no run has finished"


def _of_class(scores: Sequence[dict[str, Any]], code: str) -> list[float]:
    return [float(score["classes"][code]["jaccard"]) for score in scores]


def _cell(values: Sequence[float]) -> str:
    """Mean, and half the range."""
    return f"{statistics.mean(values):.3f} ± {(max(values) - min(values)) / 2:.3f}"


if __name__ == "__main__":
    main()
