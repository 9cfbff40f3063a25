"""The ``dataset`` and ``scenes`` sections: what lies in the folder, and how its groups align."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import Field, model_validator

from pipeline.config.base import Fraction, Metres, Positive, Section
from pipeline.config.labels import Labels

Name = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,31}$")]
Wavelength = Annotated[float, Field(ge=100)]
"""Nanometres; what is below 100 was meant in micrometres."""


class ClassRow(Section):
    """One class of object."""

    code: Annotated[int, Field(ge=0, le=10_000)]
    """Number of the class in the label and submission tables."""
    name: Annotated[str, Field(min_length=1, max_length=80)]
    colour: Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$")] = "#d55e00"
    """Colour in pictures."""
    countable: bool = False
    """Its parts are things that one can count, as buildings: `score` counts those found, too."""


class BandGroupRow(Section):
    """Bands that lie in one file at one resolution."""

    name: Name
    file: str
    """Path in the dataset's folder, with ``{id}`` for the scene. In a dataset of files, ``{z}``,
    ``{x}`` and ``{y}`` may stand for it, the numbers of a web map's tile, and ``{band}`` for the
    band where each has a file of its own."""
    metres: Metres
    """Ground sample distance, metres per pixel."""
    bands: Annotated[tuple[Name, ...], Field(min_length=1)]
    """Names of the bands in the file's order, or in that of ``select``."""
    select: tuple[Annotated[int, Field(ge=1)] | str, ...] | None = None
    """Which of the file's bands these are: numbers from 1, descriptions, or wavelengths as
    ``665nm``; with ``{band}`` in ``file``, what stands there. null: all, in the file's order."""
    nodata: float | None = None
    """Value of pixels without data in these files; null: what they say themselves, and
    ``scenes.nodata`` where they say nothing."""
    wavelengths: tuple[Wavelength, ...] | None = None
    """Centre of each band, nanometres, in the bands' order. With them a network that was trained on
    other bands is carried over to the nearest ones: see ``transfer``."""
    scale: Annotated[float, Field(gt=0)] = 10_000
    """Number in the file that means reflectance 1: 10000 in most products, 2047 for 11 bits, 1
    where the file holds reflectance itself. EVI, SAVI and logarithms depend on it."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        check_pattern(self.file)
        if self.select is not None and len(self.select) != len(self.bands):
            raise ValueError(
                f"select: {len(self.select)} entries don't fit {len(self.bands)} bands; name one "
                "band of the file for each"
            )
        if "{band}" in self.file and self.select is None:
            raise ValueError("select: is missing; list what stands for {band} in the files' names")
        if Path(self.file).is_absolute() or ".." in Path(self.file).parts:
            raise ValueError(f"file: {self.file!r} must stay inside the dataset's folder")
        if len(set(self.bands)) != len(self.bands):
            raise ValueError(f"bands: {list(self.bands)} names a band twice")
        if self.wavelengths is not None and len(self.wavelengths) != len(self.bands):
            raise ValueError(
                f"wavelengths: {len(self.wavelengths)} numbers don't fit {len(self.bands)} bands; "
                "give the centre of each band in nanometres, in the order of bands"
            )
        return self


def check_pattern(file: str) -> None:
    """Check the name of a scene's file.

    Raises:
        ValueError: If no scene, or more than that, can be read from it.
    """
    found = re.findall(r"\{(.*?)\}", file)
    named, bands = [key for key in found if key != "band"], found.count("band")
    if sorted(named) not in (["id"], ["x", "y", "z"]) or bands > 1:
        raise ValueError(
            f"file: {file!r} must hold {{id}} once, in the scene's place, or {{z}}, {{x}} and "
            "{y} of a web map's tile; beside it nothing but {band} may stand in braces"
        )
    if set("{}") & set(re.sub(r"\{(.*?)\}", "", file)):
        raise ValueError(f"file: {file!r}: nothing else may stand in braces, and each is closed")


_CONTEST: Final = {
    "labels": "train_wkt_v4.csv",
    "grid_sizes": "grid_sizes.csv",
    "sample": "sample_submission.csv",
}
_FILES: Final = {"labels": None, "grid_sizes": None, "sample": None, "blocks": 2048}


class Dataset(Section):
    """Where the scenes lie, which bands and classes they have."""

    layout: Literal["contest", "files"] = "contest"
    """contest: images without coordinates and the contest's tables; files: images that may have
    coordinates, and labels of any kind or none."""
    folder: Path
    """The raw files; ``DATA=`` overrides it."""
    classes: Annotated[tuple[ClassRow, ...], Field(min_length=1, max_length=63)]
    groups: Annotated[tuple[BandGroupRow, ...], Field(min_length=1)]
    scenes: str | None = None
    """Dataset of files: CSV table that lists the scenes, for images whose names follow no pattern:
    column ``id``, one column per group with the path of its file, and if wanted ``labels`` with
    that of the scene's labels, and ``role`` (train, test or unused)."""
    labels: str | Labels | None = None
    """Contest: table of polygons (ImageId, ClassType, MultipolygonWKT), ``train_wkt_v4.csv`` if not
    named. Files: vectors or masks; null: there are none, and scenes are only predicted."""
    blocks: Positive | None = None
    """Dataset of files: labelled scenes that are larger are cut into blocks of at most so many
    pixels of the finest group, each a scene of its own; 2048 if not named."""
    crs: str | None = None
    """Dataset of files: coordinate reference system of images that name none, as ``EPSG:32633``."""
    grid_sizes: str | None = None
    """Contest: table of the scenes' extents in grid units (id, Xmax, Ymin), ``grid_sizes.csv`` if
    not named."""
    unit_metres: Metres | None = None
    """Metres per grid unit. null: each image is spread over its grid by the contest's formula.
    Name it where coarse images fill their scenes only roughly, with groups' metres to match."""
    sample: str | None = None
    """Table whose rows and order a submission must have; its scenes are the test scenes. Contest:
    ``sample_submission.csv`` if not named. Files: null for a row per scene and class."""
    solution: str | None = None
    """Table of the test scenes' true polygons, where there is one."""

    @model_validator(mode="before")
    @classmethod
    def _fill(cls, tree: Any) -> Any:
        """What is not named is what the layout usually has."""
        if not isinstance(tree, dict):
            return tree
        return {**(_FILES if tree.get("layout") == "files" else _CONTEST), **tree}

    @model_validator(mode="after")
    def _check_layout(self) -> Self:
        contest = self.layout == "contest"
        if contest != isinstance(self.labels, str) and (contest or self.labels is not None):
            needed = "the name of a table" if contest else "a section with kind: vector or mask"
            raise ValueError(f"labels: layout {self.layout} needs {needed}")
        if contest and (self.grid_sizes is None or self.sample is None):
            raise ValueError("grid_sizes, sample: layout contest needs both tables")
        foreign = ("scenes", "blocks", "crs") if contest else ("grid_sizes", "unit_metres")
        values = {
            "scenes": self.scenes,
            "blocks": self.blocks,
            "crs": self.crs,
            "grid_sizes": self.grid_sizes,
            "unit_metres": self.unit_metres,
        }
        for key in foreign:
            if values[key] is not None:
                raise ValueError(f"{key}: layout {self.layout} has none; remove it")
        for group in self.groups if contest else ():
            if "{id}" not in group.file or "{band}" in group.file or group.select is not None:
                raise ValueError(
                    f"groups: {group.name}: layout contest has one file per group and scene, named "
                    "by {id}, with all its bands; set layout to files for anything else"
                )
        return self

    @model_validator(mode="after")
    def _check(self) -> Self:
        for what, values in (
            ("classes: code", [str(row.code) for row in self.classes]),
            ("classes: name", [row.name for row in self.classes]),
            ("groups: name", [row.name for row in self.groups]),
        ):
            twice = sorted({value for value in values if values.count(value) > 1})
            if twice:
                raise ValueError(f"{what} {', '.join(twice)} stands there twice; make it unique")
        return self

    @property
    def codes(self) -> tuple[int, ...]:
        """Class codes in the order of the masks' channels."""
        return tuple(row.code for row in self.classes)

    def table(self, name: str | Labels | None) -> Path:
        """Path of a table that the layout has: ``dataset.table(dataset.sample)``."""
        if not isinstance(name, str):
            raise TypeError(f"layout {self.layout} has no such table")
        return self.folder / name

    def group(self, name: str) -> BandGroupRow:
        """Row of a band group."""
        return next(row for row in self.groups if row.name == name)


