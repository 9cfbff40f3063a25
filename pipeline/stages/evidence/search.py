"""What a search has left, also one that has not ended: its ledgers and its best trial."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from pipeline.artifacts import Item, StageFolder, load_item
from pipeline.errors import ArtifactError, ConfigError, SearchError
from pipeline.files import hash_file
from pipeline.reporting.page.blocks import Section
from pipeline.reporting.report.search import SearchRecord, search_section
from pipeline.reporting.search.axis import Axis, axes_of, text_of
from pipeline.search.dimension import is_number
from pipeline.search.entry import Entry
from pipeline.search.ledger import read_ledger
from pipeline.search.space_file import read_space
from pipeline.stages.evidence.chapter import Chapter
from pipeline.stages.job import SEARCH, Job
from pipeline.stages.search import SUFFIX, searches
from pipeline.stages.trials import rungs

_BEST: Final = "best.yaml"
_NETWORK: Final = "network-"


def chapter(job: Job, folder: StageFolder) -> Chapter | None:  # noqa: ARG001 - as all chapters
    """The chapter on searches; None if none has begun."""
    top = job.run / SEARCH
    ledgers = sorted(top.glob(f"*{SUFFIX}"))
    if not ledgers:
        return None
    best, space = top / _BEST, job.before_search.search.space
    files = [path for path in (*ledgers, best, space) if path.is_file()]
    items = {path.stem: load_item(top / f"trials-{path.stem}") for path in ledgers}
    names = {str(row.code): row.name for row in job.config.dataset.classes}
    use = job.config.search.use
    inputs: dict[str, Any] = {
        "files": {str(path): hash_file(path) for path in files},
        "items": {name: None if item is None else item.digest for name, item in items.items()},
        "classes": names,
        "settings": job.settings(SEARCH),
        "use": use,
    }

    def write() -> list[Section]:
        records = [_record(job, path, items[path.stem]) for path in ledgers]
        found = best.read_text(encoding="utf-8") if best.is_file() else None
        return [search_section(records, names, use, found)]

    return Chapter("search", inputs, write)


def _record(job: Job, ledger: Path, item: Item | None) -> SearchRecord:
    """One search by its ledger; its item is there if it has ended."""
    name = ledger.stem
    try:
        every = read_ledger(ledger)
    except ArtifactError as error:
        return SearchRecord(name, problem=str(error))
    entries = newest(every)
    return SearchRecord(
        name=name,
        entries=entries,
        others=len(every) - len(entries),
        axes=_axes(job, entries),
        budgets=_budgets(job, name, entries),
        is_finished=item is not None,
        networks={} if item is None else _drawings(item),
    )


def newest(entries: Sequence[Entry]) -> list[Entry]:
    """Entries that compare with the last one: of the same ground and code."""
    return [e for e in entries if (e.ground, e.code) == (entries[-1].ground, entries[-1].code)]


def _axes(job: Job, entries: Sequence[Entry]) -> tuple[Axis, ...]:
    """Axes of the dimensions that trials have, as the space says or, if it can't, as they show."""
    shown = {axis.name: axis for axis in shown_axes(entries)}
    try:
        known = axes_of(read_space(job.before_search.search.space).dimensions)
    except ConfigError:
        known = ()
    named = {axis.name: axis for axis in known if axis.name in shown}
    return tuple(
        (named | {name: axis for name, axis in shown.items() if name not in named}).values()
    )


def shown_axes(entries: Sequence[Entry]) -> tuple[Axis, ...]:
    """An axis for each name of a dimension: a range where all values are numbers."""
    values: dict[str, list[Any]] = {}
    for entry in entries:
        for name, value in entry.params.items():
            values.setdefault(name, []).append(value)
    return tuple(
        Axis(name)
        if all(map(is_number, found))
        else Axis(name, tuple(dict.fromkeys(map(text_of, found))))
        for name, found in values.items()
    )


def _budgets(job: Job, name: str, entries: Sequence[Entry]) -> tuple[int, ...]:
    """Steps of the rungs; those that trials had if the configuration has others now."""
    had = sorted({entry.budget for entry in entries})
    try:
        config = job.before_search
        rows = searches(Job(config, job.run)).get(name, ())
        wanted = rungs(config, rows) if rows else ()
    except (ConfigError, SearchError):
        wanted = ()
    return wanted if set(had) <= set(wanted) else tuple(had)


def _drawings(item: Item) -> dict[str, bytes]:
    """Drawings of the best trial's networks, by the model's name."""
    names = sorted(n for n in item.files if n.startswith(_NETWORK) and n.endswith(".svg"))
    return {
        name.removeprefix(_NETWORK).removesuffix(".svg"): item.path(name).read_bytes()
        for name in names
    }
