"""How it stands with each stage of a run, from its files; nothing is written or run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Literal

from pipeline.artifacts import MADE_FROM, MANIFEST
from pipeline.chain import CHAIN, Stage
from pipeline.code_version import code_version
from pipeline.items import read_object
from pipeline.locks import is_locked
from pipeline.stages.inputs import inputs_of
from pipeline.stages.job import SEARCH, Job, made_from
from pipeline.stages.standing.leftovers import first_damage, made_so_far, unfinished
from pipeline.stages.standing.reasons import CODE_CHANGED, reasons

_AGES: Final = 1e9
"""Seconds that no stage takes."""
State = Literal["done", "stale", "running", "interrupted", "damaged", "missing"]


@dataclass(frozen=True)
class Standing:
    """How it stands with one stage.

    Attributes:
        stage: Its name.
        state: ``stale`` is finished, and old; ``interrupted`` has begun and is not finished.
        items: Those that its manifest names, or that are made so far.
        built: Those that were made when it was last written; None if it does not say.
        seconds: What that took.
        made_at: When that was.
        checked: When Make last found it in order, or made it, in ns.
        why: Why it is in this state.
    """

    stage: str
    state: State
    items: int = 0
    built: int | None = None
    seconds: float | None = None
    made_at: datetime | None = None
    checked: int = 0
    why: tuple[str, ...] = ()

    @property
    def is_made(self) -> bool:
        """Whether it has finished once."""
        return self.made_at is not None


def standings(
    run: Path,
    job: Job | None = None,
    files: bool = True,
    code: Callable[[str], str] = code_version,
) -> list[Standing]:
    """How it stands with all stages of a run, in the order of the chain.

    Args:
        run: Its folder.
        job: As it would be made now; None compares with what Make was last asked for.
        files: Whether to look for damaged files.
        code: Gives the version of a module.
    """
    found: dict[str, Standing] = {}
    for row in CHAIN:
        now = made_from(run, row)
        if job is not None and (run / row.name / MANIFEST).exists():
            now["inputs"] = inputs_of(job, row, code)
        found[row.name] = _standing(run, row, now, found, files)
    return list(found.values())


def _standing(
    run: Path,
    row: Stage,
    now: Mapping[str, Any],
    before: Mapping[str, Standing],
    files: bool,
) -> Standing:
    """How it stands with a stage, from what it would be made from now and the stages before."""
    folder = run / row.name
    manifest = read_object(folder / MANIFEST)
    begun = unfinished(folder)
    if not isinstance(manifest.get("items"), dict):
        manifest = {}
    if is_locked(folder):
        return _of(row, "running", folder, manifest, begun)
    if not manifest:
        made = made_so_far(folder)
        done = [f"{made} item{'s' * (made != 1)} made"] if made else []
        state: State = "interrupted" if begun or made else "missing"
        return _of(row, state, folder, manifest, [*begun, *done])
    damaged = first_damage(folder, list(manifest["items"])) if files else None
    if damaged is not None:
        return _of(row, "damaged", folder, manifest, [f"{damaged} was altered or deleted"])
    checked = (folder / MANIFEST).stat().st_mtime_ns
    why = _why_stale(run, row, now, before, checked)
    if why and begun and row.name != SEARCH:  # else it is work for settings that were taken back
        return _of(row, "interrupted", folder, manifest, begun)
    why = why or _why_checked(run, row, before, checked)
    return _of(row, "stale" if why else "done", folder, manifest, why)


def _of(
    row: Stage, state: State, folder: Path, manifest: Mapping[str, Any], why: list[str]
) -> Standing:
    if not manifest:
        return Standing(row.name, state, made_so_far(folder), why=tuple(why))
    checked = (folder / MANIFEST).stat().st_mtime_ns
    built = manifest.get("built")
    return Standing(
        row.name,
        state,
        len(manifest["items"]),
        built if isinstance(built, int) else None,
        _seconds(manifest.get("seconds")),
        _moment(manifest.get("made_at"), checked),
        checked,
        tuple(why),
    )


def _seconds(value: Any) -> float | None:
    """What a manifest tells, if it is a time."""
    return float(value) if isinstance(value, int | float) and 0 <= value < _AGES else None


def _moment(text: Any, otherwise: int) -> datetime:
    """The time that a manifest tells; older ones tell none, and have that of their file."""
    try:
        moment = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return datetime.fromtimestamp(otherwise / 1e9, UTC)
    if not datetime.min.year < moment.year < datetime.max.year:  # the end of time here
        return datetime.fromtimestamp(otherwise / 1e9, UTC)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _why_stale(
    run: Path, row: Stage, now: Mapping[str, Any], before: Mapping[str, Standing], checked: int
) -> list[str]:
    """Why a finished stage is old, by content; nothing if it is not."""
    folder, stored = run / row.name, _stored(run, row)
    old = read_object(folder / MADE_FROM)
    if old:
        why = reasons(old, now)
    elif _is_asked_later(run, row, checked):  # made by an older version, which kept no record
        same = read_object(folder / MANIFEST).get("code") == now["inputs"].get("code")
        why = ["settings or files have changed since" if same else CODE_CHANGED]
    else:
        why = reasons({**now, "inputs": read_object(stored)}, now) if stored.exists() else []
    above = [name for name in row.upstream if before[name].state not in ("done", "running")]
    if above:
        return [*why, f"after {above[0]}"]
    return why


def _why_checked(run: Path, row: Stage, before: Mapping[str, Standing], checked: int) -> list[str]:
    """Why Make will ask a stage that has nothing to do, as far as is known: times are newer."""
    above = [*row.upstream, *(name for name in row.optional if before[name].is_made)]
    newer = [name for name in above if before[name].checked > checked]
    known = ", same content" if (run / row.name / MADE_FROM).exists() else ""
    if newer:
        return [f"older than {', '.join(newer)}{known}"]
    return [f"older than its inputs{known}"] * _is_asked_later(run, row, checked)


def _is_asked_later(run: Path, row: Stage, checked: int) -> bool:
    """Whether what Make was asked for is newer than a manifest of this time."""
    stored = _stored(run, row)
    return stored.exists() and stored.stat().st_mtime_ns > checked


def _stored(run: Path, row: Stage) -> Path:
    """What Make was last asked for, of a stage."""
    return run / "inputs" / f"{row.name}.json"
