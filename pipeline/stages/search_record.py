"""The table and the pictures of a search."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pipeline.files import write_json
from pipeline.search.entry import Entry
from pipeline.search.study import Study
from pipeline.stages.trials import Trials


def write_record(folder: Path, trials: Trials, study: Study, entries: Sequence[Entry]) -> None:
    """Write them into an item's folder."""
    write_json(folder / "entries.json", [entry.to_json() for entry in entries])