class Scenes(Section):
    """Checking and registering the scenes' band groups."""

    registration: Literal["none", "translation", "euclidean"] = "translation"
    """Motion that ECC may find between a group and the reference (finest) group."""
    max_shift: Metres = 15.0
    """A larger shift is implausible: the group stays unaligned, and the catalogue says so."""
    min_correlation: Fraction = 0.5
    """A lower ECC correlation is no alignment: the group stays unaligned, likewise."""
    align_to_labels: bool = False
    """Find the finest group's offset from the map by the labels, one per region (first part of a
    scene's id), that is per acquisition: for imagery so coarse that nothing else shows it."""
    whole_pixel_tiles: bool = False
    """Correct the drift of coarse images that were cut from a region's image every so many whole
    pixels: see ``pipeline.imagery.mosaic``. Needs ``dataset.unit_metres``."""
    nodata: float | None = 0
    """Value that marks a pixel as invalid when all bands of a group have it; null for none."""
    context: Annotated[float, Field(ge=0)] = 0.0
    """Metres around each scene that are cached with what its neighbours show there, so that
    networks see past its border. Neighbours are scenes whose coordinates, or ids of the form
    ``region_row_column``, say so; where there is none the scene's edge is repeated."""
    skip_bad: bool = False
    """Go on without scenes that can't be used, which are named; false: they are errors."""
    overhang: Annotated[float, Field(ge=0)] = 5.0
    """Labels may reach past their scene by so many metres and are cut there; more is an error."""
