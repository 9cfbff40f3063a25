"""One reading of all that holds polygons by scene and class, chosen by the file's name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final, TypeAlias

from pipeline.config.dataset import ClassRow
from pipeline.errors import ScoringError
from pipeline.mapping.tables import geometry_of, read_rows
from pipeline.mapping.vectors.features import Entry, scene_of
from pipeline.mapping.vectors.geojson_file import read_geojson_file
from pipeline.mapping.vectors.geopackage import read_geopackage

_Reader: TypeAlias = Callable[[Path, Sequence[ClassRow], str], Iterator[Entry]]
_VECTORS: Final[dict[str, _Reader]] = {
    ".gpkg": read_geopackage,
    ".geojson": read_geojson_file,
    ".json": read_geojson_file,
}
_OURS: Final = "scene-"
"""What this pipeline's folders of scenes begin with."""


@dataclass(frozen=True)
class Source:
    """Polygons by scene and class.

    Attributes:
        path: Table (``.csv``, ``.csv.gz``), GeoPackage, GeoJSON, or a folder with a GeoPackage or
            GeoJSON per scene, named by its id; also the folder ``polygons`` of a run.
        classes: Classes that may occur.
    """

    path: Path
    classes: Sequence[ClassRow]

    @property
    def is_table(self) -> bool:
        """Whether it is a table as the contest's: a row for each class, valid as it stands."""
        return not self.path.is_dir() and self.path.suffix.lower() not in _VECTORS

    def entries(self) -> Iterator[Entry]:
        """What it holds, one scene and class after the other, none twice.

        Raises:
            PipelineError: Naming the file and what is wrong there.
        """
        if self.is_table:
            yield from self._rows()
            return
        seen: set[tuple[str, int]] = set()
        for scene, path in self._files():
            for entry in _VECTORS[path.suffix.lower()](path, self.classes, scene):
                if entry.key in seen:
                    raise ScoringError(
                        f"{entry.place}: stands in another file of {self.path} too; keep one"
                    )
                seen.add(entry.key)
                yield entry

    def scenes(self) -> set[str]:
        """Scenes that it speaks of; a folder's files speak of theirs even if they are empty."""
        named = {entry.image for entry in self.entries()}
        return named | {scene for scene, _ in self._files()} if self.path.is_dir() else named

    def _files(self) -> list[tuple[str, Path]]:
        """Scene and file of each vector file."""
        if not self.path.is_dir():
            return [(_stem(self.path), self.path)]
        # In a run's folder the layers for map programs hold all scenes again.
        files = [
            (path.parent.name.removeprefix(_OURS), path)
            for path in sorted(self.path.glob(f"{_OURS}*/polygons.geojson"))
        ] or [
            (_stem(path), path)
            for path in sorted(self.path.iterdir())
            if path.suffix.lower() in _VECTORS and not path.name.startswith(".")
        ]
        if not files:
            raise ScoringError(
                f"{self.path}: holds no {', '.join(_VECTORS)}; put one per scene there, named by "
                "the scene's id"
            )
        return files

    def _rows(self) -> Iterator[Entry]:
        codes = [row.code for row in self.classes]
        for row in read_rows(self.path, codes, ScoringError):
            place = f"{self.path}, row {row.number}"
            yield Entry(place, row.image, row.code, partial(geometry_of, row.wkt))


def _stem(path: Path) -> str:
    return scene_of(str(path), path.stem)
