"""What ``sanity`` found, if it was run: it is no stage, and leaves files without a record."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any, Final

from PIL import Image, UnidentifiedImageError

from pipeline.artifacts import StageFolder
from pipeline.files import hash_file
from pipeline.reporting.page.blocks import Section
from pipeline.reporting.report.checks import PICTURES, CheckedModel, checks_section
from pipeline.stages.evidence.chapter import Chapter
from pipeline.stages.job import Job
from pipeline.stages.sanity import FOLDER

_REPORT: Final = "report.json"
_MODELS: Final = 6
"""Models whose pictures are shown."""
_QUALITY: Final = 80
_LEVELS: Final = ("failure", "warning", "ok")
"""The first of them are read first."""


def chapter(job: Job, folder: StageFolder) -> Chapter | None:  # noqa: ARG001 - as all chapters
    """The chapter on checks; None if none was made."""
    top, models = job.run / FOLDER, job.config.models
    folders = {row.name: top / row.name if len(models) > 1 else top for row in models}
    found = {name: path for name, path in folders.items() if _findings(path)}
    if not found:
        return None
    names = (_REPORT, *(f"{name}.png" for name in PICTURES))
    files = [path / name for path in found.values() for name in names if (path / name).is_file()]

    def write() -> list[Section]:
        checked = [
            CheckedModel(name, _findings(path), _pictures(path) if place < _MODELS else ())
            for place, (name, path) in enumerate(found.items())
        ]
        return [checks_section(checked)]

    return Chapter("checks", {str(path): hash_file(path) for path in files}, write)


def _findings(folder: Path) -> tuple[tuple[str, str, str, str], ...]:
    """Findings of a model's checks, the worst first; none where there is no whole report."""
    try:
        report = json.loads((folder / _REPORT).read_text(encoding="utf-8"))
        found = [_finding(str(name), result["finding"]) for name, result in report.items()]
        return tuple(sorted(found, key=lambda row: _LEVELS.index(row[1])))
    except (OSError, ValueError, AttributeError, KeyError, TypeError):
        return ()


def _finding(name: str, finding: Any) -> tuple[str, str, str, str]:
    return name, str(finding["level"]), str(finding["found"]), str(finding["advice"])


def _pictures(folder: Path) -> tuple[tuple[str, bytes, int], ...]:
    """Pictures of the checks of a model in a part of their bytes; damaged ones are left out."""
    found = []
    for name in PICTURES:
        data = io.BytesIO()
        try:
            with Image.open(folder / f"{name}.png") as image:
                image.convert("RGB").save(data, "WEBP", quality=_QUALITY, method=4)
                found.append((name, data.getvalue(), image.width))
        except (OSError, UnidentifiedImageError):
            continue
    return tuple(found)
