"""Check and register the raw scenes.

Items: ``scene-<id>`` (scene.json, labels.json of labelled scenes, and ignored.json where labels say
nothing of some ground), ``region-<name>`` (offset.json, with ``scenes.align_to_labels`` only) and
``catalogue`` (catalogue.json and .csv). Tables, headers and vectors of all scenes are checked
before anything is written.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from shutil import rmtree
from typing import Any, Final

from pipeline.artifacts import StageFolder
from pipeline.config import Config
from pipeline.errors import DatasetError
from pipeline.files import read_json, write_bytes, write_json
from pipeline.imagery.acquisition import labelled_image, offset_of
from pipeline.imagery.catalogue import catalogue_csv, catalogue_lines, problems_of
from pipeline.imagery.faults import SHOWN
from pipeline.imagery.intake import Intake
from pipeline.imagery.mosaic import region_of
from pipeline.imagery.outlines import Outline
from pipeline.imagery.rasters.raster import open_raster
from pipeline.imagery.survey import reader, survey
from pipeline.progress import say, track
from pipeline.stages.contest_intake import take_in_contest
from pipeline.stages.crew import Order, make_items
from pipeline.stages.file_intake import take_in_files
from pipeline.stages.job import SCENE, Job
from pipeline.stages.mask_labels import trace_labels
from pipeline.stages.raw_files import RawFiles
from pipeline.stages.taken_in import TakenIn

REGION = "region-"
LABELS = "labels.json"
IGNORED = "ignored.json"
_LISTED: Final = 40


def run(job: Job) -> None:
    """Run the stage."""
    config = job.config
    with job.open("scenes") as stage:
        raw = RawFiles(stage.folder)
        taken = _take_in(config, raw)
        _stop_at_faults(config, taken)
        _regions(config, stage, taken.intakes)
        names = _store_intakes(job, taken.intakes)
        found = make_items(job, stage, orders, names, "scenes: reading", taken.faults)
        rmtree(_intakes(job))
        _stop_at_faults(config, taken)
        read = [name for name in names if f"{SCENE}{name}" in found]
        records = _catalogue(config, stage, read, taken)
        stage.summary = _summary(records)
        made = len([name for name in stage.built if name.startswith(SCENE)])
    for line in catalogue_lines(records) if len(records) <= _LISTED else ():
        say(line)
    for note in taken.notes:
        say(f"scenes: {note}")
    counts = ", ".join(f"{count} {what}" for what, count in stage.summary.items())
    say(f"scenes: {len(read)} scenes ({counts}), {made} made, {len(read) - made} unchanged")


def _take_in(config: Config, raw: RawFiles) -> TakenIn:
    """Check all scenes but for their pixels."""
    layouts = {"contest": take_in_contest, "files": take_in_files}
    try:
        return layouts[config.dataset.layout](config, raw)
    finally:
        raw.save()


def _stop_at_faults(config: Config, taken: TakenIn) -> None:
    """Name the scenes that can't be used; go on without them only if the configuration says so.

    Raises:
        DatasetError: Otherwise, and if no scene is left or something else is wrong.
    """
    bad = {line for lines in taken.faults.named.values() for line in lines}
    others = [line for line in taken.faults.messages if line not in bad]
    left = [one for one in taken.intakes if one.id not in taken.faults.named]
    if others or (taken.faults.messages and not (config.scenes.skip_bad and left)):
        if left and not others:
            taken.faults.add("to go on without such scenes: make ... SKIP_BAD=1")
        taken.faults.report(DatasetError)
    for name, lines in list(taken.faults.named.items())[:SHOWN]:
        say(f"scenes: {name} is left out: {lines[0]}")
    for name, lines in taken.faults.named.items():
        taken.unused[name] = lines
    taken.intakes[:] = left
    taken.faults.messages.clear()
    taken.faults.named.clear()


def _store_intakes(job: Job, intakes: Sequence[Intake]) -> list[str]:
    """Store what was taken in where recipes read it; ids of the scenes."""
    _intakes(job).mkdir(parents=True, exist_ok=True)
    for one in intakes:
        write_json(_intake_path(job, one.id), one.to_json())
    return [one.id for one in intakes]


def _intakes(job: Job) -> Path:
    """Folder of what was taken in, while the stage runs."""
    return job.run / "scenes" / ".work" / "intakes"


def _intake_path(job: Job, scene: str) -> Path:
    return _intakes(job) / f"{scene}.json"


def orders(job: Job, scene: str) -> list[Order]:
    """The item of a scene, see :mod:`pipeline.stages.crew`."""
    config = job.config
    one = Intake.from_json(read_json(_intake_path(job, scene)))
    offset = None
    if config.scenes.align_to_labels:
        offset = read_json(job.run / "scenes" / f"{REGION}{region_of(scene)}" / "offset.json")
    rows = [row.model_dump(mode="json", exclude={"scale"}) for row in config.dataset.groups]
    inputs = {
        "intake": one.content(),
        "offset": offset,
        "groups": rows,
        "settings": config.scenes.model_dump(mode="json", exclude={"skip_bad", "context"}),
    }
    if one.mask is not None:
        inputs["labels"] = config.dataset.model_dump(mode="json", include={"labels", "classes"})

    def build(folder: Path) -> None:
        _write(config, folder, one, offset)

    return [Order(f"{SCENE}{scene}", inputs, build)]


def _write(config: Config, folder: Path, one: Intake, offset: Mapping[str, Any] | None) -> None:
    """Write the files of a scene's item."""
    shift = (0.0, 0.0) if offset is None else (offset["right_metres"], offset["down_metres"])
    dataset = config.dataset
    labels, ignored = one.labels, one.ignored
    if one.mask is not None:
        labels, ignored = trace_labels(dataset, one.frame, one.mask)
    groups = survey(one, dataset.groups, dataset.folder, config.scenes, shift)
    sources = one.to_json()["sources"]
    for group, source in zip(groups, sources, strict=True):
        group["source"] = source
    write_json(folder / "scene.json", _record(one, labels, groups, offset))
    if labels is not None:
        texts = {str(code): outline.text for code, outline in labels.items()}
        write_json(folder / LABELS, texts)
    if ignored:
        write_json(folder / IGNORED, {"ignored": ignored})


