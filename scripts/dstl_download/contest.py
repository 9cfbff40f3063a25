"""What the contest has, and what of it is used."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from pipeline.errors import DownloadError
from pipeline.progress import printable

COMPETITION: Final = "dstl-satellite-imagery-feature-detection"
PAGE: Final = f"https://www.kaggle.com/c/{COMPETITION}"
_ZIP: Final = ".zip"
_SCENE: Final = "[0-9]{1,6}_[0-9]{1,3}_[0-9]{1,3}"
_MEGABYTE: Final = 10**6
_GIGABYTE: Final = 10**9


@dataclass(frozen=True)
class Part:
    """A file of the contest, alone or in an archive of its own.

    Attributes:
        name: Of the table, or of the folder that the archive holds.
        files: What is taken from the archive; whatever else it holds is left out.
        unpacked: About how many bytes that is.
        limit: Most files that there may be.
    """

    name: str
    files: re.Pattern[str]
    unpacked: int
    limit: int = 1

    @property
    def is_table(self) -> bool:
        """Whether it is a table, not a folder of images."""
        return self.name.endswith(".csv")


def _table(name: str, unpacked: int) -> Part:
    return Part(name, re.compile(re.escape(name)), unpacked)


PARTS: Final = (
    _table("grid_sizes.csv", _MEGABYTE),
    _table("sample_submission.csv", _MEGABYTE),
    _table("train_wkt_v4.csv", 100 * _MEGABYTE),
    Part("sixteen_band", re.compile(f"sixteen_band/{_SCENE}_[AMP]\\.tif"), 16 * _GIGABYTE, 3000),
    Part("three_band", re.compile(f"three_band/{_SCENE}\\.tif"), 31 * _GIGABYTE, 1000),
)
"""In the order in which they are fetched: a mistake shows before hours have passed."""


@dataclass(frozen=True)
class Listed:
    """A file that the contest offers.

    Attributes:
        name: Of the file.
        size: Its bytes; 0 if that is not said.
    """

    name: str
    size: int


def chosen(listed: Iterable[Listed]) -> Mapping[Part, Listed]:
    """The file that each part is in.

    Raises:
        DownloadError: If a part is not offered.
    """
    offered = {one.name: one for one in listed}
    found: dict[Part, Listed] = {}
    for part in PARTS:
        names = [name for name in (part.name + _ZIP, part.name) if name in offered]
        if not names:
            others = printable(", ".join(sorted(offered)))
            raise DownloadError(
                f"{PAGE}/data offers no {part.name}{_ZIP}, only {others}; if files were renamed, "
                "download and unpack them by hand, see docs/download.md"
            )
        found[part] = offered[names[0]]
    return found
