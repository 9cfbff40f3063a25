"""The section ``dataset`` of a written configuration."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pipeline.proposal.group_guesses import band_list
from pipeline.proposal.guesses import ClassGuess, GroupGuess, ImagesFound, LabelsFound
from pipeline.proposal.places import Places
from pipeline.proposal.yaml_text import YamlText, counted, flow, shown

DECIDE: Final = "!decide"
"""Stands where a value must be written before the file can be read."""
_COUNTED: Final = (
    "building",
    "house",
    "roof",
    "vehicle",
    "car",
    "ship",
    "tree crown",
    "pool",
    "panel",
)
_ODD: Final = 5


@dataclass(frozen=True)
class Asked:
    """What a file asks for, by the key that it concerns."""

    questions: tuple[str, ...]

    def at(self, key: str) -> str | None:
        """Questions about a key as a comment; None without any."""
        rows = [text.split(": ", 1)[1] for text in self.questions if text.split(": ", 1)[0] == key]
        return "ASK: " + " ".join(rows) if rows else None


def write_dataset(
    out: YamlText,
    folder: str,
    table: str | None,
    images: ImagesFound,
    labels: LabelsFound | None,
    places: Places,
    asked: Asked,
) -> None:
    """Write the section.

    Args:
        out: Where to.
        folder: The dataset's folder, as the configuration names it.
        table: Table of scenes, for names that follow no pattern.
        images: The images.
        labels: The labels, if there are any.
        places: How labelled ground is divided.
        asked: What the file asks for.
    """
    out.section("dataset")
    out.key("layout", "files")
    out.key("folder", folder)
    if table is not None:
        out.key(
            "scenes", table, reason="The files' names follow no one pattern: this table lists them."
        )
    _write_crs(out, images)
    _write_classes(out, labels, asked)
    question = asked.at("dataset.groups")
    if question:
        out.comment(question, 2)
    out.raw("  groups:")
    for group in images.groups:
        _write_group(out, group)
    for path in images.odd[:_ODD]:
        out.comment(f"fits no group: {path}", 2, 2)
    if len(images.odd) > _ODD:
        out.comment(f"... and {len(images.odd) - _ODD} more files that fit no group", 2)
    _write_labels(out, labels, asked)
    if places.blocks is not None:
        out.key("blocks", places.blocks, reason=f"{places.reason}.")


def _write_crs(out: YamlText, images: ImagesFound) -> None:
    count = len(images.scenes)
    systems = Counter(scene.crs for scene in images.scenes.values() if scene.to_map is not None)
    if not systems:
        out.comment(f"{counted(count, 'scene')} without coordinates: maps are in pixels.", 2)
    elif images.tiles:
        out.comment(f"{counted(count, 'tile')} of a web map, in EPSG:3857 by their numbers.", 2)
    else:
        told = shown(f"{crs[:60]}" if crs else "no system" for crs in systems)
        out.comment(f"{counted(count, 'scene')} in {told}.", 2)
        if None in systems:
            out.key(
                "crs",
                None,
                reason="ASK: which system are the images' coordinates in, as EPSG:32633?",
            )


def _write_classes(out: YamlText, labels: LabelsFound | None, asked: Asked) -> None:
    question = asked.at("dataset.classes")
    if question:
        out.comment(question, 2)
    if labels is None or not labels.classes:
        out.raw(f"  classes: {DECIDE} []")
        return
    out.comment(
        "Share of the labelled ground, and places at which a class was seen, behind each.", 2
    )
    out.raw("  classes:")
    for row in labels.classes:
        if row.rare is None:
            out.raw(f"    - {class_row(row)}  # {row.share:.2%}, {counted(row.places, 'place')}")
    for row in labels.classes:
        if row.rare is not None:
            out.comment(f"Too rare to learn, left out: {row.rare} ({row.share:.3%}).", 4)
            out.raw(f"    # - {class_row(row)}")


def class_row(row: ClassGuess) -> str:
    """A class on one line."""
    tree: dict[str, object] = {"code": row.code, "name": row.name, "colour": row.colour}
    if any(word in row.name.lower() for word in _COUNTED):
        tree["countable"] = True
    return flow(tree)


def _write_group(out: YamlText, group: GroupGuess) -> None:
    out.comment(f"{counted(len(group.paths), 'scene')}; {group.range_text}.", 4)
    out.raw(f"    - name: {group.name}")
    inner = 6
    first = next(iter(group.paths.values()))[0]
    if group.file is None:
        out.key("file", _stand_in(group, first), inner, "The table of scenes names the files.")
    else:
        out.key("file", group.file, inner)
    out.key("metres", group.metres, inner, f"{group.metres_reason}.")
    out.key("bands", [band.name for band in group.bands], inner, f"{group.bands_reason}.")
    if group.select:
        out.key("select", [band.source for band in group.bands], inner)
    for why, sources in _by_reason(group.left_out).items():
        out.comment(f"Left out: {_bands(sources)}, as {why}.", inner, 2)
    wavelengths = band_list(group.bands)
    if wavelengths is not None:
        out.key("wavelengths", wavelengths, inner)
    if group.nodata is not None:
        out.key("nodata", group.nodata, inner, "The files hold this value and don't say so.")
    out.key("scale", group.scale, inner, f"{group.scale_reason}.")


def _stand_in(group: GroupGuess, path: str) -> str:
    """A pattern for files that a table names."""
    ending = path[path.rfind(".") :]
    return (
        f"{{id}}_{{band}}{ending}"
        if len(next(iter(group.paths.values()))) > 1
        else f"{{id}}{ending}"
    )


def _by_reason(left_out: Mapping[int | str, str]) -> dict[str, list[int | str]]:
    found: dict[str, list[int | str]] = {}
    for source, why in left_out.items():
        found.setdefault(why, []).append(source)
    return found


def _bands(sources: Sequence[int | str]) -> str:
    return f"band{'s' * (len(sources) > 1)} {', '.join(map(str, sources))}"


def _write_labels(out: YamlText, labels: LabelsFound | None, asked: Asked) -> None:
    question = asked.at("dataset.labels")
    if question:
        out.comment(question, 2)
    if labels is None:
        out.key("labels", None)
        return
    for text in labels.comments:
        out.comment(f"{text[0].upper()}{text[1:]}.", 2)
    out.raw("  labels:")
    out.key("kind", labels.kind, 4)
    for key, value in labels.settings.items():
        for note in (asked.at(f"dataset.labels.{key}"), labels.reasons.get(key)):
            if note:
                out.comment(f"{note[0].upper()}{note[1:]}{'' if note.endswith('?') else '.'}", 4)
        if key == "values" and isinstance(value, Mapping) and len(value) > 4:
            out.raw("    values:")
            for one, code in value.items():
                out.key(flow(one), code, 6)
        else:
            out.key(key, value, 4)
    for key in ("rest", "crs", "ignore"):
        further = asked.at(f"dataset.labels.{key}")
        if further and key not in labels.settings:
            out.comment(further, 4)
            out.comment(
                {"rest": "rest: background", "crs": "crs: EPSG:4326", "ignore": "ignore: []"}[key],
                4,
            )
