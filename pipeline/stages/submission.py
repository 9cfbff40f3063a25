"""``submission``: the table that is handed in, checked as the contest checks it.

The table is item ``table``; a copy lies at ``submission/submission.csv`` of the run, where people
and other tools look for it, and is put back if it is gone or altered.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path

from shapely import MultiPolygon

from pipeline.artifacts import Item, publish
from pipeline.errors import SubmissionError
from pipeline.files import hash_file, read_json
from pipeline.imagery.contest import read_extents
from pipeline.mapping.geojson import read_geojson
from pipeline.mapping.submission import (
    Extent,
    check_submission,
    rows_of,
    sample_rows,
    write_submission,
)
from pipeline.mapping.submissions.terms import tables_of
from pipeline.mapping.tables import Row
from pipeline.mapping.wording import and_more
from pipeline.progress import say, track
from pipeline.stages.job import Job

FILE = "submission.csv"


def run(job: Job) -> None:
    """Write the table, check it, and put it where it is looked for."""
    codes, polygons = job.config.dataset.codes, job.scenes("polygons")
    sample, grid_sizes = tables_of(job.config.dataset)
    rows = list(sample_rows(sample, codes)) if sample else rows_of(_wanted(job, polygons), codes)
    scenes = list(dict.fromkeys(row.image for row in rows))
    missing = [scene for scene in scenes if scene not in polygons]
    if missing:
        raise SubmissionError(
            f"{sample}: scene {missing[0]}{and_more(len(missing) - 1)} has no polygons; add its "
            "imagery to the dataset, or leave its rows out of dataset.sample"
        )
    extents = read_extents(grid_sizes) if grid_sizes and grid_sizes.is_file() else None
    inputs = {
        "submission": job.config.submission.model_dump(mode="json"),
        "codes": list(codes),
        "sample": hash_file(sample) if sample else scenes,
        "extents": {scene: (extents or {}).get(scene) for scene in scenes},
        "scenes": {scene: polygons[scene].digest for scene in scenes},
    }
    with job.open("submission") as folder:
        build = _build(job, sample or rows, rows, polygons, extents)
        item = folder.item("table", inputs, build)
        publish(item, FILE, folder.folder / FILE)
        made = "written" if folder.built else "unchanged"
        say(f"submission: {len(scenes)} scenes, valid, {made}: {folder.folder / FILE}")


def _wanted(job: Job, polygons: Mapping[str, Item]) -> list[str]:
    """Scenes of a table for which there is no sample: those without labels, or else all.

    Raises:
        SubmissionError: If there is none.
    """
    if not polygons:
        raise SubmissionError(
            f"{job.run / 'polygons'}: no scene has polygons; add imagery to the dataset"
        )
    records = job.scenes("scenes")
    roles = {scene: read_json(records[scene].path("scene.json"))["role"] for scene in polygons}
    return sorted(scene for scene in polygons if roles[scene] == "test") or sorted(polygons)


def _build(
    job: Job,
    sample: Path | Sequence[Row],
    rows: Sequence[Row],
    polygons: Mapping[str, Item],
    extents: Mapping[str, Extent] | None,
) -> Callable[[Path], None]:
    codes = job.config.dataset.codes

    # Rows of a scene usually follow one another; a few scenes are kept for samples sorted by class.
    @lru_cache(maxsize=4)
    def objects(scene: str) -> dict[int, MultiPolygon]:
        return read_geojson(polygons[scene].path("polygons.geojson"))

    def polygons_of(scene: str, code: int) -> MultiPolygon:
        return objects(scene).get(code, MultiPolygon())

    def build(folder: Path) -> None:
        path = folder / FILE
        with path.open("w", newline="", encoding="utf-8") as file:
            shown, decimals = track(rows, "writing rows"), job.config.submission.decimals
            write_submission(file, shown, polygons_of, decimals, extents)
        check_submission(path, sample, codes, extents)

    return build
