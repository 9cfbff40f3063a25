"""Vectors of a dataset of files, as outlines on its scenes: part of stage ``scenes``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import shapely
from shapely import MultiPolygon, Polygon

from pipeline.config.dataset import Dataset
from pipeline.config.labels import VectorLabels
from pipeline.errors import DatasetError
from pipeline.imagery.annotations.vectors import VectorTable, read_vectors
from pipeline.imagery.outlines import Outline


@dataclass(frozen=True)
class Labels:
    """Labels of a scene.

    Attributes:
        outlines: By class code, in the configuration's order; of all classes.
        ignored: Well-known text of the ground of which nothing is known; empty for none.
        notes: What was mended.
    """

    outlines: dict[int, Outline]
    ignored: str
    notes: tuple[str, ...]


@dataclass
class Vectors:
    """The files of vectors of a dataset, each read once."""

    dataset: Dataset
    _tables: dict[Path, VectorTable] = field(default_factory=dict)

    @property
    def for_all(self) -> bool:
        """Whether one file holds the labels of all scenes."""
        settings = self.dataset.labels
        return isinstance(settings, VectorLabels) and "{" not in settings.file

    def cover(
        self, path: Path | None, footprint: Polygon, crs: str | None, image: str = "the image"
    ) -> bool:
        """Whether those who drew the labels have looked at a scene.

        With a file of its own, they have; with one for all scenes, if it lies among the labels: its
        centre does, or it holds some.

        Args:
            path: The scene's own file, if it has one.
            footprint: Its outline in map units.
            crs: Coordinate reference system of these.
            image: The scene's file, for messages.
        """
        table = self._table(path)
        if table is None or path is not None:
            return table is not None
        extent = table.bounds(crs)
        if extent is None or not shapely.box(*extent).intersects(footprint):
            return False
        # Labels often end where the next scene begins, and what they span grows as it is moved.
        among = shapely.box(*extent).contains(footprint.centroid)
        return among or bool(table.on(footprint, crs, image).polygons)

    def on(self, path: Path | None, footprint: Polygon, crs: str | None, image: str) -> Labels:
        """Labels of a scene.

        Args:
            path: Its own file, if it has one.
            footprint: Its outline in map units.
            crs: Coordinate reference system of these.
            image: The scene's file, for messages.
        """
        table = self._table(path)
        if table is None:
            raise ValueError("a scene without labels")
        found = table.on(footprint, crs, image)
        nothing = MultiPolygon()
        outlines = {
            code: outline_of(found.polygons.get(code, nothing)) for code in self.dataset.codes
        }
        ignored = "" if found.ignored.is_empty else text_of(found.ignored)
        return Labels(outlines, ignored, tuple(found.notes))

    def check_met(self, grounds: Sequence[tuple[Polygon, str | None]]) -> None:
        """Check that labels for all scenes lie on one of them.

        Args:
            grounds: Footprint and coordinate reference system of every scene.

        Raises:
            DatasetError: If they lie nowhere near.
        """
        settings = self.dataset.labels
        if not isinstance(settings, VectorLabels) or not self._tables:
            return
        if any(self.cover(None, *ground) for ground in grounds):
            return
        path, table = next(iter(self._tables.items()))
        if path != self.dataset.folder / settings.file or not grounds:
            return
        extent = table.bounds(grounds[0][1])
        images = shapely.total_bounds([ground for ground, _ in grounds])
        raise DatasetError(
            f"{path}: its labels span {_spans(extent)} where the images span {_spans(images)} in "
            f"{grounds[0][1] or 'their own coordinates'}; check dataset.labels.crs and that labels "
            "and images belong together"
        )

    def notes(self) -> list[str]:
        """What was left out as files for all scenes were read."""
        if not self.for_all:
            return []
        return [note for table in self._tables.values() for note in table.notes]

    def _table(self, path: Path | None) -> VectorTable | None:
        settings = self.dataset.labels
        if not isinstance(settings, VectorLabels):
            return None
        if path is None:
            if not self.for_all:
                return None
            path = self.dataset.folder / settings.file
        if path not in self._tables:
            if not self.for_all:
                self._tables.clear()  # each is of one scene
            self._tables[path] = read_vectors(path, settings, self.dataset.codes)
        return self._tables[path]


def outline_of(geometry: MultiPolygon, notes: tuple[str, ...] = ()) -> Outline:
    """A label as it is stored."""
    return Outline(text_of(geometry), len(geometry.geoms), geometry.area, notes)


def text_of(geometry: MultiPolygon) -> str:
    """Well-known text that reads back exactly."""
    return str(shapely.to_wkt(geometry, rounding_precision=-1))


def _spans(extent: Sequence[float] | None) -> str:
    if extent is None:
        return "nothing"
    left, lower, right, upper = extent
    return f"x {left:.8g} to {right:.8g} and y {lower:.8g} to {upper:.8g}"
