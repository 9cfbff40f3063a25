"""A sheet that shows a person the eight views of one patch, with their masks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageColor, ImageDraw, ImageFont

from pipeline.config.dataset import ClassRow
from pipeline.learning import d4
from pipeline.progress import printable

NAMES = (
    "as it is",
    "turned left",
    "upside down",
    "turned right",
    "mirrored",
    "mirrored, turned left",
    "mirrored, upside down",
    "mirrored, turned right",
)
"""What each element of D4 does."""
PANEL = 224
_GAP = 14
_MARGIN = 32
_TITLE = 64
_CAPTION = 26
_LEGEND_ROW = 28
_COLUMNS = 4
_OPACITY = 0.86
_MARK = 22
_PAPER, _INK, _FAINT = "#ffffff", "#2b2b2b", "#8a8a8a"
_INVALID = (255, 255, 255)

Picture = NDArray[np.uint8]


def contact_sheet(
    picture: Picture,
    masks: NDArray[np.bool_],
    valid: NDArray[np.bool_],
    classes: Sequence[ClassRow],
    title: str,
) -> Image.Image:
    """Draw the eight views of a patch, each above its mask.

    Args:
        picture: (s, s, 3) uint8, the patch as people see it.
        masks: (K, h, h) masks of the patch.
        valid: (h, h), False where nothing is known.
        classes: Names and colours of the K classes.
        title: Where the patch lies.
    """
    photo = _marked(_enlarged(picture, Image.Resampling.BICUBIC))
    map_ = _marked(_map(picture, masks, valid, classes))
    rows = -(-len(d4.ELEMENTS) // _COLUMNS)
    cell = _CAPTION + 2 * PANEL + _GAP // 2
    width = 2 * _MARGIN + _COLUMNS * PANEL + (_COLUMNS - 1) * _GAP
    legend_rows = -(-len(classes) // _COLUMNS)
    legend_top = _MARGIN + _TITLE + rows * (cell + 2 * _GAP)
    height = legend_top + legend_rows * _LEGEND_ROW + _MARGIN
    sheet = Image.new("RGB", (width, height), _PAPER)
    pen = ImageDraw.Draw(sheet)
    pen.text((_MARGIN, _MARGIN - 8), "The eight views of a patch", _INK, _font(22))
    pen.text((_MARGIN, _MARGIN + 24), title, _FAINT, _font(14))
    for element in d4.ELEMENTS:
        left = _MARGIN + element % _COLUMNS * (PANEL + _GAP)
        top = _MARGIN + _TITLE + element // _COLUMNS * (cell + 2 * _GAP)
        pen.text((left, top), str(element), _INK, _font(15))
        pen.text((left + 18, top), NAMES[element], _FAINT, _font(15))
        for below, panel in enumerate((photo, map_)):
            view = d4.apply(element, panel.transpose(2, 0, 1)).transpose(1, 2, 0)
            place = (left, top + _CAPTION + below * (PANEL + _GAP // 2))
            sheet.paste(Image.fromarray(np.ascontiguousarray(view)), place)
    _legend(pen, classes, masks & valid, int(valid.sum()), legend_top)
    return sheet


def _enlarged(picture: Picture, how: Image.Resampling) -> Picture:
    return np.asarray(Image.fromarray(picture).resize((PANEL, PANEL), how))


def _map(
    picture: Picture,
    masks: NDArray[np.bool_],
    valid: NDArray[np.bool_],
    classes: Sequence[ClassRow],
) -> Picture:
    """Masks in their colours on a pale ground, the smallest on top; (PANEL, PANEL, 3)."""
    photo = _enlarged(picture, Image.Resampling.BICUBIC).astype(np.float32)
    ground = 205 + photo.mean(axis=-1, keepdims=True).repeat(3, axis=-1) * (45 / 255)
    for row in np.argsort([-int(mask.sum()) for mask in masks], kind="stable"):
        cover = _coverage(masks[row])[..., None] * _OPACITY
        ground += cover * (np.array(ImageColor.getrgb(classes[row].colour)) - ground)
    unknown = _coverage(~valid)[..., None]
    ground += unknown * (np.array(_INVALID) - ground)
    drawn: Picture = ground.round().clip(0, 255).astype(np.uint8)
    return drawn


def _coverage(mask: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Mask (h, h) as coverage (PANEL, PANEL), 0 to 1, with soft edges."""
    bytes_ = Image.fromarray(mask.astype(np.uint8) * 255)
    resized = bytes_.resize((PANEL, PANEL), Image.Resampling.BOX)
    return np.asarray(resized, np.float32) / np.float32(255)


def _marked(panel: Picture) -> Picture:
    """A dog-ear in the patch's first corner, so that the eye finds it in every view."""
    image = Image.fromarray(panel)
    pen = ImageDraw.Draw(image)
    pen.polygon([(0, 0), (_MARK, 0), (0, _MARK)], fill=_PAPER)
    pen.line([(_MARK, 0), (0, _MARK)], fill=_INK, width=1)
    return np.asarray(image)


def _legend(
    pen: ImageDraw.ImageDraw,
    classes: Sequence[ClassRow],
    masks: NDArray[np.bool_],
    area: int,
    top: int,
) -> None:
    """Colour, name and share of each class; what the patch lacks stands in grey."""
    for index, (row, mask) in enumerate(zip(classes, masks, strict=True)):
        left = _MARGIN + index % _COLUMNS * (PANEL + _GAP)
        upper = top + index // _COLUMNS * _LEGEND_ROW
        share = int(mask.sum()) / max(area, 1)
        pen.rounded_rectangle((left, upper, left + 24, upper + 15), radius=3, fill=row.colour)
        text = _fitting(pen, row.name, f"  {100 * share:.1f} %" if share else "")
        pen.text((left + 34, upper - 2), text, _INK if share else _FAINT, _font(14))


def _fitting(pen: ImageDraw.ImageDraw, name: str, share: str) -> str:
    """Name and share, the name cut at its end if both are too long for their column."""
    name = printable(name).replace("\n", "?")  # a line of its own has no length
    shown = name + share
    while pen.textlength(shown, _font(14)) > PANEL - 34:
        name = name[:-1]
        shown = f"{name}…{share}"
    return shown


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)
