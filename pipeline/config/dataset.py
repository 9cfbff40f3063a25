"""The ``dataset`` and ``scenes`` sections: what lies in the folder, and how its groups align."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from pipeline.config.base import Fraction, Metres, Section

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
    """Path in the dataset's folder, with ``{id}`` for the scene."""
    metres: Metres
    """Ground sample distance, metres per pixel."""
    bands: Annotated[tuple[Name, ...], Field(min_length=1)]
    """Names of the bands in the file's order."""
    wavelengths: tuple[Wavelength, ...] | None = None
    """Centre of each band, nanometres, in the bands' order. With them a network that was trained on
    other bands is carried over to the nearest ones: see ``transfer``."""
    scale: Annotated[float, Field(gt=0)] = 10_000
    """Number in the file that means reflectance 1: 10000 in most products, 2047 for 11 bits, 1
    where the file holds reflectance itself. EVI, SAVI and logarithms depend on it."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.file.count("{id}") != 1:
            raise ValueError(f"file: {self.file!r} must hold {{id}} once, in the scene's place")
        if set("{}") & set(self.file.replace("{id}", "")):
            raise ValueError(f"file: {self.file!r}: nothing but {{id}} may stand in braces")
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


class Dataset(Section):
    """Where the scenes lie, which bands and classes they have."""

    folder: Path
    """The raw files; ``DATA=`` overrides it."""
    classes: Annotated[tuple[ClassRow, ...], Field(min_length=1, max_length=63)]
    groups: Annotated[tuple[BandGroupRow, ...], Field(min_length=1)]
    labels: str = "train_wkt_v4.csv"
    """Table of polygons (ImageId, ClassType, MultipolygonWKT)."""
    grid_sizes: str = "grid_sizes.csv"
    """Table of the scenes' extents in grid units (id, Xmax, Ymin)."""
    unit_metres: Metres | None = None
    """Metres per grid unit. null: each image is spread over its grid by the contest's formula.
    Name it where coarse images fill their scenes only roughly, with groups' metres to match."""
    sample: str = "sample_submission.csv"
    """Table whose rows and order a submission must have; its scenes are the test scenes."""
    solution: str | None = None
    """Table of the test scenes' true polygons, where there is one."""

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
    overhang: Annotated[float, Field(ge=0)] = 5.0
    """Labels may reach past their scene by so many metres and are cut there; more is an error."""
