"""What a page is made of. Blocks hold plain text and bytes, never HTML: the page escapes them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Cell = str | int | float | None
"""A float is shown with four digits, None as a dash."""


@dataclass(frozen=True)
class Text:
    """A paragraph.

    Attributes:
        text: Plain text.
        kind: ``plain``; ``note`` is small print; ``warning`` is a problem to look at.
    """

    text: str
    kind: Literal["plain", "note", "warning"] = "plain"


@dataclass(frozen=True)
class Facts:
    """Names and values, one below the other."""

    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Table:
    """Rows and columns.

    Attributes:
        caption: What it shows, with units.
        header: Names of the columns.
        rows: A cell per column.
        foot: The last row, such as the mean.
        texts: So many columns at the left are text; the others are numbers.
        colours: ``#rrggbb`` of each row, shown before its first cell.
        folded: Only the caption is seen until it is opened.
    """

    caption: str
    header: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    foot: tuple[Cell, ...] | None = None
    texts: int = 1
    colours: tuple[str, ...] | None = None
    folded: bool = False


@dataclass(frozen=True)
class Target:
    """A place in a scene that the viewer can show.

    Attributes:
        scene: Id of the scene.
        box: Left, top, right and bottom in pixels of the scene's working grid.
        codes: Classes to switch on; none for all.
        pair: Keys of the layers whose difference is shown: (found, true); None for what is on.
    """

    scene: str
    box: tuple[float, float, float, float]
    codes: tuple[int, ...] = ()
    pair: tuple[str, str] | None = None


@dataclass(frozen=True)
class Picture:
    """A picture.

    Attributes:
        data: Bytes of the file.
        form: Its format.
        alt: What one sees, for people who don't.
        caption: Text below it.
        width: CSS pixels at most; None for all of the column.
        target: Place that a button below it shows in the viewer.
    """

    data: bytes
    form: Literal["svg", "png", "webp"]
    alt: str
    caption: str = ""
    width: int | None = None
    target: Target | None = None


@dataclass(frozen=True)
class Gallery:
    """Small pictures side by side, under a line that says what they are."""

    title: str
    pictures: tuple[Picture, ...]


@dataclass(frozen=True)
class Code:
    """Text of a file as it stands, in letters of one width.

    Attributes:
        caption: Which file.
        text: What it holds.
        folded: Only the caption is seen until it is opened.
    """

    caption: str
    text: str
    folded: bool = True


@dataclass(frozen=True)
class Place:
    """Where the scene viewer stands; once in a page."""


@dataclass(frozen=True)
class Group:
    """Blocks under a smaller heading.

    Attributes:
        title: The heading.
        blocks: What it holds.
        folded: Only the heading is seen until it is opened.
    """

    title: str
    blocks: tuple[Block, ...]
    folded: bool = False


Block = Text | Facts | Table | Picture | Gallery | Code | Place | Group


@dataclass(frozen=True)
class Section:
    """A part of a page, with an entry in its table of contents.

    Attributes:
        key: Its address in the page: small letters and dashes, decided by code, never by data.
        title: Its heading.
        blocks: What it holds, in the order of reading.
    """

    key: str
    title: str
    blocks: tuple[Block, ...] = field(default=())
