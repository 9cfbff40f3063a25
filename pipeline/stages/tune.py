"""``tune``: threshold, smoothing and smallest areas of each class, on held-out predictions.

Every class is tuned by itself. Items: ``class-<code>`` (trials.csv with what each trial gives on
each fold; class.json with the choice) and ``tuned`` (tuned.yaml, keys of ``polygons``, also
published beside the items; scores.json). Trials cost milliseconds and a class some seconds, so a
class's trials are one item, written whole: a killed run makes the class that it was at again. A
ledger that is flushed at each trial would take longer than the trials.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from pipeline.artifacts import Item, StageFolder, publish
from pipeline.errors import ArtifactError
from pipeline.files import read_json, write_bytes, write_json
from pipeline.imagery.tiles import open_tiles, unpack
from pipeline.learning.folds import read_folds
from pipeline.mapping.choice import Choice, choice_of, scores_record, trials_csv, tuned_yaml
from pipeline.mapping.postprocessing import cleaning_of
from pipeline.mapping.raster import read_levels
from pipeline.mapping.tuning import Ground, Judge, Starts, ground_of, tune
from pipeline.progress import bar, say
from pipeline.reporting.score_table import show_table
from pipeline.stages.job import TUNE, TUNED, Job

_CLASS: Final = "class-"
_CHOICE: Final = "class.json"
_SCORES: Final = "scores.json"


def run(job: Job) -> None:
    """Tune every class, and say what carries over to other folds."""
    config, folds = job.before_tune, _folds(job)
    predictions, tiles = job.scenes("predict"), job.scenes("tiles")
    fold_of = {scene: index for index, fold in enumerate(folds) for scene in fold}
    missing = sorted(set(fold_of) - set(predictions))
    if missing:
        raise ArtifactError(f"{job.run / 'predict'}: lacks {', '.join(missing)}; run `predict`")
    starts = _starts(job)
    scenes = {scene: [predictions[scene].digest, tiles[scene].digest] for scene in fold_of}

    def grounds(place: int) -> list[Ground]:
        return [
            _ground(predictions[scene], tiles[scene], place, fold)
            for scene, fold in fold_of.items()
        ]

    settings = config.tune.model_dump(mode="json", exclude={"use"})
    with job.open(TUNE) as folder:
        for place, row in enumerate(config.dataset.classes):
            inputs = {
                "code": [row.code, place],
                "scenes": scenes,
                "folds": [list(fold) for fold in folds],
                "starts": starts[row.code].to_json(),
                "tune": settings,
            }
            build = _build(job, row.name, starts[row.code], len(folds), place, grounds)
            folder.item(f"{_CLASS}{row.code}", inputs, build)
        made = len(folder.built)
        found = _write_tuned(job, folder)
    _show(read_json(found.path(_SCORES)))
    count = len(config.dataset.classes)
    say(f"tune: {count} classes, {made} tuned, {count - made} unchanged; see {job.run / TUNE}")


def _folds(job: Job) -> tuple[tuple[str, ...], ...]:
    return read_folds(job.results("augment")["folds"].path("folds.json"))


def _starts(job: Job) -> dict[int, Starts]:
    """Rules that each class has now: for all scenes, and for those of each fold."""
    item, config = job.results("evaluate")["thresholds"], job.before_tune
    chosen = read_json(item.path("thresholds.json"))
    held_out = read_json(item.path("held_out.json"))
    found = {}
    try:
        for code in config.dataset.codes:
            tables = [chosen, *(held_out[str(fold)] for fold in range(len(held_out)))]
            levels = [int(table[str(code)]["level"]) for table in tables]
            now, *others = (cleaning_of(config.polygons, code, level) for level in levels)
            found[code] = Starts(now, tuple(others))
    except KeyError as error:
        raise ArtifactError(f"{item.folder}: has no threshold of {error}; run `evaluate`") from None
    return found


def _ground(prediction: Item, tile: Item, place: int, fold: int) -> Ground:
    """One class of a scene."""
    scene = open_tiles(tile.folder)
    truth, valid = unpack(scene.mask, scene.classes)
    levels = read_levels(prediction.path("probability.tif"))
    if levels.shape != truth.shape:
        raise ArtifactError(
            f"{prediction.folder}: is of shape {levels.shape}, but the masks are of {truth.shape}; "
            "run `predict`"
        )
    return ground_of(levels[place], truth[place], valid, fold, scene.metres)


def _build(
    job: Job,
    name: str,
    starts: Starts,
    folds: int,
    place: int,
    grounds: Callable[[int], Sequence[Ground]],
) -> Callable[[Path], None]:
    settings = job.before_tune.tune

    def build(folder: Path) -> None:
        judge = Judge(grounds(place), folds)
        with bar() as display:
            task = display.add_task(f"tuning {name}", total=settings.trials, note="")
            trials = tune(judge, starts, settings, lambda: display.advance(task))
        choice = choice_of(judge, starts, trials)
        write_bytes(folder / "trials.csv", trials_csv(trials).encode())
        write_json(folder / _CHOICE, choice.to_json())

    return build


def _write_tuned(job: Job, folder: StageFolder) -> Item:
    """What classes take over, and the scores."""
    config = job.before_tune
    items = {row.code: folder.items[f"{_CLASS}{row.code}"] for row in config.dataset.classes}
    inputs = {
        "classes": [[row.code, row.name, items[row.code].digest] for row in config.dataset.classes],
        "polygons": config.polygons.model_dump(mode="json"),
        "absent": config.score.absent,
    }

    def build(target: Path) -> None:
        choices = {
            code: Choice.from_json(read_json(item.path(_CHOICE))) for code, item in items.items()
        }
        write_bytes(target / TUNED, tuned_yaml(config.polygons, choices).encode())
        write_json(
            target / _SCORES, scores_record(config.dataset.classes, choices, config.score.absent)
        )

    item = folder.item("tuned", inputs, build)
    publish(item, TUNED, folder.folder / TUNED)
    return item


def _show(record: Mapping[str, Any]) -> None:
    columns = [(how, which) for how in ("chosen", "cross_fitted") for which in ("now", "tuned")]
    rows = [
        (
            code,
            row["name"],
            *(row[how][which]["jaccard"] for how, which in columns),
            "yes" if row["taken"] else "no",
        )
        for code, row in sorted(record["classes"].items(), key=lambda entry: int(entry[0]))
    ]
    means = record["means"]
    show_table(
        "Jaccard index of held-out scenes, in pixels",
        ("code", "class", "now", "tuned", "now, cross-fitted", "tuned, cross-fitted", "taken over"),
        rows,
        ("", "mean", *(means[how][which] for how, which in columns), ""),
    )
    kept = [row["name"] for row in record["classes"].values() if not row["taken"]]
    if kept:
        say(
            f"tune: {', '.join(kept)}: what was tuned does not carry over to other folds; "
            "they keep what they have"
        )
    taken = means["cross_fitted"]["taken"]
    say(f"tune: mean of what is taken over, cross-fitted: {taken:.4f}")
