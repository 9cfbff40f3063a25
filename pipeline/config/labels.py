"""The labels of a dataset of files: vector layers or masks, and which class their values mean."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import Field, model_validator

from pipeline.config.base import Section

Colour = Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$")]
Value = Annotated[int, Field(ge=0, le=65_535)] | Colour
"""A pixel of a mask: a number, or a colour."""
Other = Literal["error", "background", "ignore"]


class VectorLabels(Section):
    """Polygons in files of vectors, which are brought into each image's coordinates."""

    kind: Literal["vector"]
    file: str
    """Path in the dataset's folder: one file for all scenes, or with ``{id}`` one per scene.
    GeoPackage, GeoJSON, Shapefile, GeoParquet, or CSV with a column of well-known text."""
    layer: str | None = None
    """The layer that is read; null: all of them."""
    column: str | None = None
    """Attribute that tells the class; null: the name of the layer does."""
    values: dict[str, int] = Field(default_factory=dict)
    """Class code by attribute (or layer's name); empty: every polygon is of the only class."""
    other: Other = "error"
    """What a polygon is whose value is not listed."""
    rest: Literal["background", "ignore"] = "background"
    """What ground is that no polygon covers: of no class, or not looked at by those who drew."""
    crs: str | None = None
    """Coordinate reference system, as ``EPSG:4326``, of a file that names none."""
    wkt: str = "wkt"
    """Column of a CSV that holds the geometry."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        _check_path(self.file)
        return self


class MaskLabels(Section):
    """Rasters of the images' size, one per scene."""

    kind: Literal["mask"]
    file: str
    """Path in the dataset's folder, with ``{id}`` for the scene, or as the images' with ``{z}``,
    ``{x}`` and ``{y}``."""
    code: Literal["index", "bands", "colours"] = "index"
    """How a pixel tells its class: by its number; by the bands in which it is not 0, so that it may
    be of several classes; or by its colour."""
    values: Annotated[dict[Value, int], Field(min_length=1)]
    """Class code by number, by number of the band from 1, or by colour, as ``"#ff0000"``."""
    background: tuple[Value, ...] = (0, "#000000")
    """Numbers or colours of pixels of no class."""
    ignore: tuple[Value, ...] = ()
    """Numbers or colours of pixels of which nothing is known."""
    other: Other = "error"
    """What a pixel is whose value is not listed."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        _check_path(self.file)
        wanted = str if self.code == "colours" else int
        wrong = [value for value in (*self.values, *self.ignore) if not isinstance(value, wanted)]
        if wrong:
            needed = "colours as '#ff0000'" if wanted is str else "numbers"
            raise ValueError(
                f"values: {wrong[0]!r} doesn't fit code: {self.code}, which needs {needed}"
            )
        return self


Labels = Annotated[VectorLabels | MaskLabels, Field(discriminator="kind")]
LABEL_KINDS: Final = ("vector", "mask")
"""What ``dataset.labels.kind`` may be."""


def _check_path(file: str) -> None:
    if Path(file).is_absolute() or ".." in Path(file).parts:
        raise ValueError(f"file: {file!r} must stay inside the dataset's folder")
