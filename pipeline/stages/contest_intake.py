"""Scenes of the contest's layout, taken in: part of stage ``scenes``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pipeline.config import Config
from pipeline.config.dataset import BandGroupRow
from pipeline.errors import DatasetError, LabelError
from pipeline.imagery.contest import ContestScene, read_contest
from pipeline.imagery.faults import Faults
from pipeline.imagery.frame import contest_frame, finest_of
from pipeline.imagery.intake import Intake, Source
from pipeline.imagery.mosaic import full_tiles, region_of
from pipeline.imagery.outlines import check_outline
from pipeline.imagery.rasters.group_files import GroupFiles
from pipeline.imagery.rasters.header import Header
from pipeline.imagery.rasters.raster import read_header
from pipeline.imagery.transform import Shape
from pipeline.progress import track
from pipeline.stages.raw_files import RawFiles
from pipeline.stages.regions import in_region, region_sizes
from pipeline.stages.taken_in import TakenIn


def take_in_contest(config: Config, raw: RawFiles) -> TakenIn:
    """All scenes of the folder that are used.

    Raises:
        DatasetError: If the tables can't be used, or none of the scenes stands in them.
    """
    dataset, taken = config.dataset, TakenIn()
    scenes = read_contest(dataset)
    used = [scene for scene in scenes if scene.role != "unused"]
    if not used:
        raise DatasetError(
            f"{dataset.folder}: none of its {len(scenes)} scenes stands in {dataset.labels} or "
            f"{dataset.sample}; add labels or rows"
        )
    headers = {}
    for scene in track(used, "scenes: checking"):
        with taken.faults.gather(scene.id):
            headers[scene.id] = {
                row.name: read_header(_files(config, scene, row)) for row in dataset.groups
            }
    full = _full_tiles(config, headers)
    sizes = region_sizes({scene.id: (scene.x_max, scene.y_min) for scene in used})
    for scene in used:
        if scene.id in headers:
            with taken.faults.gather(scene.id):
                tile = full.get(region_of(scene.id))
                one = _intake(config, scene, headers[scene.id], raw, tile)
                taken.intakes.append(in_region(one, scene.id, sizes))
    for scene in scenes:
        if scene.role == "unused":
            missing = [row.name for row in dataset.groups if row.name not in scene.files]
            problems = ["has neither labels nor a row in the sample"]
            taken.unused[scene.id] = problems + [f"{name} is missing" for name in missing]
    return taken


def _files(config: Config, scene: ContestScene, row: BandGroupRow) -> GroupFiles:
    """Files of one group of a scene; what no file says, the configuration does."""
    nodata = config.scenes.nodata if row.nodata is None else row.nodata
    path = scene.files[row.name]
    return GroupFiles(config.dataset.folder, (path,), len(row.bands), nodata=nodata)


def _full_tiles(config: Config, headers: Mapping[str, Mapping[str, Header]]) -> dict[str, Shape]:
    """(H, W) of each region's full tiles, if the configuration says that drift is corrected."""
    if not config.scenes.whole_pixel_tiles:
        return {}
    group = finest_of(config.dataset.groups).name
    return full_tiles({scene: found[group].shape for scene, found in headers.items()})


def _intake(
    config: Config,
    scene: ContestScene,
    headers: Mapping[str, Header],
    raw: RawFiles,
    full: Shape | None,
) -> Intake:
    """Check all of a scene but its pixels."""
    dataset, extent = config.dataset, (scene.x_max, scene.y_min)
    shapes = {name: header.shape for name, header in headers.items()}
    frame = contest_frame(scene.id, dataset.groups, shapes, extent, dataset.unit_metres, full)
    margin = frame.map_units(config.scenes.overhang)
    outlines, faults = {}, Faults()
    for code, row in sorted((scene.labels or {}).items()):
        with faults.gather():
            try:
                outlines[code] = check_outline(row.text, frame.bounds, margin)
            except LabelError as error:
                place = f"{dataset.folder / str(dataset.labels)}, row {row.row}"
                raise LabelError(f"{place}: scene {scene.id}, class {code}: {error}") from None
    faults.report(LabelError)
    sources = tuple(_source(config, scene, row, shapes[row.name], raw) for row in dataset.groups)
    return Intake(
        id=scene.id,
        role=scene.role,
        sampled=scene.sampled,
        frame=frame,
        sources=sources,
        crs=None,
        space=f"scene {scene.id}",
        to_space=frame.to_map,
        extent=extent,
        labels=None if scene.labels is None else outlines,
    )


def _source(
    config: Config, scene: ContestScene, row: BandGroupRow, shape: Shape, raw: RawFiles
) -> Source:
    files = _files(config, scene, row)
    path: Path = files.paths[0]
    return Source(
        group=row.name,
        files=(path.relative_to(config.dataset.folder).as_posix(),),
        bands=files.bands,
        select=None,
        nodata=files.nodata,
        tile=None,
        row=0,
        column=0,
        shape=shape,
        sha256=(raw.hash(path),),
    )
