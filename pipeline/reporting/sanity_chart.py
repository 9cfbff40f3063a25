"""A chart with labelled axes, drawn with Pillow at twice its size and made smaller, so smooth."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageFont

INK, FAINT, GRID, PAPER = "#2b2b2b", "#7a7a7a", "#e4e4e4", "#ffffff"
BLUE, ORANGE, GREEN, RED = "#0072b2", "#d55e00", "#117733", "#b00020"
_FINE = 2
_TICKS = 6


@dataclass(frozen=True)
class Axis:
    """An axis.

    Attributes:
        label: What it shows, with its unit.
        low: First value.
        high: Last value.
        log: Powers of ten are evenly spaced; ``low`` is above 0.
    """

    label: str
    low: float
    high: float
    log: bool = False

    def place(self, value: float) -> float:
        """Where a value lies: 0 at the start, 1 at the end, limited to both."""
        low, high, at = (self._scaled(v) for v in (self.low, self.high, value))
        return min(max((at - low) / max(high - low, 1e-12), 0.0), 1.0)

    def ticks(self) -> list[float]:
        """Round values on the axis."""
        return self._powers() if self.log else _multiples(self.low, self.high)

    def _powers(self) -> list[float]:
        """Powers of ten; where the axis holds fewer than two, multiples of round steps."""
        first, last = math.ceil(self._scaled(self.low)), math.floor(self._scaled(self.high))
        step = max(1, -(-(last - first) // (2 * _TICKS)))
        powers = [10.0**power for power in range(first, last + 1, step)]
        return powers if len(powers) > 1 else _multiples(self.low, self.high)

    def _scaled(self, value: float) -> float:
        return math.log10(max(value, 1e-30)) if self.log else value


def _multiples(low: float, high: float) -> list[float]:
    """Multiples between two values of 1, 2 or 5 times a power of ten, about six of them."""
    rough = (high - low) / _TICKS
    unit = 10.0 ** math.floor(math.log10(max(rough, 1e-12)))
    step = next(unit * n for n in (1, 2, 5, 10) if unit * n >= rough)
    return [
        step * n for n in range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)
    ]


@dataclass(frozen=True)
class Box:
    """Where the axes lie, in pixels of the finished picture."""

    left: int
    top: int
    right: int
    bottom: int


class Chart:
    """A picture with two axes; y may be missing.

    Args:
        size: Width and height of the picture, pixels.
        box: The part of it between the axes.
        title: Written above.
        x: The horizontal axis.
        y: The vertical axis, or None for rows that the caller labels.
    """

    def __init__(
        self, size: tuple[int, int], box: Box, title: str, x: Axis, y: Axis | None = None
    ) -> None:
        self._size, self.box, self.x, self.y = size, box, x, y
        self._image = Image.new("RGB", (size[0] * _FINE, size[1] * _FINE), PAPER)
        self._pen = ImageDraw.Draw(self._image)
        self.text((24, 16), title, INK, 19)
        for value in x.ticks():
            at = self._across(value)
            self._stroke([(at, box.top), (at, box.bottom)], GRID)
            self.text((at, box.bottom + 8), f"{value:g}", FAINT, 13, "ma")
        self.text(((box.left + box.right) / 2, box.bottom + 30), x.label, INK, 14, "ma")
        if y is not None:
            self._draw_y(y)
        self._stroke([(box.left, box.top), (box.left, box.bottom), (box.right, box.bottom)], FAINT)

    def _draw_y(self, y: Axis) -> None:
        for value in y.ticks():
            at = self._up(value)
            self._stroke([(self.box.left, at), (self.box.right, at)], GRID)
            self.text((self.box.left - 8, at), f"{value:g}", FAINT, 13, "rm")
        font = _font(14 * _FINE)
        width = int(self._pen.textlength(y.label, font)) + 4
        label = Image.new("RGB", (width, 22 * _FINE), PAPER)
        ImageDraw.Draw(label).text((0, 0), y.label, INK, font)
        turned = label.rotate(90, expand=True)
        middle = (self.box.top + self.box.bottom) * _FINE // 2
        self._image.paste(turned, (14 * _FINE, middle - turned.height // 2))

    def line(self, xs: Sequence[float], ys: Sequence[float], colour: str, width: int = 2) -> None:
        """Join points; those that are no finite numbers are left out."""
        pairs = [(x, y) for x, y in zip(xs, ys, strict=True) if math.isfinite(y)]
        self._stroke([(self._across(x), self._up(y)) for x, y in pairs], colour, width)

    def uprights(self, marks: Sequence[tuple[float, str, str]]) -> None:
        """Vertical lines at values of x, each with its text and colour; the texts in steps."""
        for value, _, colour in marks:
            at = self._across(value)
            self._stroke([(at, self.box.top), (at, self.box.bottom)], colour)
        for row, (value, text, colour) in enumerate(marks):
            at, top = self._across(value), self.box.top + 6 + 22 * row
            room = self.box.right - at > self._pen.textlength(text, _font(14 * _FINE)) / _FINE + 8
            self.text((at + (6 if room else -6), top), text, colour, 14, "la" if room else "ra")

    def level(self, value: float, text: str, colour: str) -> None:
        """A horizontal line at a value of y, with its text on it at the right."""
        at = self._up(value)
        self._stroke([(self.box.left, at), (self.box.right, at)], colour)
        self.text((self.box.right - 6, at + 4), text, colour, 14, "ra")

    def dot(self, value: float, at: float, colour: str, radius: float = 4.5) -> None:
        """A dot at a value of x and ``at`` pixels from the top."""
        x, y, r = self._across(value) * _FINE, at * _FINE, radius * _FINE
        self._pen.ellipse((x - r, y - r, x + r, y + r), fill=colour)

    def bar(self, value: float, at: float, colour: str, thick: float = 12) -> None:
        """A bar from the left axis to a value of x, ``at`` pixels from the top."""
        half = thick / 2
        corners = (self.box.left, at - half, self._across(value), at + half)
        self._pen.rectangle(tuple(corner * _FINE for corner in corners), fill=colour)

    def text(
        self, place: tuple[float, float], text: str, colour: str, size: int, anchor: str = "la"
    ) -> None:
        """Write; dark text has a pale edge that keeps lines off. The anchor is Pillow's."""
        spot = (place[0] * _FINE, place[1] * _FINE)
        edge = 0 if colour == PAPER else 4
        font = _font(size * _FINE)
        self._pen.text(spot, text, colour, font, anchor, stroke_width=edge, stroke_fill=PAPER)

    def picture(self) -> Image.Image:
        """The finished picture."""
        return self._image.resize(self._size, Image.Resampling.LANCZOS)

    def _across(self, value: float) -> float:
        return self.box.left + self.x.place(value) * (self.box.right - self.box.left)

    def _up(self, value: float) -> float:
        share = self.y.place(value) if self.y is not None else 0.0
        return self.box.bottom - share * (self.box.bottom - self.box.top)

    def _stroke(self, points: Sequence[tuple[float, float]], colour: str, width: int = 1) -> None:
        fine = [(x * _FINE, y * _FINE) for x, y in points]
        self._pen.line(fine, fill=colour, width=width * _FINE, joint="curve")


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)
