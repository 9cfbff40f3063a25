"""Labels in vector files: read once, then asked for the polygons on each scene."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import shapely
from shapely import MultiPolygon, Polygon

from pipeline.config.labels import VectorLabels
from pipeline.errors import LabelError
from pipeline.imagery.annotations.coordinates import Bounds, system_of
from pipeline.imagery.annotations.layers import Wanted
from pipeline.imagery.annotations.placed import PlacedLayer
from pipeline.imagery.annotations.polygons import valid_polygons
from pipeline.imagery.annotations.values import BACKGROUND, IGNORED, check_codes, codes_of
from pipeline.imagery.annotations.vector_readers import read_layers
from pipeline.imagery.outlines import polygons_of

_DEGREES: Final = (360.0, 90.0)
"""Largest longitude, where it may be counted around the globe, and latitude."""


@dataclass(frozen=True)
class SceneLabels:
    """What labels say of a scene.

    Attributes:
        polygons: Valid multipolygon on the scene by class code, in map units; classes may overlap,
            and one that is absent is left out.
        ignored: Ground of the scene of which nothing is known, valid, perhaps empty.
        notes: What was mended or cut, for the catalogue.
    """

    polygons: dict[int, MultiPolygon]
    ignored: MultiPolygon
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class VectorTable:
    """Polygons of a vector file with their classes.

    Attributes:
        path: The file.
        layers: Its layers.
        rest: What ground is that no polygon covers.
        notes: What was left out as the file was read.
    """

    path: Path
    layers: tuple[PlacedLayer, ...]
    rest: str
    notes: tuple[str, ...]

    def bounds(self, crs: str | None) -> Bounds | None:
        """What all polygons span, in a coordinate reference system.

        Returns:
            Left, lower, right and upper edge; None without polygons or if they have none there.
        """
        found = [bounds for layer in self.layers for bounds in layer.bounds_in(crs)]
        if not found:
            return None
        edges = np.array(found)
        left, lower = edges[:, :2].min(axis=0).tolist()
        right, upper = edges[:, 2:].max(axis=0).tolist()
        return left, lower, right, upper

    def on(self, footprint: Polygon, crs: str | None, image: str = "the image") -> SceneLabels:
        """Labels of a scene.

        Polygons are brought into the scene's coordinates, their edges divided where they are long
        (see ``coordinates.LONGEST``), and cut at its edges. Ignored ground wins over classes.

        Args:
            footprint: Ground of the scene in map units.
            crs: Coordinate reference system of the map units; None for plain coordinates.
            image: The scene's file, for messages.

        Raises:
            LabelError: If only one of image and labels has a coordinate reference system, or a
                polygon has no place in that of the image.
        """
        by_code: dict[int, list[Any]] = {}
        mended = 0
        for layer in self.layers:
            self._check_systems(layer, crs, image)
            shapes, which = layer.on(footprint, crs)
            for code in np.unique(layer.codes[which]).tolist():
                by_code.setdefault(code, []).extend(shapes[layer.codes[which] == code])
            mended += int(np.count_nonzero(layer.mended[which]))
        unions = {code: _union(shapes) for code, shapes in by_code.items()}
        ignored = unions.pop(IGNORED, MultiPolygon())
        if self.rest == "ignore":
            known = _union(list(unions.values()))
            ignored = _union([ignored, shapely.difference(footprint, known)])
        unions.pop(BACKGROUND, None)
        notes = [f"{mended} label polygons crossed themselves and were made valid"] * (mended > 0)
        return SceneLabels(dict(sorted(unions.items())), ignored, tuple(notes))

    def _check_systems(self, layer: PlacedLayer, crs: str | None, image: str) -> None:
        if crs is not None and layer.crs is None:
            raise LabelError(
                f"{layer.layer.place}: names no coordinate reference system where {image} has "
                f"{_short(crs)}; write the labels' into dataset.labels.crs"
            )
        if crs is None and layer.crs is not None:
            raise LabelError(
                f"{layer.layer.place}: is in {_short(layer.crs)} where {image} has no coordinate "
                "reference system; write the image's into dataset.crs, or save the labels in "
                "coordinates of the image and without any"
            )


def read_vectors(path: Path, settings: VectorLabels, codes: Sequence[int]) -> VectorTable:
    """Read the labels of a vector file.

    Args:
        path: GeoPackage, GeoJSON, Shapefile, GeoParquet, or CSV with well-known text.
        settings: What its attributes mean.
        codes: Class codes of the configuration.

    Raises:
        LabelError: If the file can't be read or is not what its name says, holds points or lines,
            coordinates that are not finite, or values that are not listed.
    """
    check_codes(settings, codes)
    placed: list[PlacedLayer] = []
    notes: list[str] = []
    columns = () if settings.column is None else (settings.column,)
    for whole in read_layers(path, Wanted(settings.layer, columns, settings.wkt)):
        meant = codes_of(whole, settings, codes)
        # What is of no class counts only where it tells ground that was looked at.
        kept = (meant != BACKGROUND) | (settings.rest == "ignore")
        layer, found = whole.only(kept), meant[kept]
        clean = valid_polygons(layer)
        there = clean.there
        one = PlacedLayer(
            layer,
            clean.shapes[there],
            found[there],
            layer.numbers[there],
            clean.mended[there],
            layer.crs or settings.crs or layer.usual_crs,
        )
        notes += clean.notes
        _check_system(one)
        placed.append(one)
    return VectorTable(path, tuple(placed), settings.rest, tuple(notes))


def _check_system(layer: PlacedLayer) -> None:
    """Check that the coordinates are of the kind that their system has."""
    if layer.crs is None:
        return
    system = system_of(layer.crs, layer.layer.place)
    if layer.bounds is None or not system.is_geographic:
        return
    left, lower, right, upper = layer.bounds
    if max(abs(left), abs(right)) > _DEGREES[0] or max(abs(lower), abs(upper)) > _DEGREES[1]:
        raise LabelError(
            f"{layer.layer.place}: spans {left:.6g} to {right:.6g} and {lower:.6g} to {upper:.6g}, "
            f"which are no degrees of {_short(layer.crs)}; write the file's true system into "
            "dataset.labels.crs if the file names none, or save it with the right one"
        )


def _short(crs: str) -> str:
    """A coordinate reference system as a message names it."""
    system = system_of(crs, "crs")
    return ":".join(system.to_authority() or ()) or system.name


def _union(shapes: Sequence[Any]) -> MultiPolygon:
    """Valid union of the polygons in valid geometries; most of them lie apart in most maps."""
    parts = shapely.get_parts(shapely.get_parts(shapes))
    polygons = parts[shapely.get_type_id(parts) == shapely.GeometryType.POLYGON]
    return polygons_of(shapely.disjoint_subset_union_all(polygons))
