"""Check and register the raw scenes.

Items: ``scene-<id>`` (scene.json, and labels.json of labelled scenes), ``region-<name>``
(offset.json, with ``scenes.align_to_labels`` only) and ``catalogue`` (catalogue.json and .csv).
Tables, headers and labels of all scenes are checked before anything is written.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pipeline.artifacts import StageFolder
from pipeline.config import Config
from pipeline.errors import DatasetError, LabelError
from pipeline.files import read_json, write_bytes, write_json
from pipeline.imagery.acquisition import labelled_image, offset_of
from pipeline.imagery.catalogue import catalogue_csv, catalogue_lines, problems_of
from pipeline.imagery.contest import ContestScene, read_contest
from pipeline.imagery.faults import Faults
from pipeline.imagery.mosaic import full_tiles, region_of
from pipeline.imagery.outlines import Outline, check_outline
from pipeline.imagery.survey import Frame, frame_of, read_headers, survey
from pipeline.imagery.tiff import read_group, read_header
from pipeline.imagery.transform import Shape
from pipeline.progress import say, track
from pipeline.stages.job import SCENE, Job
from pipeline.stages.raw_files import RawFiles

REGION = "region-"
_LISTED: Final = 40


@dataclass(frozen=True)
class Checked:
    """A scene whose tables, headers and labels are in order."""

    scene: ContestScene
    frame: Frame
    hashes: Mapping[str, str]
    outlines: Mapping[int, Outline]

    @property
    def content(self) -> dict[str, Any]:
        """All of the scene's raw data, as hashes and numbers."""
        labels = {
            str(code): hashlib.sha256(row.text.encode()).hexdigest()
            for code, row in (self.scene.labels or {}).items()
        }
        return {
            "files": dict(self.hashes),
            "extent": [self.scene.x_max, self.scene.y_min],
            "labels": labels,
        }


def run(job: Job) -> None:
    """Run the stage."""
    dataset = job.config.dataset
    scenes = read_contest(dataset)
    used = [scene for scene in scenes if scene.role != "unused"]
    if not used:
        raise DatasetError(
            f"{dataset.folder}: none of its {len(scenes)} scenes stands in {dataset.labels} or "
            f"{dataset.sample}; add labels or rows"
        )
    with job.open("scenes") as stage:
        raw, faults = RawFiles(stage.folder), Faults()
        checked = []
        full = _full_tiles(job.config, used)
        for scene in track(used, "scenes: checking"):
            with faults.gather():
                checked.append(_check(job.config, scene, raw, full.get(region_of(scene.id))))
        raw.save()
        faults.report(DatasetError)
        regions = _regions(job.config, stage, checked)
        for one in track(checked, "scenes: reading"):
            with faults.gather():
                _make(job.config, stage, one, regions.get(region_of(one.scene.id)))
        faults.report(DatasetError)
        records = _catalogue(job.config, stage, scenes)
        stage.summary = _summary(records)
        made = len([name for name in stage.built if name.startswith(SCENE)])
    for line in catalogue_lines(records) if len(records) <= _LISTED else ():
        say(line)
    counts = ", ".join(f"{count} {what}" for what, count in stage.summary.items())
    say(f"scenes: {len(used)} scenes ({counts}), {made} made, {len(used) - made} unchanged")


def _full_tiles(config: Config, scenes: Sequence[ContestScene]) -> dict[str, Shape]:
    """(H, W) of each region's full tiles, if the configuration says that drift is corrected.

    An image that can't be read has no say: checking its scene reports it.
    """
    if not config.scenes.whole_pixel_tiles:
        return {}
    group = min(config.dataset.groups, key=lambda row: row.metres)
    shapes = {}
    for scene in scenes:
        with Faults().gather():
            shapes[scene.id] = read_header(scene.files[group.name], len(group.bands)).shape
    return full_tiles(shapes)


def _check(config: Config, scene: ContestScene, raw: RawFiles, full: Shape | None) -> Checked:
    """Check all of a scene but its pixels."""
    dataset = config.dataset
    headers = read_headers(dataset.groups, scene.files)
    extent = (scene.x_max, scene.y_min)
    frame = frame_of(scene.id, dataset.groups, headers, extent, dataset.unit_metres, full)
    margin = frame.map_units(config.scenes.overhang)
    outlines, faults = {}, Faults()
    for code, row in sorted((scene.labels or {}).items()):
        with faults.gather():
            try:
                outlines[code] = check_outline(row.text, frame.bounds, margin)
            except LabelError as error:
                place = f"{dataset.folder / dataset.labels}, row {row.row}"
                raise LabelError(f"{place}: scene {scene.id}, class {code}: {error}") from None
    faults.report(LabelError)
    hashes = {group.name: raw.hash(scene.files[group.name]) for group in dataset.groups}
    return Checked(scene, frame, hashes, outlines)