def _record(
    one: Intake,
    labels: Mapping[int, Outline] | None,
    groups: list[dict[str, Any]],
    offset: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """What scene.json holds."""
    frame = one.frame
    outlines = labels or {}
    shares = {
        str(code): {"parts": outline.parts, "share": round(outline.area / frame.area, 6)}
        for code, outline in outlines.items()
    }
    record: dict[str, Any] = {
        "id": one.id,
        "role": one.role,
        "sampled": one.sampled,
        "reference": frame.group,
        "shape": list(frame.shape),
        "metres": frame.metres,
        "crs": one.crs,
        "space": one.space,
        "to_space": list(one.to_space[:6]),
        "to_map": list(frame.to_map[:6]),
        "groups": groups,
        "offset": offset,
        "labels": None if labels is None else shares,
    }
    if one.extent is not None:
        record |= {"x_max": one.extent[0], "y_min": one.extent[1]}
    notes = {code: outline.notes for code, outline in outlines.items()}
    return {**record, "problems": [*problems_of(record, notes), *one.notes]}


def _regions(config: Config, stage: StageFolder, intakes: Sequence[Intake]) -> None:
    """Find the offset of every region by its labelled scenes, if the configuration wants it."""
    if not config.scenes.align_to_labels:
        return
    labelled: dict[str, list[Intake]] = {region_of(one.id): [] for one in intakes}
    for one in intakes:
        if one.labels is not None:
            labelled[region_of(one.id)].append(one)
    for region, members in track(labelled.items(), "scenes: aligning to labels"):
        inputs = {
            "scenes": {one.id: one.content() for one in members},
            "max_shift": config.scenes.max_shift,
        }

        def build(folder: Path, members: Sequence[Intake] = members) -> None:
            write_json(folder / "offset.json", _offset(config, members))

        stage.item(REGION + region, inputs, build)


def _offset(config: Config, members: Sequence[Intake]) -> dict[str, Any]:
    """Offset of the scenes of one region."""
    images = []
    for one in members:
        source = one.source(one.frame.group)
        with open_raster(source.group_files(config.dataset.folder)) as raster:
            pixels, _ = reader(raster.read, source)(slice(0, source.shape[0]))
        texts = {code: outline.text for code, outline in (one.labels or {}).items()}
        images.append(labelled_image(pixels, one.frame, texts))
    record = {"scenes": [one.id for one in members]}
    if not members:
        note = "no scene of the region has labels"
        return {**record, "right_metres": 0.0, "down_metres": 0.0, "gain": 0.0, "note": note}
    metres = members[0].frame.metres
    return {**record, **offset_of(images, metres, config.scenes.max_shift)}


def _catalogue(
    config: Config, stage: StageFolder, read: Sequence[str], taken: TakenIn
) -> list[dict[str, Any]]:
    """Make the catalogue of all scenes, used or not; its records."""
    records = [read_json(stage.items[SCENE + scene].path("scene.json")) for scene in read]
    records += [
        {"id": scene, "role": "unused", "problems": problems}
        for scene, problems in taken.unused.items()
    ]
    records.sort(key=lambda record: str(record["id"]))
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
