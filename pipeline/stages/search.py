"""``search``: trials of architectures and recipes, and the best as rows of ``models``.

``<search>.jsonl`` is the ledger: a line per trial and budget, the truth about the search, never
removed by this stage. ``together`` is the search that changes all models alike; a search per model
has the model's name. Items: ``trials-<search>`` (table, pictures, TensorBoard log) and ``found``
(best.yaml and top.yaml, also published beside the ledgers).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import yaml

from pipeline.artifacts import StageFolder, publish
from pipeline.chain import stage as stage_row
from pipeline.code_version import code_version
from pipeline.config.found import ensemble_rows
from pipeline.config.load import section_values
from pipeline.errors import SearchError
from pipeline.files import digest_of, write_bytes
from pipeline.progress import say
from pipeline.search.driver import Driver
from pipeline.search.entry import Entry, Params
from pipeline.search.halving import best, leaders
from pipeline.search.ledger import Ledger, open_ledger, read_ledger
from pipeline.search.space import Space
from pipeline.search.space_file import read_space
from pipeline.search.study import Study, suggestions
from pipeline.stages.inputs import sources
from pipeline.stages.job import SEARCH, Job
from pipeline.stages.search_record import show_trials, write_record
from pipeline.stages.search_report import Reporter
from pipeline.stages.trial import run_trial
from pipeline.stages.trials import Trials, rungs
from pipeline.workers.opening import Workers, open_workers

TOGETHER: Final = "together"
SUFFIX: Final = ".jsonl"
TRIAL: Final = "pipeline.stages.trial"
_FILES: Final = ("best.yaml", "top.yaml")


@dataclass(frozen=True)
class Found:
    """The end of one search.

    Attributes:
        name: Its name.
        rows: Names of the models that it changed.
        trials: What it tried.
        study: Its question.
        entries: Entries that answer it.
    """

    name: str
    rows: tuple[str, ...]
    trials: Trials
    study: Study
    entries: Sequence[Entry]


def run(job: Job) -> None:
    """Search until a limit is reached, or go on with a search that was not finished."""
    job = replace(job, config=job.before_search, written=None)
    settings = job.config.search
    space = read_space(settings.space)
    with job.open(SEARCH) as folder:
        found: list[Found] = []
        with open_workers(
            run_trial, settings.backend, settings.workers, settings.scheduler
        ) as workers:
            for name, rows in searches(job).items():
                found.append(_search(job, folder.folder, space, name, rows, workers, found))
        for one in found:
            _write_record(folder, one)
        _write_found(job, folder, found)
    for one in found:
        show_trials(one.name, one.trials, one.entries)
        first = best(one.entries, one.study.budgets)
        if first is not None:
            say(
                f"search: {one.name}: best is trial {first.trial} with {first.score:.4f} at "
                f"{first.budget} steps; see {folder.folder / f'trials-{one.name}'}"
            )


def searches(job: Job) -> Mapping[str, tuple[str, ...]]:
    """Names of the models that each search changes, by the search's name."""
    rows = tuple(row.name for row in job.config.models)
    if job.config.search.models == "together":
        return {TOGETHER: rows}
    return {row: (row,) for row in rows}


def _search(
    job: Job,
    folder: Path,
    space: Space,
    name: str,
    rows: tuple[str, ...],
    workers: Workers,
    before: Sequence[Found],
) -> Found:
    """One search, from where its ledger stands to its end."""
    budgets, settings = rungs(job.config, rows), job.config.search
    ground = _ground(job, rows, budgets)
    work = folder / ".work" / name
    code, show = code_version(TRIAL), settings.backend == "inline"
    trials = Trials(job, space, rows, budgets, ground, code, work, show)
    ledger = open_ledger(folder / f"{name}{SUFFIX}")
    study = Study(
        space=space,
        settings=settings,
        budgets=budgets,
        ground=ground,
        code=code,
        seed=next(row.train.seed for row in job.config.models if row.name in rows),
        meaning=trials.meaning,
        warm=_warm(job, space, ledger, (ground, code), before),
    )
    reporter = Reporter(name, study, workers.size, trials.tidy)
    driver = Driver(study, ledger, workers, trials.check, trials.argument, reporter)
    reporter.begin(driver.entries, driver.unused)
    reason = driver.run()
    say(f"search: {name} ends after {reason}")
    return Found(name, rows, trials, study, tuple(driver.entries))


