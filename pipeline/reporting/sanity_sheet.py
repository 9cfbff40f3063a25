"""A sheet of the patches of a batch as drawn, each beside its masks, and the classes' shares."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageColor, ImageDraw, ImageFont

from pipeline.config.dataset import ClassRow
from pipeline.reporting.picture import Picture, stretched

PANEL = 224
MOST = 8
"""Patches shown."""
_COLUMNS = 2
_GAP, _MARGIN, _TITLE, _CAPTION, _LEGEND_ROW, _LEGEND_COLUMNS = 14, 32, 64, 54, 28, 3
_LINE = 17
_OPACITY = 0.75
_INK, _FAINT, _PAPER = "#2b2b2b", "#8a8a8a", "#ffffff"
_COLOURS = ("red", "green", "blue")


def draw_sheet(
    inputs: NDArray[np.float32],
    masks: NDArray[np.float32],
    valid: NDArray[np.bool_],
    channels: Sequence[str],
    classes: Sequence[ClassRow],
    title: str,
) -> Image.Image:
    """Draw the first patches of a batch.

    Args:
        inputs: (N, F, h, h), normalised and augmented.
        masks: (N, K, h, h), 0 to 1.
        valid: (N, h, h), False where nothing is known.
        channels: Names of the F channels.
        classes: Names and colours of the K classes.
        title: Where the batch comes from.
    """
    shown, cell = min(len(inputs), MOST), 2 * PANEL + _GAP // 2
    chosen = colour_channels(channels)
    photos = _photos(inputs[:, chosen])
    rows, legend_rows = -(-shown // _COLUMNS), -(-len(classes) // _LEGEND_COLUMNS)
    width = 2 * _MARGIN + _COLUMNS * cell + (_COLUMNS - 1) * 2 * _GAP
    legend_top = _MARGIN + _TITLE + rows * (PANEL + _CAPTION + _GAP)
    sheet = Image.new("RGB", (width, legend_top + legend_rows * _LEGEND_ROW + _MARGIN), _PAPER)
    pen = ImageDraw.Draw(sheet)
    pen.text((_MARGIN, _MARGIN - 8), "A batch as it is drawn", _INK, _font(22))
    bands = ", ".join(channels[position] for position in dict.fromkeys(chosen))
    pen.text((_MARGIN, _MARGIN + 24), f"{title}; in red, green, blue: {bands}", _FAINT, _font(14))
    for number in range(shown):
        left = _MARGIN + number % _COLUMNS * (cell + 2 * _GAP)
        top = _MARGIN + _TITLE + number // _COLUMNS * (PANEL + _CAPTION + _GAP)
        pen.text((left, top), str(number), _INK, _font(15))
        for line, text in enumerate(
            _lines(pen, _held(masks[number], valid[number], classes), cell - 22)
        ):
            pen.text((left + 22, top + 1 + line * _LINE), text, _FAINT, _font(13))
        panels = (photos[number], _overlaid(photos[number], masks[number], valid[number], classes))
        for beside, panel in enumerate(panels):
            place = (left + beside * (PANEL + _GAP // 2), top + _CAPTION)
            sheet.paste(Image.fromarray(panel), place)
    _legend(pen, masks, valid, classes, legend_top, (width - 2 * _MARGIN) // _LEGEND_COLUMNS)
    return sheet


def colour_channels(channels: Sequence[str]) -> list[int]:
    """Positions of red, green and blue where channels are so named, or else of three spread."""
    found = []
    for colour in _COLOURS:
        found += [i for i, name in enumerate(channels) if name.rpartition(".")[2] == colour][:1]
    if len(found) == len(_COLOURS):
        return found
    count = len(channels)
    return [count - 1 - count // 8, count // 2, count // 8] if count > 2 else [0, 0, 0]


def _photos(inputs: NDArray[np.float32]) -> list[Picture]:
    """Three channels (N, 3, h, h) of all patches on one scale; each (PANEL, PANEL, 3)."""
    count, _, side, _ = inputs.shape
    bands = inputs.transpose(1, 0, 2, 3).reshape(3, count * side, side)
    whole = np.stack([stretched(band) for band in bands], axis=-1)
    parts = whole.reshape(count, side, side, 3)
    size, how = (PANEL, PANEL), Image.Resampling.BICUBIC
    return [np.asarray(Image.fromarray(part).resize(size, how)) for part in parts]


def _overlaid(
    photo: Picture,
    masks: NDArray[np.float32],
    valid: NDArray[np.bool_],
    classes: Sequence[ClassRow],
) -> Picture:
    """Masks over the grey photo, the smallest on top; invalid pixels white."""
    ground = np.repeat(photo.mean(axis=-1, keepdims=True), 3, axis=-1).astype(np.float32)
    for row in np.argsort([-float(mask.sum()) for mask in masks], kind="stable"):
        cover = _coverage(masks[row])[..., None] * _OPACITY
        ground += cover * (np.array(ImageColor.getrgb(classes[row].colour)) - ground)
    ground += _coverage(~valid)[..., None] * (255 - ground)
    drawn: Picture = ground.round().clip(0, 255).astype(np.uint8)
    return drawn


def _coverage(mask: NDArray[np.generic]) -> NDArray[np.float32]:
    """Mask (h, h), 0 to 1, as coverage (PANEL, PANEL)."""
    bytes_ = Image.fromarray((mask.astype(np.float32) * 255).round().astype(np.uint8))
    resized = bytes_.resize((PANEL, PANEL), Image.Resampling.BOX)
    return np.asarray(resized, np.float32) / np.float32(255)


def _held(
    masks: NDArray[np.float32], valid: NDArray[np.bool_], classes: Sequence[ClassRow]
) -> list[str]:
    """Names and shares of a patch's classes, the largest first."""
    shares = (masks * valid).sum(axis=(1, 2)) / max(int(valid.sum()), 1)
    order = [row for row in np.argsort(-shares, kind="stable") if shares[row] > 0]
    return [f"{classes[row].name} {_percent(shares[row])}" for row in order] or ["no class"]


