"""Scenes that a comparison shows: small pictures, and what the viewer is given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

from pipeline.config.dataset import ClassRow
from pipeline.config.report import Report
from pipeline.errors import ArtifactError
from pipeline.imagery.polygon_text import Polygonal
from pipeline.imagery.tiles import TiledScene, open_tiles
from pipeline.imagery.transform import moved
from pipeline.reporting.compare.apart import Apart, Named
from pipeline.reporting.compare.difference_picture import difference_picture
from pipeline.reporting.compare.run_style import RunStyle
from pipeline.reporting.page.blocks import Picture, Target
from pipeline.reporting.picture import Picture as Pixels
from pipeline.reporting.picture import colour_picture
from pipeline.reporting.viewer.composites import composites, webp_bytes
from pipeline.reporting.viewer.data import Viewer, ViewerLayer, ViewerScene
from pipeline.reporting.viewer.palette import viewer_classes
from pipeline.reporting.viewer.scene_files import (
    ScenePicture,
    fit_layers,
    fit_pictures,
    pictures_limit,
    scene_json,
)
from pipeline.reporting.viewer.shapes import Shapes
from pipeline.stages.comparison.compared_run import ComparedRun
from pipeline.stages.comparison.scene_ground import named_polygons, shared_classes
from pipeline.stages.evidence.scene_layers import predicted_shapes

MOST: Final = 6
"""Scenes that are shown."""
TRUTH: Final = "truth"
_BYTES: Final = 10_000_000
"""What the scenes of the viewer may take."""
_QUALITY: Final = 80


@dataclass(frozen=True)
class _Shown:
    """A scene on the working grid of the first run."""

    scene: str
    grid: TiledScene

    @cached_property
    def photo(self) -> Pixels:
        """Colour picture (h, w, 3) of all of it."""
        return colour_picture(self.grid)

    def placed(self, polygons: Named) -> dict[str, Polygonal]:
        """Polygons in map units as pixels of the grid."""
        return {name: moved(whole, ~self.grid.to_map) for name, whole in polygons.items()}


class ShownScenes:
    """What is shown of some scenes.

    Args:
        runs: Runs that are compared, the first one first.
        scenes: Ids of the scenes, all of the first run; those without tiles are left out.
        found: What other runs say differently of scenes; no more is shown of these runs.
        truths: True polygons by scene and name of a class, in map units, where they are known.
    """

    def __init__(
        self,
        runs: Sequence[ComparedRun],
        scenes: Sequence[str],
        found: Sequence[Apart],
        truths: Mapping[str, Named],
    ) -> None:
        self._runs, self._found, self._truths = runs, found, truths
        self._classes = joined_classes(runs)
        self._shown = [shown for scene in scenes if (shown := _open(runs[0], scene)) is not None]

    def pictures(self, styles: Mapping[str, RunStyle]) -> list[Picture]:
        """Of each scene, where the run that differs most from the first one does so."""
        worst = {
            shown.scene: max(
                (row for row in self._found if row.scene == shown.scene), key=lambda row: row.share
            )
            for shown in self._shown
        }
        return [self._picture(shown, worst[shown.scene], styles) for shown in self._shown]

    def _picture(self, shown: _Shown, row: Apart, styles: Mapping[str, RunStyle]) -> Picture:
        first = self._runs[0]
        other = next(run for run in self._runs if run.name == row.run)
        classes = shared_classes(first, other)
        layers = [_chosen(named_polygons(run, shown.scene), classes) for run in (first, other)]
        before, after = map(shown.placed, layers)
        keys = [(run.name, styles[run.name].colour) for run in (first, other)]
        height, width = shown.grid.shape
        return Picture(
            difference_picture(shown.photo, shown.grid.shape, before, after, keys),
            "png",
            f"Scene {shown.scene} in grey, with the ground that only {first.name} has and the "
            f"ground that only {other.name} has in colours",
            f"{shown.scene}: {row.run} differs by {100 * row.share:.1f}%, mostly {row.most}",
            target=Target(shown.scene, (0.0, 0.0, float(width), float(height))),
        )

    def viewer(self) -> Viewer | None:
        """The viewer; None if there is nothing to show."""
        if not self._shown:
            return None
        scenes = tuple(self._scene(shown, _BYTES // len(self._shown)) for shown in self._shown)
        names = {_key(place): run.name for place, run in enumerate(self._runs)}
        keys = list(names)
        pairs = [(other, one) for at, one in enumerate(keys) for other in keys[at + 1 :]]
        if any(TRUTH in scene.layers for scene in scenes):
            names[TRUTH] = "Truth"
            pairs = [*((key, TRUTH) for key in keys), *pairs]
        layers = tuple(ViewerLayer(key, name) for key, name in names.items())
        return Viewer(viewer_classes(self._classes), layers, tuple(pairs), scenes)

    def _scene(self, shown: _Shown, limit: int) -> ViewerScene:
        layers = fit_layers(self._layers(shown), shown.grid.shape, limit)
        pictures = self._photos(shown, pictures_limit(layers, limit))
        records = {key: layer.record for key, layer in layers.items()}
        block = scene_json(shown.grid, pictures, records)
        shares = [
            f"{row.run} differs by {100 * row.share:.1f}%"
            for row in self._found
            if row.scene == shown.scene
        ]
        return ViewerScene(shown.scene, ", ".join(shares), tuple(layers), block)

    def _photos(self, shown: _Shown, limit: int) -> list[ScenePicture]:
        """Pictures of a scene in the bands that its first run has; one without their names."""
        report = Report()
        groups = [row for row in self._runs[0].groups if row.name in shown.grid.groups]
        if not groups:
            return [ScenePicture("Colour", webp_bytes(shown.photo, _QUALITY))]
        chosen = composites(report, groups)
        return fit_pictures(shown.grid, chosen, groups, report.side, limit)

    def _layers(self, shown: _Shown) -> dict[str, list[Shapes]]:
        """Each run's polygons and the true ones, in pixels of the grid."""
        codes = {row.name: row.code for row in self._classes}
        compared = {row.run for row in self._found if row.scene == shown.scene}
        layers = {}
        for place, run in enumerate(self._runs):
            if place and run.name not in compared:
                continue
            shapes = _predicted(run, shown, codes)
            if shapes is not None:
                layers[_key(place)] = shapes
        if shown.scene in self._truths:
            true = shown.placed(self._truths[shown.scene])
            layers[TRUTH] = [
                Shapes.of(codes[name], whole, shown.grid.metres) for name, whole in true.items()
            ]
        return layers


