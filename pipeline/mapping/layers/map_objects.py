"""Objects of many scenes as columns: polygons, class, probability, area, scene."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import shapely
from numpy.typing import NDArray
from pyogrio.errors import DataSourceError
from shapely.errors import ShapelyError

from pipeline.errors import ArtifactError
from pipeline.mapping.geometry.simplification import Parts

_COLUMNS = ("code", "mean_probability", "area_m2")


@dataclass(frozen=True)
class MapObjects:
    """Objects in map units, one per row.

    Attributes:
        parts: (n,) polygons.
        code: (n,) int64, class code.
        probability: (n,) float64, mean probability.
        area: (n,) float64, square metres.
        scene: (n,) names of the scenes that an object lies on.
    """

    parts: Parts
    code: NDArray[np.int64]
    probability: NDArray[np.float64]
    area: NDArray[np.float64]
    scene: NDArray[np.object_]

    def __len__(self) -> int:
        return len(self.parts)

    def __getitem__(self, rows: Any) -> MapObjects:
        """The objects of some rows."""
        return MapObjects(**{field.name: getattr(self, field.name)[rows] for field in fields(self)})

    @classmethod
    def joined(cls, tables: Sequence[MapObjects]) -> MapObjects:
        """Objects of several tables, one after another."""
        return cls(
            **{
                field.name: np.concatenate(
                    [_NONE[field.name], *(getattr(table, field.name) for table in tables)]
                )
                for field in fields(cls)
            }
        )


_NONE: dict[str, NDArray[Any]] = {
    "parts": np.empty(0, np.object_),
    "code": np.empty(0, np.int64),
    "probability": np.empty(0, np.float64),
    "area": np.empty(0, np.float64),
    "scene": np.empty(0, np.object_),
}


def read_objects(path: Path, scene: str) -> MapObjects:
    """Objects of a scene, from the file that stage ``polygons`` has written.

    Args:
        path: GeoJSON in map units.
        scene: The scene's name.

    Raises:
        ArtifactError: If it is no such file.
    """
    try:
        meta, _, blobs, columns = pyogrio.raw.read(path, columns=list(_COLUMNS))
        values = dict(zip(meta["fields"], columns, strict=True))
        parts = shapely.from_wkb(blobs)
        if not len(parts):
            return MapObjects.joined([])
        code, probability, area = (values[name] for name in _COLUMNS)
    except (DataSourceError, ShapelyError, KeyError, ValueError) as error:
        raise ArtifactError(f"{path}: no polygons of ours ({error}); run `polygons`") from error
    return MapObjects(
        parts,
        code.astype(np.int64),
        probability.astype(np.float64),
        area.astype(np.float64),
        np.full(len(parts), scene, np.object_),
    )