def _regions(
    config: Config, stage: StageFolder, checked: Sequence[Checked]
) -> dict[str, dict[str, Any]]:
    """Offset of every region, by its labelled scenes; empty if the configuration wants none."""
    if not config.scenes.align_to_labels:
        return {}
    labelled: dict[str, list[Checked]] = {region_of(one.scene.id): [] for one in checked}
    for one in checked:
        if one.scene.labels is not None:
            labelled[region_of(one.scene.id)].append(one)
    offsets = {}
    for region, members in track(labelled.items(), "scenes: aligning to labels"):
        inputs = {
            "scenes": {one.scene.id: one.content for one in members},
            "max_shift": config.scenes.max_shift,
            "frames": {one.scene.id: one.frame.to_json() for one in members},
        }

        def build(folder: Path, members: Sequence[Checked] = members) -> None:
            write_json(folder / "offset.json", _offset(config, members))

        offsets[region] = read_json(stage.item(REGION + region, inputs, build).path("offset.json"))
    return offsets


def _offset(config: Config, members: Sequence[Checked]) -> dict[str, Any]:
    """Offset of the scenes of one region."""
    images = []
    for one in members:
        bands = len(config.dataset.group(one.frame.group).bands)
        pixels = read_group(one.scene.files[one.frame.group], bands)
        texts = {code: outline.text for code, outline in one.outlines.items()}
        images.append(labelled_image(pixels, one.frame, texts))
    record = {"scenes": [one.scene.id for one in members]}
    if not members:
        note = "no scene of the region has labels"
        return {**record, "right_metres": 0.0, "down_metres": 0.0, "gain": 0.0, "note": note}
    metres = members[0].frame.metres
    return {**record, **offset_of(images, metres, config.scenes.max_shift)}


def _make(
    config: Config, stage: StageFolder, one: Checked, offset: Mapping[str, Any] | None
) -> None:
    """Make a scene's item if it is not there."""
    settings = config.scenes
    scene = one.scene
    inputs = {
        **one.content,
        "role": scene.role,
        "sampled": scene.sampled,
        "offset": offset,
        "frame": one.frame.to_json(),
        "groups": [row.model_dump(mode="json", exclude={"scale"}) for row in config.dataset.groups],
        "settings": settings.model_dump(mode="json"),
    }

    def build(folder: Path) -> None:
        shift = (0.0, 0.0) if offset is None else (offset["right_metres"], offset["down_metres"])
        groups = survey(one.frame, config.dataset.groups, scene.files, settings, shift)
        for group, row in zip(groups, config.dataset.groups, strict=True):
            group["file"] = row.file.format(id=scene.id)
            group["sha256"] = one.hashes[row.name]
        write_json(folder / "scene.json", _record(one, groups, offset))
        if scene.labels is not None:
            texts = {str(code): outline.text for code, outline in one.outlines.items()}
            write_json(folder / "labels.json", texts)

    stage.item(SCENE + scene.id, inputs, build)


def _record(
    one: Checked, groups: list[dict[str, Any]], offset: Mapping[str, Any] | None
) -> dict[str, Any]:
    """What scene.json holds."""
    scene, frame = one.scene, one.frame
    area = (frame.bounds[2] - frame.bounds[0]) * (frame.bounds[3] - frame.bounds[1])
    shares = {
        str(code): {"parts": outline.parts, "share": round(outline.area / area, 6)}
        for code, outline in one.outlines.items()
    }
    record: dict[str, Any] = {
        "id": scene.id,
        "role": scene.role,
        "sampled": scene.sampled,
        "reference": frame.group,
        "shape": list(frame.shape),
        "metres": frame.metres,
        "x_max": scene.x_max,
        "y_min": scene.y_min,
        "to_map": list(frame.to_map[:6]),
        "groups": groups,
        "offset": offset,
        "labels": None if scene.labels is None else shares,
    }
    notes = {code: outline.notes for code, outline in one.outlines.items()}
    return {**record, "problems": problems_of(record, notes)}


def _catalogue(
    config: Config, stage: StageFolder, scenes: Sequence[ContestScene]
) -> list[dict[str, Any]]:
    """Make the catalogue of all scenes, used or not; its records."""
    records = []
    for scene in scenes:
        if scene.role == "unused":
            missing = [row.name for row in config.dataset.groups if row.name not in scene.files]
            problems = ["has neither labels nor a row in the sample"]
            problems += [f"{name} is missing" for name in missing]
            records.append({"id": scene.id, "role": scene.role, "problems": problems})
        else:
            records.append(read_json(stage.items[SCENE + scene.id].path("scene.json")))
    groups = [row.name for row in config.dataset.groups]

    def build(folder: Path) -> None:
        write_json(folder / "catalogue.json", {"scenes": records})
        text = catalogue_csv(records, groups, config.dataset.codes)
        write_bytes(folder / "catalogue.csv", text.encode())

    stage.item("catalogue", {"records": records, "codes": config.dataset.codes}, build)
    return records


def _summary(records: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Numbers of scenes by role, and of problems."""
    roles = ("train", "test", "unused")
    counts = {role: sum(record["role"] == role for record in records) for role in roles}
    return {**counts, "problems": sum(len(record["problems"]) for record in records)}
