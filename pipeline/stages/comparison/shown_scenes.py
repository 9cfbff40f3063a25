"""Scenes that a comparison shows: small pictures, and what the viewer is given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

from pipeline.config.dataset import BandGroupRow, ClassRow
from pipeline.config.report import Report
from pipeline.imagery.tiles import TiledScene, open_tiles
from pipeline.imagery.transform import moved
from pipeline.progress import track
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
from pipeline.stages.comparison.scene_ground import FILE, shared_classes
from pipeline.stages.evidence.scene_layers import predicted_shapes

MOST: Final = 6
"""Scenes that are shown."""
MOST_BYTES: Final = 100_000_000
"""Of polygons of all runs in files; more scenes take too long."""
TRUTH: Final = "truth"
_BYTES: Final = 10_000_000
"""What the scenes of the viewer may take."""
_QUALITY: Final = 80


@dataclass(frozen=True)
class Shown:
    """What a page has of scenes.

    Attributes:
        pictures: Of each scene, where the run that differs most from the first one does so.
        viewer: All of them with each run's polygons and the true ones; None if there is none.
    """

    pictures: tuple[Picture, ...]
    viewer: Viewer | None


@dataclass(frozen=True)
class _Scene:
    """A scene on the working grid of the first run.

    Attributes:
        id: Its id.
        grid: Its tiles in the first run.
        found: What other runs say differently of it.
        layers: By key each run's polygons and the true ones, in pixels of the grid.
    """

    id: str
    grid: TiledScene
    found: tuple[Apart, ...]
    layers: Mapping[str, Sequence[Shapes]]

    @cached_property
    def photo(self) -> Pixels:
        """Colour picture (h, w, 3) of all of it."""
        return colour_picture(self.grid)


def shown_scenes(
    runs: Sequence[ComparedRun],
    found: Sequence[Apart],
    truths: Mapping[str, Named],
    styles: Mapping[str, RunStyle],
) -> Shown:
    """Pictures and the viewer of the scenes of ``truths``.

    Args:
        runs: Runs that are compared, the first one first.
        found: What other runs say differently of scenes; no more is shown of these runs.
        truths: By id of each scene that is shown, the best match first, its true polygons by name
            of a class in map units; none where they are not known. Scenes without tiles are left
            out.
        styles: By name of a run.
    """
    classes = joined_classes(runs)
    codes = {row.name: row.code for row in classes}
    pictures, scenes = [], []
    for id_, truth in track(truths.items(), "showing scenes"):
        tile = runs[0].tile(id_)
        if tile is None:
            continue
        grid = open_tiles(tile.folder)
        mine = tuple(row for row in found if row.scene == id_)
        layers = _layers(runs, id_, grid, mine, codes)
        if truth:
            layers[TRUTH] = [
                Shapes.of(codes[name], moved(whole, ~grid.to_map), grid.metres)
                for name, whole in truth.items()
            ]
        scene = _Scene(id_, grid, mine, layers)
        pictures.append(_picture(runs, scene, codes, styles))
        scenes.append(_viewer_scene(scene, runs[0].groups, _BYTES // len(truths)))
    if not scenes:
        return Shown((), None)
    return Shown(tuple(pictures), _viewer(runs, classes, scenes))


def _layers(
    runs: Sequence[ComparedRun],
    scene: str,
    grid: TiledScene,
    found: Sequence[Apart],
    codes: Mapping[str, int],
) -> dict[str, list[Shapes]]:
    """Polygons of the first run and of those that were compared with it there."""
    compared = {runs[0].name, *(row.run for row in found)}
    layers = {}
    for place, run in enumerate(runs):
        if run.name in compared:
            names = {row.code: row.name for row in run.classes}
            layers[_key(place)] = [
                replace(row, code=codes[names[row.code]])
                for row in predicted_shapes(run.polygons[scene], grid)
                if row.code in names
            ]
    return layers


def _picture(
    runs: Sequence[ComparedRun],
    scene: _Scene,
    codes: Mapping[str, int],
    styles: Mapping[str, RunStyle],
) -> Picture:
    """Where the run that differs most from the first one does so."""
    worst = max(scene.found, key=lambda row: row.share)
    first, place = runs[0], next(at for at, run in enumerate(runs) if run.name == worst.run)
    other = runs[place]
    shared = {codes[name] for name in shared_classes(first, other)}
    before, after = (
        {row.code: list(row.polygons) for row in scene.layers[_key(at)] if row.code in shared}
        for at in (0, place)
    )
    keys = [(run.name, styles[run.name].colour) for run in (first, other)]
    height, width = scene.grid.shape
    return Picture(
        difference_picture(scene.photo, scene.grid.shape, before, after, keys),
        "png",
        f"Scene {scene.id} in grey, with the ground that only {first.name} has and the ground "
        f"that only {other.name} has in colours",
        f"{scene.id}: {other.name} differs by {100 * worst.share:.1f}%, mostly {worst.most}",
        target=Target(
            scene.id,
            (0.0, 0.0, float(width), float(height)),
            (codes[worst.most],) if worst.most else (),
            (_key(place), _key(0)),
        ),
    )


def _viewer(
    runs: Sequence[ComparedRun], classes: Sequence[ClassRow], scenes: Sequence[ViewerScene]
) -> Viewer:
    names = {_key(place): run.name for place, run in enumerate(runs)}
    keys = list(names)
    pairs = [(other, one) for at, one in enumerate(keys) for other in keys[at + 1 :]]
    if any(TRUTH in scene.layers for scene in scenes):
        names[TRUTH] = "Truth"
        pairs = [*((key, TRUTH) for key in keys), *pairs]
    layers = tuple(ViewerLayer(key, name) for key, name in names.items())
    return Viewer(viewer_classes(classes), layers, tuple(pairs), tuple(scenes))


def _viewer_scene(scene: _Scene, groups: Sequence[BandGroupRow], limit: int) -> ViewerScene:
    """A scene in at most so many bytes, about."""
    layers = fit_layers(scene.layers, scene.grid.shape, limit)
    pictures = _photos(scene, groups, pictures_limit(layers, limit))
    records = {key: layer.record for key, layer in layers.items()}
    shares = [f"{row.run} differs by {100 * row.share:.1f}%" for row in scene.found]
    block = scene_json(scene.grid, pictures, records)
    return ViewerScene(scene.id, ", ".join(shares), tuple(layers), block)


def _photos(scene: _Scene, groups: Sequence[BandGroupRow], limit: int) -> list[ScenePicture]:
    """Pictures of a scene in the bands that its first run has; one where their names are lost."""
    report, known = Report(), [row for row in groups if row.name in scene.grid.groups]
    if not known:
        return [ScenePicture("Colour", webp_bytes(scene.photo, _QUALITY))]
    return fit_pictures(scene.grid, composites(report, known), known, report.side, limit)


def worth_showing(runs: Sequence[ComparedRun], ranked: Sequence[str]) -> list[str]:
    """The first scenes of a ranking, as many as a page can have; one in any case."""
    shown: list[str] = []
    size = 0
    for scene in ranked[:MOST]:
        items = [run.polygons[scene] for run in runs if scene in run.polygons]
        size += sum(item.files[FILE].size for item in items if FILE in item.files)
        if shown and size > MOST_BYTES:
            break
        shown.append(scene)
    return shown


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
