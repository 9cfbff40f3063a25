"""What the scene viewer is given, as JSON in the page.

``viewer-data`` holds an object with the keys

- ``classes``: ``[{"code", "name", "colour", "pattern"}]``; the pattern is one of :data:`PATTERNS`;
- ``layers``: ``[{"key", "name"}]``, such as prediction and truth;
- ``pairs``: ``[[key, key], ...]`` of layers whose difference may be shown: (found, true);
- ``scenes``: ``[{"id", "note", "layers": [key, ...], "block"}]``; ``block`` is the id of the
  script element that holds the scene.

A scene's block holds an object with the keys

- ``shape``: ``[H, W]`` in pixels of the working grid, which is the viewer's unit;
- ``metres``: side of such a pixel, or null;
- ``pictures``: ``[{"name", "uri"}]``, each a picture of the whole scene as a data URI;
- ``layers``: by key ``{"step", "groups": [{"code", "count", "rings", "values"}]}``, see
  :mod:`pipeline.reporting.viewer.encoding`. Layer ``unknown`` is the ground of which nothing is
  known: differences leave it out, as scores do.

Everything that comes from data is text: ids and names are shown as such and are no part of a
selector, an address or a path.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

UNKNOWN: Final = "unknown"
"""Key of the ground of a scene of which nothing is known; it is not among the viewer's layers."""
PATTERNS: Final = ("solid", "diagonal", "dots", "cross", "back-diagonal")


@dataclass(frozen=True)
class ViewerClass:
    """A class as it is drawn: by colour and pattern, which no two classes share."""

    code: int
    name: str
    colour: str
    pattern: str


@dataclass(frozen=True)
class ViewerLayer:
    """A layer of polygons that scenes may have."""

    key: str
    name: str


@dataclass(frozen=True)
class ViewerScene:
    """A scene of the viewer.

    Attributes:
        id: Its id.
        note: What is said of it beside its id: its role, its score.
        layers: Keys of the layers that it has.
        json: Its block, as JSON text.
    """

    id: str
    note: str
    layers: tuple[str, ...]
    json: str


@dataclass(frozen=True)
class Viewer:
    """All that the viewer of a page shows."""

    classes: tuple[ViewerClass, ...]
    layers: tuple[ViewerLayer, ...]
    pairs: tuple[tuple[str, str], ...]
    scenes: tuple[ViewerScene, ...]
