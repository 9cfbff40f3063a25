"""A folder in the contest's own layout: known bands, and the classes of its tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pipeline.config.dataset import BandGroupRow
from pipeline.errors import DatasetError
from pipeline.imagery import polygon_table
from pipeline.imagery.contest import find_images
from pipeline.imagery.mosaic import region_of

LABELS: Final = "train_wkt_v4.csv"
TABLES: Final = (LABELS, "grid_sizes.csv", "sample_submission.csv")
_NANOMETRES: Final = {
    "RGB": (660, 545, 480),
    "P": (625,),
    "M": (425, 480, 545, 605, 660, 725, 832.5, 950),
    "A": (1210, 1570, 1660, 1730, 2165, 2205, 2260, 2330),
}
_BANDS: Final = {
    "RGB": ("red", "green", "blue"),
    "P": ("pan",),
    "M": ("coastal", "blue", "green", "yellow", "red", "red_edge", "nir1", "nir2"),
    "A": tuple(f"swir{number}" for number in range(1, 9)),
}
_ROWS: Final = (
    ("RGB", "three_band/{id}.tif", 0.31, 2047),
    ("P", "sixteen_band/{id}_P.tif", 0.31, 2047),
    ("M", "sixteen_band/{id}_M.tif", 1.24, 2047),
    ("A", "sixteen_band/{id}_A.tif", 7.5, 16383),
)
_NAMES: Final = (
    *("Buildings", "Misc. manmade structures", "Road", "Track", "Trees", "Crops", "Waterway"),
    *("Standing water", "Vehicle large", "Vehicle small"),
)
_COUNTED: Final = (1, 2, 9, 10)
_COLOURS: Final = (
    "#d55e00",
    "#cc79a7",
    "#666666",
    "#b07d3c",
    "#117733",
    "#ddcc77",
    "#0072b2",
    "#56b4e9",
    "#332288",
    "#f0e442",
)
COARSE_METRES: Final = 7.75
"""A pixel of the short-wave infrared as it was cut: 25 of the finest images' 0.31 m."""
COARSE_UNIT: Final = 114_780
"""Metres per grid unit on which these pixels lie, as configs/dstl_swir.yaml has them."""
TWINS: Final = (("6110", "6140"),)
"""Regions that show the same ground at another date."""


@dataclass(frozen=True)
class ContestClass:
    """A class of the contest.

    Attributes:
        code: Its number.
        name: Its name.
        colour: Its colour in pictures.
        countable: Whether its parts are things that one can count.
        scenes: In how many labelled scenes it stands.
    """

    code: int
    name: str
    colour: str
    countable: bool
    scenes: int


@dataclass(frozen=True)
class ContestFound:
    """What a folder of the contest holds.

    Attributes:
        groups: Band groups whose files are there for every scene that is used.
        partial: Groups of which files are missing, and how many scenes lack them.
        classes: Classes of the tables.
        labelled: Number of labelled scenes.
        sampled: Number of test scenes.
        twins: Regions that show the same ground.
    """

    groups: tuple[BandGroupRow, ...]
    partial: Mapping[str, int]
    classes: tuple[ContestClass, ...]
    labelled: int
    sampled: int
    twins: tuple[tuple[str, str], ...]

    @property
    def coarse(self) -> bool:
        """Whether the short-wave infrared is all there is."""
        return [group.name for group in self.groups] == ["A"]


def is_contest(folder: Path) -> bool:
    """Whether a folder has the contest's tables and images."""
    return all((folder / name).is_file() for name in TABLES) and any(
        (folder / file.split("/", maxsplit=1)[0]).is_dir() for _, file, _, _ in _ROWS
    )


def look_at_contest(folder: Path) -> ContestFound:
    """What a folder of the contest holds.

    Raises:
        DatasetError: If its tables or images can't be used.
    """
    codes = range(1, len(_NAMES) + 1)
    labels: dict[str, set[int]] = {}
    filled: dict[int, set[str]] = {}
    for row in polygon_table.read_rows(folder / LABELS, codes, DatasetError):
        labels.setdefault(row.image, set()).add(row.code)
        if not row.wkt.strip().upper().endswith("EMPTY"):
            filled.setdefault(row.code, set()).add(row.image)
    sample = list(polygon_table.sample_rows(folder / TABLES[2], codes, DatasetError))
    sampled = {row.image for row in sample}
    rows = [_row(*row) for row in _ROWS]
    found = find_images(folder, rows)
    used = {*labels, *sampled}
    lacking = {row.name: sum(row.name not in found.get(name, {}) for name in used) for row in rows}
    groups = tuple(row for row in rows if lacking[row.name] == 0)
    if not groups:
        raise DatasetError(
            f"{folder}: no band group has an image of every scene of {LABELS} and {TABLES[2]}; "
            "fetch the images that are missing"
        )
    if [group.name for group in groups] == ["A"]:
        groups = (groups[0].model_copy(update={"metres": COARSE_METRES}),)
    occurring = {code for row in labels.values() for code in row} | {row.code for row in sample}
    regions = {region_of(name) for name in found}
    return ContestFound(
        groups=groups,
        partial={name: count for name, count in lacking.items() if 0 < count < len(used)},
        classes=_classes(sorted(occurring), {code: len(row) for code, row in filled.items()}),
        labelled=len(labels),
        sampled=len(sampled),
        twins=tuple(pair for pair in TWINS if set(pair) <= regions),
    )


def _row(name: str, file: str, metres: float, scale: float) -> BandGroupRow:
    return BandGroupRow(
        name=name,
        file=file,
        metres=metres,
        bands=_BANDS[name],
        wavelengths=_NANOMETRES[name],
        scale=scale,
    )


def _classes(codes: Sequence[int], scenes: Mapping[int, int]) -> tuple[ContestClass, ...]:
    """Classes by code; roads and waters that are not told apart have names that say so."""
    names = dict(enumerate(_NAMES, 1))
    if 4 not in codes:
        names[3] = "Roads and tracks"
    if 8 not in codes:
        names[7] = "Water"
    return tuple(
        ContestClass(code, names[code], _COLOURS[code - 1], code in _COUNTED, scenes.get(code, 0))
        for code in codes
    )
