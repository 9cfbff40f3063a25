"""Held-out patches as a training log shows them: image, truth, masks and probabilities."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageColor, ImageDraw, ImageFont

from pipeline.progress import printable
from pipeline.reporting.picture import Picture

PANEL: Final = 160
"""Pixels of the longer side of a panel."""
NOTE: Final = (
    "From the left: the image; the truth; what is predicted at a probability of 0.5 or more; the "
    "probabilities, the stronger the colour the higher. White: nothing is known. The tag `colours` "
    "names the classes."
)
HALF: Final = 0.5
_GAP: Final = 4
_QUALITY: Final = 72
_GROUND: Final = (56.0, 0.36)
"""Grey of the darkest ground, and what of the image's brightness is added to it."""
_OPACITY: Final = 0.9
_ROW: Final = 20
_COLUMN: Final = 220
_COLUMNS: Final = 3

_SHADES: Final = ((0, 0.0), (255, 0.5), (0, 0.45), (255, 0.75))
"""Grey that is mixed into colours that came before, and its share."""

Planes = NDArray[np.float32]


def draw_panels(
    photo: Picture,
    truth: NDArray[np.bool_],
    probability: Planes,
    valid: NDArray[np.bool_],
    colours: Sequence[str],
) -> bytes:
    """Four panels side by side, as JPEG.

    Args:
        photo: (H, W, 3) uint8, the patch as people see it.
        truth: (K, h, w) true masks.
        probability: (K, h, w) what the network says.
        valid: (h, w), False where nothing is known.
        colours: (K,) of the classes, ``#rrggbb``.
    """
    height, width = photo.shape[:2]
    masks = (probability >= HALF).astype(np.float32)
    # Large classes below, in the same order in all panels.
    order = np.argsort(-(truth.sum(axis=(1, 2)) + probability.sum(axis=(1, 2))), kind="stable")
    panels = [
        photo,
        *(
            _map(photo, planes, valid, colours, order)
            for planes in (truth.astype(np.float32), masks, probability)
        ),
    ]
    sheet = Image.new("RGB", (len(panels) * (width + _GAP) - _GAP, height), "white")
    for number, panel in enumerate(panels):
        sheet.paste(Image.fromarray(panel), (number * (width + _GAP), 0))
    return _jpeg(sheet)


def _map(
    photo: Picture,
    planes: Planes,
    valid: NDArray[np.bool_],
    colours: Sequence[str],
    order: NDArray[np.int64],
) -> Picture:
    """Classes in their colours, as strong as their planes (K, h, w), on a grey image."""
    size = (photo.shape[1], photo.shape[0])
    grey = photo.astype(np.float32).mean(axis=-1, keepdims=True)
    drawn = np.repeat(_GROUND[0] + _GROUND[1] * grey, 3, axis=-1)
    for place in order:
        cover = _OPACITY * _fitted(planes[place], size)[..., None]
        drawn += cover * (np.array(ImageColor.getrgb(colours[place]), np.float32) - drawn)
    drawn += _fitted(1 - valid.astype(np.float32), size)[..., None] * (255 - drawn)
    picture: Picture = drawn.round().clip(0, 255).astype(np.uint8)
    return picture


def _fitted(plane: Planes, size: tuple[int, int]) -> Planes:
    """A plane (h, w) at a panel's size: means where it is smaller."""
    return np.asarray(Image.fromarray(plane).resize(size, Image.Resampling.BOX))


def shades(colours: Sequence[str]) -> list[str]:
    """Colours of which no two are the same: the second of a kind is paler, the third darker ...

    A log's pictures have no patterns, which tell many classes apart elsewhere.

    Args:
        colours: ``#rrggbb``, each at most four times.
    """
    found: list[str] = []
    for place, colour in enumerate(colours):
        ground, share = _SHADES[colours[:place].count(colour) % len(_SHADES)]
        rgb = (round(c + share * (ground - c)) for c in ImageColor.getrgb(colour)[:3])
        found.append("#{:02x}{:02x}{:02x}".format(*rgb))
    return found


def draw_colours(names: Sequence[str], colours: Sequence[str]) -> bytes:
    """What the colours mean, as JPEG.

    Args:
        names: (K,) of the classes.
        colours: (K,) likewise.
    """
    columns = min(_COLUMNS, len(names))
    rows = -(-len(names) // columns)
    sheet = Image.new("RGB", (columns * _COLUMN, rows * _ROW + 8), "white")
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(13)
    for number, (name, colour) in enumerate(zip(names, colours, strict=True)):
        left, top = number % columns * _COLUMN + 6, number // columns * _ROW + 5
        pen.rectangle((left, top, left + 18, top + 12), colour, "#2b2b2b")
        shown = printable(name).replace("\n", "?")  # a line of its own has no length
        while pen.textlength(shown, font) > _COLUMN - 40:
            shown = shown[:-2] + "…"
        pen.text((left + 26, top - 2), shown, "#2b2b2b", font)
    return _jpeg(sheet)


def _jpeg(sheet: Image.Image) -> bytes:
    """TensorBoard shows no WebP; colours of small things need all of their pixels."""
    file = io.BytesIO()
    sheet.save(file, "JPEG", quality=_QUALITY, subsampling=0, optimize=True)
    return file.getvalue()
