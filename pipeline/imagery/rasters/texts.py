"""Small files of text from outside: read whole, but no longer than they may be."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final
from xml.etree import ElementTree as ET

from pipeline.errors import ImageryError

_DECLARATION: Final = re.compile(r"<!\s*(DOCTYPE|ENTITY|ELEMENT|ATTLIST|NOTATION)", re.IGNORECASE)


def read_text(path: Path, limit: int) -> str:
    """Text of a file.

    Raises:
        ImageryError: If it has more than ``limit`` bytes, is no UTF-8, or can't be read.
    """
    try:
        with path.open("rb") as file:
            data = file.read(limit + 1)
        if len(data) > limit:
            raise ImageryError(f"{path}: is longer than {limit} bytes; is it what its name says?")
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ImageryError(f"{path}: is no text in UTF-8; correct it, or remove it") from None
    except OSError as fault:
        raise ImageryError(f"{path}: can't be read ({fault}); check its rights") from fault


def parsed(path: Path, text: str) -> ET.Element:
    """Root of an XML text.

    A text that defines its own document type or entities is refused unread: entities can grow
    without bound and name other files. As text, not bytes, is parsed, no other encoding can hide
    them.

    Raises:
        ImageryError: If the text is refused or is no XML.
    """
    if _DECLARATION.search(text):
        raise ImageryError(f"{path}: declares a document type or entities; remove that part")
    try:
        return ET.fromstring(text)  # noqa: S314 - declarations are refused above
    except ET.ParseError as error:
        raise ImageryError(f"{path}: is no whole XML ({error}); write it again") from None
