"""A layer of a vector file as it was read: geometries, and the value that tells the class."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import LabelError


@dataclass(frozen=True)
class Wanted:
    """What is read of a vector file.

    Attributes:
        layer: The only layer; None for all.
        columns: Attributes; None for all.
        wkt: Column of a table that holds the geometry; None for the first that looks like it.
        most: Number of features to read of each layer; None for all.
    """

    layer: str | None = None
    columns: tuple[str, ...] | None = None
    wkt: str | None = None
    most: int | None = None

    def among(self, place: str, known: Sequence[str]) -> list[str]:
        """The wanted attributes.

        Raises:
            LabelError: If one is not among those that are there.
        """
        for name in self.columns or ():
            if name not in known:
                raise LabelError(
                    f"{place}: has no column {name!r}{close_to(name, known)}; correct "
                    "dataset.labels.column"
                )
        return list(known if self.columns is None else self.columns)


@dataclass(frozen=True, eq=False)
class Layer:
    """Features of one layer.

    Attributes:
        path: The file.
        name: The layer; None where the file has only one and does not name it.
        crs: Coordinate reference system as the file names it; None where it names none.
        numbers: (n,) int64, the features' numbers as the file counts them.
        columns: (n,) values of the features by name of the attribute.
        shapes: (n,) geometries in two dimensions, of any kind; None where there is none.
        unit: What the numbers count, as messages say it.
        usual_crs: System of files of its kind that name none.
        geometry: Column of a table that holds the geometries.
    """

    path: Path
    name: str | None
    crs: str | None
    numbers: NDArray[np.int64]
    columns: dict[str, NDArray[Any]]
    shapes: NDArray[Any]
    unit: str = "feature"
    usual_crs: str | None = None
    geometry: str | None = None

    @property
    def place(self) -> str:
        """File and layer, as messages name them."""
        return str(self.path) if self.name is None else f"{self.path}, layer {self.name[:60]!r}"

    def only(self, chosen: NDArray[np.bool_]) -> Self:
        """The layer with the chosen features (n,) alone."""
        return replace(
            self,
            numbers=self.numbers[chosen],
            columns={name: values[chosen] for name, values in self.columns.items()},
            shapes=self.shapes[chosen],
        )

    def places(self, chosen: NDArray[np.bool_], most: int = 5) -> str:
        """Numbers of the chosen features, of many only the first."""
        found = self.numbers[chosen]
        shown = ", ".join(str(number) for number in found[:most])
        more = f" and {len(found) - most} more" if len(found) > most else ""
        return f"{self.unit}{'s' if len(found) > 1 else ''} {shown}{more}"


def close_to(name: str, known: Sequence[str]) -> str:
    """The end of a message on an unknown name: what it may have meant, and what there is."""
    close = difflib.get_close_matches(name, known, n=1)
    hint = f", did you mean {close[0]!r}?" if close else ""
    shown = ", ".join(repr(other[:40]) for other in known[:20]) or "none"
    return f"{hint} (there are: {shown})"