def joined_classes(runs: Sequence[ComparedRun]) -> list[ClassRow]:
    """Classes of all runs, each name once; codes are those of the first that has it, or free."""
    rows: dict[str, ClassRow] = {}
    taken: set[int] = set()
    for row in (row for run in runs for row in run.classes if row.name):
        if row.name not in rows:
            code = row.code if row.code not in taken else max(taken) + 1
            rows[row.name] = row.model_copy(update={"code": code})
            taken.add(code)
    return list(rows.values())


def _key(place: int) -> str:
    return f"run-{place}"


def _open(run: ComparedRun, scene: str) -> _Shown | None:
    item = run.tile(scene)
    if item is None:
        return None
    try:
        return _Shown(scene, open_tiles(item.folder))
    except ArtifactError:
        return None


def _chosen(polygons: Named, classes: Sequence[str]) -> dict[str, Polygonal]:
    return {name: polygons[name] for name in classes if name in polygons}


def _predicted(run: ComparedRun, shown: _Shown, codes: Mapping[str, int]) -> list[Shapes] | None:
    """A run's polygons by class; None if it has none of the scene that can be read."""
    item = run.polygons.get(shown.scene)
    if item is None:
        return None
    names = {row.code: row.name for row in run.classes}
    try:
        found = predicted_shapes(item, shown.grid)
    except ArtifactError:
        return None
    return [replace(row, code=codes[names[row.code]]) for row in found if row.code in names]
