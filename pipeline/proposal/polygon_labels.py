"""Labels of polygons, ready to be written down."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Final

from pipeline.proposal.class_column import Column
from pipeline.proposal.class_guesses import Counted, class_guesses, single_name
from pipeline.proposal.folder_files import words_of
from pipeline.proposal.guesses import ClassGuess, ImagesFound, LabelsFound
from pipeline.proposal.places import Places
from pipeline.proposal.polygon_ground import Ground, ground_of
from pipeline.proposal.vector_labels import VectorFile, columns_of, texts_of
from pipeline.proposal.yaml_text import shown

_CLOSE: Final = 1.0
"""Attributes whose ranks differ by less could both be meant."""


def polygon_labels(
    folder: Path, found: VectorFile, images: ImagesFound, places: Places
) -> LabelsFound:
    """What polygons say of the scenes' classes.

    Args:
        folder: The dataset's folder.
        found: The polygons.
        images: The images.
        places: How the ground is divided.
    """
    columns = columns_of(found.layers)
    names = sorted({layer.name or "" for layer in found.layers})
    by_layer = len(names) > 1 and "" in found.paths
    column = columns[0].name if columns and not by_layer else None
    values = _values(found, column) if column or by_layer else []
    settings: dict[str, object] = {"file": found.file}
    reasons: dict[str, str] = {}
    if column:
        settings["column"] = column
        reasons["column"] = _column_reason(columns)
    if found.crs:
        settings["crs"], reasons["crs"] = found.crs, found.crs_reason
    told = [value for value in values if value]
    ground = ground_of(folder, found, settings, told, images, places)
    classes = _classes(found, told, ground)
    if told:
        settings["values"] = {str(one.value): one.code for one in classes if not one.rare}
        rare = [one.value for one in classes if one.rare]
        outside = [value for value in told if value not in ground.areas]
        if rare or outside:
            settings["background"] = [*rare, *outside]
        if "" in values:
            settings["ignore"] = [""]
            reasons["ignore"] = "polygons that say nothing: of their ground nothing is known"
    return LabelsFound(
        kind="vector",
        settings=settings,
        classes=classes,
        labelled=ground.labelled,
        comments=_comments(found, ground),
        questions=(*_questions(columns, by_layer, ground), *_unnamed(classes)),
        finest=ground.across * images.groups[0].metres if ground.across else None,
        reasons=reasons,
    )


def _values(found: VectorFile, column: str | None) -> list[str]:
    """What tells the classes, the most frequent first."""
    counts = Counter(text for layer in found.layers for text in texts_of(layer, column))
    return [value for value, _ in sorted(counts.items(), key=lambda row: (-row[1], row[0]))]


def _classes(found: VectorFile, values: Sequence[str], ground: Ground) -> tuple[ClassGuess, ...]:
    if not values:
        words = [
            *words_of(found.file),
            *(w for layer in found.layers for w in words_of(layer.name or "x")),
        ]
        name = (
            single_name(words)
            or PurePosixPath(found.file).stem.replace("{id}", "").strip("_-.{} ")
            or "object"
        )
        counted = [Counted(name.capitalize(), ground.areas.get("", 0.0), ground.places.get("", 0))]
        (only,) = class_guesses(counted, ground.total, {}, (), "text")
        return (ClassGuess(1, only.name, only.colour, "", only.share, only.places),)
    inside = [value for value in values if value in ground.areas] or list(values)
    rows = [Counted(v, ground.areas.get(v, 0.0), ground.places.get(v, 0)) for v in inside]
    return class_guesses(rows, ground.total, {}, (), "text")


def _unnamed(classes: Sequence[ClassGuess]) -> list[str]:
    if not any(one.name.startswith("class ") for one in classes):
        return []
    return ["dataset.classes: the polygons don't say what their numbers mean; name the classes"]


def _column_reason(columns: Sequence[Column]) -> str:
    others = [
        f"{one.name} ({len(one.values)} values: {shown(one.values, 4)})" for one in columns[1:4]
    ]
    return f"GUESS: it tells the class; other candidates: {'; '.join(others)}" if others else ""


def _comments(found: VectorFile, ground: Ground) -> tuple[str, ...]:
    features = sum(len(layer.shapes) for layer in found.layers)
    crs = next((layer.crs or layer.usual_crs for layer in found.layers), None) or found.crs
    rows = [f"{features} polygons{f' in {crs[:60]}' if crs else ''}"]
    if ground.total and not ground.fault:
        rows.append(
            f"they cover {100 * ground.covered / ground.total:.3g} % of the scenes' ground; the "
            f"median one is {ground.across:.3g} pixels across"
        )
    if found.other:
        rows.append(f"other files of polygons, not used: {shown(found.other, 5)}")
    return tuple(rows)


def _questions(columns: Sequence[Column], by_layer: bool, ground: Ground) -> list[str]:
    rows = []
    close = [one.name for one in columns[1:] if columns[0].rank - one.rank < _CLOSE]
    if close and not by_layer:
        rows.append(
            f"dataset.labels.column: is {columns[0].name} the class? It could be {shown(close)}"
        )
    if ground.fault:
        rows.append(f"dataset.labels: {ground.fault.splitlines()[0]}")
    elif not ground.labelled:
        rows.append(
            "dataset.labels.crs: no polygon lies on an image; name the system of the polygons or, "
            "in dataset.crs, that of the images"
        )
    elif 0.2 < ground.covered / ground.total < 0.95 and len(ground.areas) > 1:
        rows.append(
            "dataset.labels.rest: is ground without a polygon of no class (background), or did "
            "nobody look at it (ignore)?"
        )
    return rows
