"""One band group: bands, resolution, range of numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from pipeline.imagery.rasters.description import FileDescription
from pipeline.imagery.rasters.ground import ground_metres
from pipeline.imagery.rasters.group_files import WebTile
from pipeline.imagery.rasters.web_tiles import tile_transform
from pipeline.proposal import sensors
from pipeline.proposal.band_guesses import Told, guess_bands
from pipeline.proposal.folder_files import all_words
from pipeline.proposal.guesses import BandGuess, GroupGuess
from pipeline.proposal.looking import chosen, metres_of, sample
from pipeline.proposal.pixel_values import BandValues, band_values, not_light, scale_of

_ASKED: Final = 50
"""Scenes whose ground metres are worked out."""
_CIRRUS: Final = "B10"
"""Sentinel-2's band of high clouds, which is nearly blind to the ground, but a part of it."""


def group_of(
    folder: Path,
    pattern: str | None,
    bands: Sequence[str],
    paths: Mapping[str, tuple[str, ...]],
    files: Mapping[str, FileDescription],
    name: str,
) -> GroupGuess:
    """A band group of files of one kind.

    Args:
        folder: The dataset's folder.
        pattern: Pattern of the files' names; None where they follow none.
        bands: What stands for the bands in the names; one empty text for one file with all bands.
        paths: Files of each scene by id.
        files: What files say of themselves.
        name: Name of the group.
    """
    known = [row for row in paths.values() if all(path in files for path in row)]
    first = [files[path] for path in known[0]]
    words = all_words(folder, known[0])
    told = _told(bands, first)
    tiles = pattern is not None and "{z}" in pattern
    metres = _metres([(key, row[0]) for key, row in paths.items()], files, tiles)
    samples = sample(folder, list(paths.values()), len(told))
    values = band_values([one.pixels for one in samples]) if samples else ()
    reasons = _left_out(told, values, first[0].dtype)
    kept = [place for place in range(len(told)) if place not in reasons]
    named, source = guess_bands([told[place] for place in kept], first[0].dtype, metres, words)
    known_sensor = sensors.named_sensor(words)
    scale, why = (1.0, "no pixel could be read")
    if values:
        scale, why = scale_of(first[0].dtype, [values[place] for place in kept], metres)
    metres_reason = _metres_reason(metres, tiles)
    if metres is None:
        metres, metres_reason = _guessed_metres(known_sensor)
    return GroupGuess(
        name=name,
        file=pattern,
        bands=named,
        select=bool(reasons) or bands != ("",),
        metres=_rounded(metres),
        metres_reason=metres_reason,
        scale=scale,
        scale_reason=why,
        bands_reason=source,
        left_out={told[place].source: reason for place, reason in reasons.items()},
        nodata=_nodata(values, kept, first[0].nodata),
        dtype=first[0].dtype,
        paths=paths,
        range_text=_range_text(values, kept, first[0].dtype),
    )


def _told(bands: Sequence[str], files: Sequence[FileDescription]) -> list[Told]:
    """What is known of each band of a scene's files."""
    if tuple(bands) != ("",):
        return [
            Told(band, band, file.wavelengths[0], file.colours[0])
            for band, file in zip(bands, files, strict=True)
        ]
    (file,) = files
    return [
        Told(
            number,
            file.descriptions[number - 1],
            file.wavelengths[number - 1],
            file.colours[number - 1],
        )
        for number in range(1, file.count + 1)
    ]


def _left_out(told: Sequence[Told], values: Sequence[BandValues], dtype: str) -> dict[int, str]:
    """Why bands are no inputs, by place: what they are called, and what their numbers say."""
    reasons = {
        place: f"its name, {row.description!r}, speaks of no light from the ground"
        for place, row in enumerate(told)
        if row.description and sensors.is_no_ground(row.description)
    }
    if values:
        for place, reason in not_light(values, dtype).items():
            reasons.setdefault(place, reason)
        opaque = told[-1].colour == "alpha" and values[-1].distinct <= 2
        if opaque:
            reasons[len(told) - 1] = "it is opacity: which pixels have data"
    full = sensors.by_count(sensors.SENTINEL_2, len(told))
    if full is not None and len(told) == len(sensors.SENTINEL_2.bands):
        cirrus = [place for place in reasons if full[place].token == _CIRRUS]
        if set(reasons) == set(cirrus):
            return {}
    return reasons if len(reasons) < len(told) else {}


def _metres(
    scenes: Sequence[tuple[str, str]], files: Mapping[str, FileDescription], tiles: bool
) -> float | None:
    """Median of the scenes' ground metres per pixel; None where no file tells them."""
    found = []
    for name, path in chosen(scenes, _ASKED):
        file = files.get(path)
        if file is None:
            continue
        metres = metres_of(file)
        if metres is None and tiles:
            z, x, y = map(int, name.split("_"))
            metres = ground_metres(*tile_transform(WebTile(z, x, y), file.shape), file.shape)
        if metres is not None:
            found.append(metres)
    return float(np.median(found)) if found else None


def _rounded(metres: float) -> float:
    """Three digits, or a round number that is nearly the same."""
    three = float(f"{metres:.3g}")
    two = float(f"{metres:.1g}")
    return two if abs(two / metres - 1) < 0.003 else three


def _metres_reason(metres: float | None, tiles: bool) -> str:
    if metres is None:
        return ""
    where = "the tiles' numbers" if tiles else "the images' coordinates"
    return f"{metres:.6g} m on the ground, by {where}"


def _guessed_metres(sensor: sensors.Sensor | None) -> tuple[float, str]:
    if sensor is sensors.SENTINEL_2:
        return 10, "GUESS: as Sentinel-2; the images have no coordinates"
    if sensor is sensors.LANDSAT:
        return 30, "GUESS: as Landsat; the images have no coordinates"
    if sensor is sensors.AERIAL:
        return 1, "GUESS: as NAIP; the images have no coordinates"
    return 1, "GUESS: the images have no coordinates; until you name it, metres here are pixels"


def _nodata(values: Sequence[BandValues], kept: Sequence[int], told: float | None) -> float | None:
    """A value that marks missing data in most inputs though the files don't say so."""
    fills = Counter(values[place].fill for place in kept if values).most_common(1)
    if told is not None or not fills or fills[0][0] is None or 2 * fills[0][1] < len(kept):
        return None
    return fills[0][0]


def _range_text(values: Sequence[BandValues], kept: Sequence[int], dtype: str) -> str:
    if not values:
        return dtype
    low, high = min(values[p].low for p in kept), max(values[p].high for p in kept)
    return f"{dtype}, 98 % of the numbers from {low:.4g} to {high:.4g}"


def band_list(bands: Sequence[BandGuess]) -> list[float] | None:
    """Wavelengths of bands, if all have one."""
    return [band.nanometres for band in bands] if all(band.nanometres for band in bands) else None
