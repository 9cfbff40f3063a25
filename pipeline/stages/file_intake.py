"""Scenes of a dataset of files, taken in: part of stage ``scenes``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from affine import Affine

from pipeline.config import Config
from pipeline.config.dataset import BandGroupRow, Dataset
from pipeline.config.labels import MaskLabels
from pipeline.errors import DatasetError
from pipeline.imagery.annotations.masks import check_size, open_mask
from pipeline.imagery.frame import MAX_MISFIT, Frame, finest_of
from pipeline.imagery.intake import Intake, MaskPart, Source, part_of
from pipeline.imagery.layouts.discovery import find_scenes
from pipeline.imagery.layouts.found_scene import FoundScene
from pipeline.imagery.placed_frame import placed_frame
from pipeline.imagery.rasters.ground import ground_metres
from pipeline.imagery.rasters.group_files import GroupFiles
from pipeline.imagery.rasters.header import Header
from pipeline.imagery.rasters.raster import read_header
from pipeline.imagery.role import Role
from pipeline.progress import track
from pipeline.stages.blocks import Window, blocks_of, taken_ids
from pipeline.stages.raw_files import RawFiles
from pipeline.stages.regions import in_region, region_sizes
from pipeline.stages.taken_in import TakenIn
from pipeline.stages.vector_labels import Vectors


@dataclass(frozen=True)
class _Whole:
    """A scene as its files have it, before it is cut into blocks."""

    found: FoundScene
    frame: Frame
    crs: str | None
    sources: tuple[Source, ...]
    notes: tuple[str, ...]


def take_in_files(config: Config, raw: RawFiles) -> TakenIn:
    """All scenes of the folder that are used.

    Raises:
        DatasetError: If the labels can't be used, or lie nowhere near any scene.
    """
    dataset, taken = config.dataset, TakenIn()
    wholes = []
    scenes = find_scenes(dataset, allow_absent=config.scenes.skip_bad)
    for found in track(scenes, "scenes: checking"):
        if found.role == "unused":
            taken.unused[found.id] = [f"{dataset.scenes} says so"]
            continue
        with taken.faults.gather(found.id):
            _check_whole(dataset, found)
            wholes.append(_whole(config, found, raw))
    vectors, owners = Vectors(dataset), dict[str, str]()
    plain = [whole for whole in wholes if not whole.frame.placed]
    sizes = region_sizes({one.found.id: _size(one.frame) for one in plain})
    for whole in track(wholes, "scenes: labels"):
        with taken.faults.gather(whole.found.id):
            # All of its blocks or none: one that fails leaves no others behind.
            blocks = list(_intakes(dataset, whole, vectors, raw))
            if not whole.frame.placed:
                blocks = [in_region(one, whole.found.id, sizes) for one in blocks]
            taken.intakes += blocks
            for message in taken_ids(whole.found.id, blocks, owners):
                taken.faults.add(message)
    if not taken.faults.messages:
        taken.notes += vectors.notes()
        vectors.check_met([(whole.frame.footprint, whole.crs) for whole in wholes])
    return taken


def _check_whole(dataset: Dataset, found: FoundScene) -> None:
    if found.absent:
        raise DatasetError(
            f"{dataset.folder}: scene {found.id} has no files of group {', '.join(found.absent)}; "
            "put them there, or remove the scene's others"
        )


def _size(frame: Frame) -> tuple[float, float]:
    """How far a scene without coordinates reaches along x and y, pixels; y runs upwards."""
    return float(frame.shape[1]), -float(frame.shape[0])


def _whole(config: Config, found: FoundScene, raw: RawFiles) -> _Whole:
    """Check a scene's images and how they lie."""
    dataset = config.dataset
    headers = {row.name: read_header(found.files[row.name]) for row in dataset.groups}
    names = {row.name: _name(dataset, found.files[row.name]) for row in dataset.groups}
    shapes = {name: header.shape for name, header in headers.items()}
    to_maps = {name: header.to_map for name, header in headers.items()}
    frame = placed_frame(found.id, dataset.groups, shapes, to_maps, names)
    crs = _crs(dataset, found.id, headers, names) if frame.placed else None
    _check_metres(dataset, frame, crs, names)
    sources = tuple(
        _source(config, row, found.files[row.name], headers[row.name], raw)
        for row in dataset.groups
    )
    notes = tuple(note for header in headers.values() for note in header.notes)
    return _Whole(found, frame, crs, sources, notes)


def _name(dataset: Dataset, files: GroupFiles) -> str:
    return files.paths[0].relative_to(dataset.folder).as_posix()


def _crs(
    dataset: Dataset, scene: str, headers: Mapping[str, Header], names: Mapping[str, str]
) -> str | None:
    """Coordinate reference system of a scene.

    Raises:
        DatasetError: If its files name several.
    """
    named = {name: header.crs or dataset.crs for name, header in headers.items()}
    first = finest_of(dataset.groups).name
    for name, crs in named.items():
        if crs != named[first]:
            raise DatasetError(
                f"scene {scene}: {names[name]} is in {crs or 'no coordinate reference system'} and "
                f"{names[first]} in {named[first] or 'none'}; bring them into one (gdalwarp -t_srs "
                "...), or name that of files that have none in dataset.crs"
            )
    return named[first]


