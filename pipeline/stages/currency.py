"""Whether a run's stages are up to date, as Make would ask by time."""

from __future__ import annotations

from pathlib import Path

from pipeline.artifacts import MANIFEST
from pipeline.chain import CHAIN, needed


def stale_stage(run: Path, last: str) -> str | None:
    """The first stage up to ``last`` that Make would run again; None if all are up to date."""
    wanted = needed(last)
    newest = 0
    for row in CHAIN:
        if row.name not in wanted:
            continue
        manifest, inputs = run / row.name / MANIFEST, run / "inputs" / f"{row.name}.json"
        if not manifest.exists() or not inputs.exists():
            return row.name
        moment = manifest.stat().st_mtime_ns
        if moment < max(newest, inputs.stat().st_mtime_ns):
            return row.name
        if row.name == last:
            break
        newest = moment
    return None