def _ground(job: Job, rows: Sequence[str], budgets: Sequence[int]) -> str:
    """Digest of all that a trial's score depends on besides its parameters and the code."""
    names = [name for name in stage_row(SEARCH).sections if not name.startswith("search.")]
    scenes = {name: item.digest for name, item in job.results("scenes").items()}
    settings = job.config.search
    judged = [settings.folds, settings.objective, list(budgets), sources(job)]
    return digest_of([dict(section_values(job.config, names)), scenes, judged, list(rows)])


def _warm(
    job: Job,
    space: Space,
    ledger: Ledger,
    current: tuple[str, str],
    before: Sequence[Found],
) -> tuple[Params, ...]:
    """Parameters that did best in other searches: earlier ones here, other runs, other scenes.

    Entries of the ``current`` ground and code need not be tried again.
    """
    settings = job.config.search
    groups = [list(one.entries) for one in before]
    groups += _grounds([e for e in ledger.entries if (e.ground, e.code) != current])
    if job.run.name in settings.warm:
        raise SearchError(
            f"search.warm: {job.run.name} is this run, whose ledger is read anyway; remove it"
        )
    for run in settings.warm:
        paths = sorted((job.run.parent / run / SEARCH).glob(f"*{SUFFIX}"))
        if not paths:
            raise SearchError(
                f"search.warm: {run} has no ledger in {job.run.parent / run / SEARCH}; run "
                "`make search` for it first, or remove it"
            )
        for path in paths:
            groups += _grounds(read_ledger(path))
    return tuple(
        params for group in groups for params in suggestions(space, group, settings.warm_trials)
    )


def _grounds(entries: Sequence[Entry]) -> list[list[Entry]]:
    """Entries that compare with each other, the newest first."""
    groups: dict[tuple[str, str], list[Entry]] = {}
    for entry in entries:
        groups.setdefault((entry.ground, entry.code), []).append(entry)
    return list(groups.values())[::-1]


def _write_record(folder: StageFolder, one: Found) -> None:
    """The table and the pictures of a search."""
    inputs = {
        "entries": [entry.to_json() for entry in one.entries],
        "space": one.study.space.digest,
        "budgets": list(one.study.budgets),
    }
    config = one.trials.job.config
    folder.item(
        f"trials-{one.name}",
        {**inputs, "classes": [row.model_dump(mode="json") for row in config.dataset.classes]},
        lambda target: write_record(target, one.trials, one.entries),
    )


def _write_found(job: Job, folder: StageFolder, found: Sequence[Found]) -> None:
    """The best trial, and the best few as an ensemble, as parts of a configuration."""
    top = [leaders(one.entries, one.study.budgets, job.config.search.top) for one in found]
    missing = [one.name for one, trials in zip(found, top, strict=True) if not trials]
    if missing:
        raise SearchError(
            f"search: no trial of {', '.join(missing)} was scored; the reasons are in "
            f"{folder.folder}/<search>{SUFFIX}; mend them, widen the space's limits, or raise "
            "search.trials or search.minutes"
        )
    inputs = {
        one.name: [entry.to_json() for entry in trials]
        for one, trials in zip(found, top, strict=True)
    }

    def build(target: Path) -> None:
        for name, count in zip(_FILES, (1, None), strict=True):
            rows = _rows(job, found, [trials[:count] for trials in top])
            text = _comment(found, [trials[:count] for trials in top]) + yaml.safe_dump(
                {"models": rows}, sort_keys=False, allow_unicode=True
            )
            write_bytes(target / name, text.encode())

    item = folder.item("found", {"rows": inputs, "config": job.settings(SEARCH)}, build)
    for name in _FILES:
        publish(item, name, folder.folder / name)


def _rows(job: Job, found: Sequence[Found], top: Sequence[Sequence[Entry]]) -> list[dict[str, Any]]:
    """The section ``models`` with what each search found for its rows."""
    names = [row.name for row in job.config.models]
    chosen: dict[str, list[dict[str, Any]]] = {}
    for one, trials in zip(found, top, strict=True):
        versions = [one.trials.models(entry.params) for entry in trials]
        for name in one.rows:
            place = names.index(name)
            chosen[name] = ensemble_rows([[rows[place]] for rows in versions])
    return [row for name in names for row in chosen[name]]


def _comment(found: Sequence[Found], top: Sequence[Sequence[Entry]]) -> str:
    lines = [
        f"# {one.name}: trial {entry.trial}, mean Jaccard {entry.score:.4f} on "
        f"{len(entry.folds)} held-out folds after {entry.budget} steps, "
        f"thresholds {one.study.settings.objective}"
        for one, trials in zip(found, top, strict=True)
        for entry in trials
    ]
    return "\n".join(("# What `make search` found; search.use takes it over.", *lines, ""))
