"""XML from outside."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final
from xml.etree import ElementTree as ET

from pipeline.errors import ImageryError

_DECLARATION: Final = re.compile(r"<!\s*(DOCTYPE|ENTITY|ELEMENT|ATTLIST|NOTATION)", re.IGNORECASE)


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
