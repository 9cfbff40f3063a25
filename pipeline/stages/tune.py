"""``tune``: post-processing of each class, and rules between classes, on held-out predictions.

Every class is tuned by itself, then the rows of ``polygons.rules``, one after the other. Items:
``class-<code>`` (trials.csv with what each trial gives on each fold; class.json with the choice),
``rules`` (rules.json with what became of every row), and ``tuned`` (tuned.yaml, keys of
``polygons``, also published beside the items; scores.json). Trials cost milliseconds and a class
some seconds, so a class's trials are one item, written whole: a killed run makes the class that it
was at again. A ledger that is flushed at each trial would take longer than the trials.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from pydantic import TypeAdapter

from pipeline.artifacts import Item, StageFolder, publish
from pipeline.config.dataset import ClassRow
from pipeline.config.rules import RuleRow
from pipeline.files import read_json, write_bytes, write_json
from pipeline.imagery.tiles import open_tiles
from pipeline.learning.metrics import NOTHING
from pipeline.mapping.masks.postprocessing import Cleaning, cleaning_of
from pipeline.mapping.tuning.choice import Choice, choice_of, scores_record, trials_csv, tuned_yaml
from pipeline.mapping.tuning.class_tuning import Ground, Judge, ground_of, tune
from pipeline.mapping.tuning.rule_tuning import RuleGround, rule_ground, tune_rules
from pipeline.progress import bar, say, track
from pipeline.reporting.tune_table import show_rules, show_tuning
from pipeline.stages.held_out import check_predicted, fold_of_scenes, folds_of, read_held_out
from pipeline.stages.job import TUNE, TUNED, Job
from pipeline.stages.scene_indices import indices_of

_CLASS: Final = "class-"
_CHOICE: Final = "class.json"
_RULES: Final = "rules.json"
_SCORES: Final = "scores.json"
_ROWS: Final = TypeAdapter(list[RuleRow])


def run(job: Job) -> None:
    """Tune every class and every rule, and say what carries over to other folds."""
    config = job.before_tune
    classes = config.dataset.classes
    check_predicted(job)
    with job.open(TUNE) as folder:
        scenes = _scenes(job)
        for place, row in enumerate(classes):
            _tune_class(job, folder, scenes, place, row)
        made = len(folder.built)
        rules = _tune_rules(job, folder, scenes)
        found = _write_tuned(job, folder, rules)
    show_tuning(read_json(found.path(_SCORES)))
    show_rules(read_json(rules.path(_RULES)))
    count, old = len(classes), len(classes) - made
    say(f"tune: {count} classes, {made} searched now, {old} unchanged; see {job.run / TUNE}")
    if not config.tune.use:
        say('tune: nothing changes by itself; SET="tune.use=true" takes over what was found')


def _scenes(job: Job) -> dict[str, list[Any]]:
    """What every trial depends on."""
    predictions, tiles = job.scenes("predict"), job.scenes("tiles")
    return {
        scene: [predictions[scene].digest, tiles[scene].digest, fold]
        for scene, fold in fold_of_scenes(job).items()
    }


def _tune_class(
    job: Job, folder: StageFolder, scenes: Mapping[str, Any], place: int, row: ClassRow
) -> None:
    """Trials of a class, and what they come to."""
    config = job.before_tune
    settings, now = config.tune, cleaning_of(config.polygons, row.code, NOTHING)
    fixed = now.level if row.code in config.polygons.thresholds else None
    inputs = {
        "code": [row.code, place],
        "scenes": scenes,
        "now": asdict(now),
        "evaluate": config.evaluate.model_dump(mode="json"),
        "tune": settings.model_dump(mode="json", exclude={"use", "rules"}),
    }

    def build(target: Path) -> None:
        judge = Judge(_grounds(job, place), len(folds_of(job)), config.evaluate, fixed)
        with bar() as display:
            task = display.add_task(f"tuning {row.name}", total=settings.trials, note="")
            trials = tune(judge, now, settings, lambda: display.advance(task))
        write_bytes(target / "trials.csv", trials_csv(trials).encode())
        write_json(target / _CHOICE, choice_of(trials).to_json())

    folder.item(f"{_CLASS}{row.code}", inputs, build)


def _grounds(job: Job, place: int) -> list[Ground]:
    """The held-out scenes as one class sees them."""
    predictions, tiles = job.scenes("predict"), job.scenes("tiles")
    found = []
    for name, fold in fold_of_scenes(job).items():
        scene = read_held_out(predictions[name], tiles[name])
        plane, truth = scene.levels[place], scene.truth[place]
        found.append(ground_of(plane, truth, scene.valid, fold, scene.metres))
    return found


def _choices(job: Job, folder: StageFolder) -> dict[int, Choice]:
    """What became of each class, by code."""
    return {
        code: Choice.from_json(read_json(folder.items[f"{_CLASS}{code}"].path(_CHOICE)))
        for code in job.before_tune.dataset.codes
    }


def _tune_rules(job: Job, folder: StageFolder, scenes: Mapping[str, Any]) -> Item:
    """What became of every row of rules."""
    config = job.before_tune
    rules = config.polygons.rules if config.tune.rules else ()
    choices = _choices(job, folder)
    inputs = {
        "choices": {code: choice.to_json() for code, choice in choices.items()},
        "scenes": scenes,
        "rules": [row.model_dump(mode="json") for row in rules],
        "groups": [row.model_dump(mode="json") for row in config.dataset.groups],
        "resampling": config.features.resampling,
        "absent": config.score.absent,
    }

    def build(target: Path) -> None:
        rows: list[dict[str, Any]] = []
        if rules:
            grounds, count = _rule_grounds(job, choices), len(folds_of(job))
            with bar() as display:
                task = display.add_task("tuning rules", total=len(rules), note="")
                absent = config.score.absent
                found = tune_rules(grounds, count, rules, absent, lambda: display.advance(task))
            rows = [choice.to_json() for choice in found]
        write_json(target / _RULES, rows)

    return folder.item("rules", inputs, build)


def _rule_grounds(job: Job, choices: Mapping[int, Choice]) -> list[RuleGround]:
    """The held-out scenes with the masks of each class, as it is taken over."""
    config, found = job.before_tune, []
    predictions, tiles = job.scenes("predict"), job.scenes("tiles")
    for name, fold in track(list(fold_of_scenes(job).items()), "cleaning scenes"):
        index = indices_of(job, open_tiles(tiles[name].folder))
        scene = read_held_out(predictions[name], tiles[name])
        cleanings = tuple(_of_fold(choice, fold) for choice in choices.values())
        found.append(rule_ground(scene, config.dataset.codes, cleanings, fold, index))
    return found


def _of_fold(choice: Choice, fold: int) -> Cleaning:
    """What is taken over of a class, at the threshold that the other folds tell."""
    return Cleaning(**{**asdict(choice.kept), "level": choice.levels[fold]})


def _write_tuned(job: Job, folder: StageFolder, rules: Item) -> Item:
    """What the configuration takes over, and the scores."""
    config = job.before_tune
    names = [[row.code, row.name] for row in config.dataset.classes]
    digests = [folder.items[f"{_CLASS}{code}"].digest for code in config.dataset.codes]
    inputs = {
        "classes": [names, digests],
        "rules": rules.digest,
        "kept": [row.model_dump(mode="json") for row in config.polygons.rules],
        "absent": config.score.absent,
    }

    def build(target: Path) -> None:
        choices = _choices(job, folder)
        tuned = _ROWS.validate_python([row["row"] for row in read_json(rules.path(_RULES))])
        rows: Sequence[RuleRow] = tuned or config.polygons.rules
        write_bytes(target / TUNED, tuned_yaml(choices, rows).encode())
        record = scores_record(config.dataset.classes, choices, config.score.absent)
        write_json(target / _SCORES, record)

    item = folder.item("tuned", inputs, build)
    publish(item, TUNED, folder.folder / TUNED)
    return item
