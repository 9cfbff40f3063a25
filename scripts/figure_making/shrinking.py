"""Pictures small enough for a repository, the same bytes from the same pixels."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.spatial import cKDTree

Colours = NDArray[np.uint8]
"""(N, 3)"""
MOST_BYTES: Final = 400_000
_COLOURS: Final = (256, 128, 64, 32)
_QUALITIES: Final = (90, 82, 74, 66, 58, 50)


def small_bytes(picture: Image.Image, form: str) -> bytes:
    """The file of a picture, as good as the limit of bytes allows.

    Args:
        picture: Any mode; what is transparent becomes white.
        form: ``png`` of a palette, or ``webp``.

    Raises:
        ValueError: If it is too large at the lowest quality.
    """
    for data in _files(_plain(picture), form):
        if len(data) <= MOST_BYTES:
            return data
    raise ValueError(
        f"{len(data):,} bytes at the lowest quality, and {MOST_BYTES:,} are the limit; "
        "show less, or make the figure narrower"
    )


def _files(picture: Image.Image, form: str) -> Iterator[bytes]:
    """Files of a picture, the best first."""
    for level in _COLOURS if form == "png" else _QUALITIES:
        data = io.BytesIO()
        if form == "png":
            with_palette(picture, level).save(data, "PNG", optimize=True)
        else:
            picture.save(data, "WEBP", quality=level, method=6)
        yield data.getvalue()


def with_palette(picture: Image.Image, count: int) -> Image.Image:
    """A picture of few colours, of which none is far from what it was.

    Common colours alone would take the palette, and give what is rare, such as a class of small
    objects, the colour of something else. So a quarter goes to those that are furthest from all
    others, and an eighth to the commonest as they are.

    Args:
        picture: RGB.
        count: Colours at most, to 256.
    """
    pixels = np.asarray(picture)
    found, which, counts = np.unique(
        pixels.reshape(-1, 3), axis=0, return_inverse=True, return_counts=True
    )
    common = found[np.argsort(-counts, kind="stable")[: count // 8]]
    shared = _median_cut(found, counts, count - count // 4 - len(common))
    palette = _with_furthest(np.concatenate([common, shared]), found, count)
    nearest = cKDTree(palette).query(found)[1].astype(np.uint8)
    few = Image.fromarray(nearest[which].reshape(pixels.shape[:2]))
    few.putpalette(palette.ravel().tolist())
    return few


def _median_cut(colours: Colours, counts: NDArray[np.intp], count: int) -> Colours:
    """So many colours that stand for all, by the root of how common they are."""
    times = np.ceil(np.sqrt(counts)).astype(int)
    row = Image.fromarray(np.repeat(colours, times, axis=0)[None])
    cut = row.quantize(count, dither=Image.Dither.NONE).getpalette() or []
    return np.array(cut, np.uint8).reshape(-1, 3)[:count]


def _with_furthest(palette: Colours, colours: Colours, count: int) -> Colours:
    """A palette and, one by one, the colour that is furthest from it, until it has so many."""
    distances = cKDTree(palette).query(colours)[0]
    for _ in range(count - len(palette)):
        furthest = colours[np.argmax(distances)]
        palette = np.concatenate([palette, furthest[None]])
        offsets = colours.astype(float) - furthest
        distances = np.minimum(distances, np.sqrt((offsets**2).sum(axis=1)))
    return palette


def _plain(picture: Image.Image) -> Image.Image:
    if "A" not in picture.getbands():
        return picture.convert("RGB")
    ground = Image.new("RGBA", picture.size, "white")
    ground.alpha_composite(picture.convert("RGBA"))
    return ground.convert("RGB")


def narrowed(picture: Image.Image, width: int) -> Image.Image:
    """A picture at most so many pixels wide."""
    if picture.width <= width:
        return picture
    height = round(picture.height * width / picture.width)
    return picture.resize((width, height), Image.Resampling.LANCZOS)


def stacked(pictures: list[Image.Image], gap: int) -> Image.Image:
    """Pictures one below the other, at the left of white ground."""
    width = max(one.width for one in pictures)
    height = sum(one.height for one in pictures) + gap * (len(pictures) - 1)
    sheet = Image.new("RGB", (width, height), "white")
    top = 0
    for one in pictures:
        sheet.paste(_plain(one), (0, top))
        top += one.height + gap
    return sheet