def _lines(pen: ImageDraw.ImageDraw, words: Sequence[str], width: int) -> list[str]:
    """Words on lines of at most so many pixels; what a caption has no room for is left out."""
    lines = [words[0]]
    for word in words[1:]:
        longer = f"{lines[-1]}, {word}"
        if pen.textlength(f"{longer},", _font(13)) <= width:
            lines[-1] = longer
        else:
            lines[-1] += ","
            lines.append(word)
    most = _CAPTION // _LINE
    return lines if len(lines) <= most else [*lines[: most - 1], f"{lines[most - 1]} …"]


def _legend(
    pen: ImageDraw.ImageDraw,
    masks: NDArray[np.float32],
    valid: NDArray[np.bool_],
    classes: Sequence[ClassRow],
    top: int,
    step: int,
) -> None:
    """Colour, name and share of each class in the whole batch; what it lacks stands in grey."""
    shares = (masks * valid[:, None]).sum(axis=(0, 2, 3)) / max(int(valid.sum()), 1)
    for index, (row, share) in enumerate(zip(classes, shares, strict=True)):
        left = _MARGIN + index % _LEGEND_COLUMNS * step
        upper = top + index // _LEGEND_COLUMNS * _LEGEND_ROW
        pen.rounded_rectangle((left, upper, left + 24, upper + 15), radius=3, fill=row.colour)
        text = _fitting(pen, row.name, f"  {_percent(share)}" if share else "", step - 44)
        pen.text((left + 34, upper - 2), text, _INK if share else _FAINT, _font(14))


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %" if share >= 5e-4 else "< 0.1 %"


def _fitting(pen: ImageDraw.ImageDraw, name: str, share: str, width: int) -> str:
    """Name and share, the name cut at its end if both are wider than so many pixels."""
    shown = name + share
    while name and pen.textlength(shown, _font(14)) > width:
        name = name[:-1]
        shown = f"{name}…{share}"
    return shown


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)
