"""The ground of a scene, and what runs predict there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from affine import Affine

from pipeline.artifacts import Item
from pipeline.errors import ArtifactError
from pipeline.imagery.polygon_text import Polygonal
from pipeline.items import read_object
from pipeline.mapping.geojson import read_geojson
from pipeline.mapping.jaccard import Overlap
from pipeline.mapping.wording import and_more
from pipeline.progress import track
from pipeline.reporting.compare.apart import Apart, Named, apart
from pipeline.stages.comparison.compared_run import ComparedRun

FILE: Final = "polygons.geojson"
_SAME: Final = 1e-3
"""Share of a scene's extent by which its borders may differ from run to run."""


def differences(runs: Sequence[ComparedRun]) -> tuple[list[Apart], list[str]]:
    """What other runs say differently of the first one's scenes, and which scenes are left out."""
    first, *others = runs
    found: list[Apart] = []
    elsewhere: dict[str, list[str]] = {}
    broken: dict[str, None] = {}
    reader = _Reader(first)
    for scene in track(sorted(first.polygons), "comparing scenes"):
        wanted = []
        for other in others:
            if scene not in other.polygons:
                continue
            if _same_ground(first.scenes.get(scene), other.scenes.get(scene)):
                wanted.append(other)
            else:
                elsewhere.setdefault(other.name, []).append(scene)
        for other in wanted:
            try:
                found.append(_compared(reader, other, scene))
            except ArtifactError as error:
                broken.setdefault(str(error))
    remarks = [
        f"{name}: scene {scenes[0]}{and_more(len(scenes) - 1)} lies elsewhere than that of "
        f"{first.name} with the same id, or its place is not known, so it is not compared."
        for name, scenes in elsewhere.items()
    ]
    return found, [*remarks, *broken]


class _Reader:
    """Polygons of the first run, the last scene's kept for the runs that follow."""

    def __init__(self, run: ComparedRun) -> None:
        self.run = run
        self._last: tuple[str, Named] | None = None

    def polygons(self, scene: str) -> Named:
        """Polygons of a scene, see :func:`named_polygons`."""
        if self._last is None or self._last[0] != scene:
            self._last = scene, named_polygons(self.run, scene)
        return self._last[1]


def _compared(first: _Reader, other: ComparedRun, scene: str) -> Apart:
    classes = shared_classes(first.run, other)
    alike = [(row.code, row.name) for row in first.run.classes] == [
        (row.code, row.name) for row in other.classes
    ]
    if alike and first.run.polygons[scene].digest == other.polygons[scene].digest:
        return Apart(other.name, scene, {name: Overlap() for name in classes})
    return apart(other.name, scene, first.polygons(scene), named_polygons(other, scene), classes)


def shared_classes(first: ComparedRun, other: ComparedRun) -> list[str]:
    """Names of the classes that both runs have."""
    names = {row.name for row in other.classes}
    return [row.name for row in first.classes if row.name in names]


def named_polygons(run: ComparedRun, scene: str) -> Named:
    """Predicted polygons of a scene by name of a class, in map units.

    Raises:
        ArtifactError: If they can't be read.
    """
    found = read_geojson(run.polygons[scene].path(FILE))
    return by_name(run, found)


def by_name(run: ComparedRun, polygons: Mapping[int, Polygonal]) -> dict[str, Polygonal]:
    """Polygons of a run's classes by name in place of code."""
    return {row.name: polygons[row.code] for row in run.classes if row.code in polygons}


def _same_ground(one: Item | None, other: Item | None) -> bool:
    """Whether two scenes of one id are of the same ground, as far as is known."""
    places = [_place(item) for item in (one, other) if item is not None]
    if len(places) < 2 or None in places:
        return False
    (system, box), (other_system, other_box) = (place for place in places if place is not None)
    extent = max(box[2] - box[0], box[3] - box[1])
    near = all(abs(a - b) <= _SAME * extent for a, b in zip(box, other_box, strict=True))
    return system == other_system and near


def _place(item: Item) -> tuple[Any, tuple[float, ...]] | None:
    """Coordinate system and bounds of a scene in map units; None if its record is damaged."""
    try:
        record = read_object(item.path("scene.json"))
        to_map, (height, width) = Affine(*record["to_map"]), record["shape"]
        (x0, y0), (x1, y1) = to_map @ (0, 0), to_map @ (width, height)
    except (ArtifactError, KeyError, TypeError, ValueError):
        return None
    return record.get("crs"), (min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))
