"""The labels of a dataset of files: vector layers or masks, and which class their values mean."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from pipeline.config.base import Section

LEAST: Final = -32_768
MOST: Final = 65_535
"""Numbers that a pixel of a mask may be listed by: all of 16 bits, with a sign or without."""
_WHOLE: Final = re.compile(r"([+-]?\d+)\.0*")


def plain_text(value: Any) -> str:
    """An attribute as text: 3, 3.0 and "3" are the same; nothing at all is the empty text."""
    if value is None or value != value:  # noqa: PLR0124  NaN, of any type
        return ""
    text = str(value).lower() if isinstance(value, bool) else str(value).strip()
    whole = _WHOLE.fullmatch(text)
    return whole[1] if whole else text


Colour = Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$"), AfterValidator(str.lower)]
Value = Annotated[int, Field(ge=LEAST, le=MOST)] | Colour
"""A pixel of a mask: a number, or a colour."""
Text = Annotated[str, BeforeValidator(plain_text)]
"""An attribute of a polygon, as text."""
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
    values: dict[Text, int] = Field(default_factory=dict)
    """Class code by attribute (or layer's name); empty: every polygon is of the only class. 3, 3.0
    and "3" are the same attribute, and one that is empty is ""."""
    background: tuple[Text, ...] = ()
    """Attributes of polygons of no class."""
    ignore: tuple[Text, ...] = ()
    """Attributes of polygons on ground of which nothing is known."""
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
        _check_once(self.values, self.background, self.ignore)
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
        _check_once(self.values, (), self.ignore)
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


def _check_once(values: Iterable[Any], background: Iterable[Any], ignore: Iterable[Any]) -> None:
    """Check that nothing is listed under two meanings."""
    for what, one, other in (
        ("values and background", values, background),
        ("values and ignore", values, ignore),
        ("background and ignore", background, ignore),
    ):
        both = [value for value in one if value in set(other)]
        if both:
            raise ValueError(f"{what} both list {both[0]!r}; keep it in one of them")