def _check_metres(
    dataset: Dataset, frame: Frame, crs: str | None, names: Mapping[str, str]
) -> None:
    """Check the size of pixels against the configuration, where coordinates tell it.

    Raises:
        DatasetError: If they differ.
    """
    if crs is None:
        return
    true = ground_metres(frame.to_map, crs, frame.shape)
    if not 1 - MAX_MISFIT < true / frame.metres < 1 + MAX_MISFIT:
        raise DatasetError(
            f"{dataset.folder / names[frame.group]}: its pixels are {true:.4g} m wide in {crs}, "
            f"but dataset.groups says {frame.metres:g} m for {frame.group}; correct metres, or "
            "give images of another resolution a configuration of their own"
        )


def _source(
    config: Config, row: BandGroupRow, files: GroupFiles, header: Header, raw: RawFiles
) -> Source:
    """A group's files, all of their image; what they don't say, the configuration does."""
    nodata = files.nodata
    if nodata is None and not header.tells_validity:
        nodata = config.scenes.nodata
    root = config.dataset.folder
    return Source(
        group=row.name,
        files=tuple(path.relative_to(root).as_posix() for path in files.paths),
        bands=files.bands,
        select=files.select,
        nodata=nodata,
        tile=files.tile,
        row=0,
        column=0,
        shape=header.shape,
        sha256=tuple(raw.hash(path) for path in files.paths),
    )


def _intakes(dataset: Dataset, whole: _Whole, vectors: Vectors, raw: RawFiles) -> Iterator[Intake]:
    """A scene, or its blocks if it is large and has labels."""
    found, frame = whole.found, whole.frame
    image = str(dataset.folder / whole.sources[0].files[0])
    mask = _mask(dataset, whole, raw) if isinstance(dataset.labels, MaskLabels) else None
    labelled = (
        mask is not None
        or (found.role == "train" and vectors.for_all)
        or vectors.cover(found.labels, frame.footprint, whole.crs, image)
    )
    if found.role == "train" and not labelled:
        raise DatasetError(
            f"{dataset.folder / str(dataset.scenes)}: scene {found.id} has the role train and no "
            "labels; name their file in its row or by dataset.labels, or make the role test"
        )
    if found.role == "test" or not labelled:
        yield _intake(whole, frame, whole.sources, found.id, "test")
        return
    for name, window in blocks_of(found.id, frame.shape, dataset.blocks or max(frame.shape)):
        part, sources = _block(whole, window)
        one = _intake(whole, part, sources, name, "train")
        if mask is not None:
            yield replace(one, mask=replace(mask, row=window[0], column=window[1]))
        elif found.role == "train" or vectors.cover(found.labels, part.footprint, whole.crs, image):
            labels = vectors.on(found.labels, part.footprint, whole.crs, image)
            notes = (*whole.notes, *labels.notes)
            yield replace(one, labels=labels.outlines, ignored=labels.ignored, notes=notes)
        else:
            yield replace(one, role="test", sampled=True)


def _intake(
    whole: _Whole, frame: Frame, sources: tuple[Source, ...], name: str, role: Role
) -> Intake:
    plane = whole.crs or "unnamed coordinates"
    return Intake(
        id=name,
        role=role,
        sampled=role == "test",
        frame=frame,
        sources=sources,
        crs=whole.crs,
        space=plane if whole.frame.placed else f"image {whole.found.id}",
        to_space=frame.to_map,
        notes=whole.notes,
    )


def _mask(dataset: Dataset, whole: _Whole, raw: RawFiles) -> MaskPart | None:
    """A scene's mask, its size checked; None if it has none."""
    path, settings = whole.found.labels, dataset.labels
    if path is None or not isinstance(settings, MaskLabels):
        return None
    with open_mask(path, settings, dataset.codes, dataset.folder) as mask:
        image = dataset.folder / whole.sources[0].files[0]
        check_size(path, mask.shape, image, whole.frame.shape)
    return MaskPart(path.relative_to(dataset.folder).as_posix(), 0, 0, raw.hash(path))


def _block(whole: _Whole, window: Window) -> tuple[Frame, tuple[Source, ...]]:
    """The reference grid of a block, and the pixels of every group that it touches."""
    row, column, shape = window
    frame = whole.frame
    if shape == frame.shape:
        return frame, whole.sources
    here = Affine.translation(-column, -row)
    sources, placed = [], {}
    for source in whole.sources:
        affine = frame.place(source.group, source.shape)
        first_row, first_column, size = part_of(affine, source.shape, window)
        sources.append(replace(source, row=first_row, column=first_column, shape=size))
        placed[source.group] = here @ affine @ Affine.translation(first_column, first_row)
    part = replace(
        frame, shape=shape, to_map=frame.to_map @ ~here, image_shape=shape, placed=placed
    )
    return part, tuple(sources)
