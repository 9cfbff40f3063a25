"""What a vector file says of one scene and class, before its geometry is looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pipeline.config.dataset import ClassRow
from pipeline.errors import ScoringError
from pipeline.files import is_safe_name
from pipeline.imagery.polygon_text import Polygonal

SCENE_COLUMNS: Final = ("imageid", "image_id", "scene", "scene_id")
CLASS_COLUMNS: Final = ("classtype", "class_type", "class_code", "code", "class", "class_name")


@dataclass(frozen=True)
class Entry:
    """Polygons of one class on one scene.

    Attributes:
        place: Where they stand, as messages name it.
        image: Scene.
        code: Class code.
        read: Gives the polygons, not necessarily valid; raises ValueError if there are none.
        system: Coordinate system, such as ``EPSG:32633``, if the file names one.
    """

    place: str
    image: str
    code: int
    read: Callable[[], Polygonal]
    system: str | None = None

    @property
    def key(self) -> tuple[str, int]:
        """Scene and class."""
        return self.image, self.code

    def geometry(self) -> Polygonal:
        """The polygons.

        Raises:
            ScoringError: Naming the place and what is wrong there.
        """
        try:
            return self.read()
        except ValueError as fault:
            raise ScoringError(f"{self.place}: {fault}") from None


@dataclass(frozen=True)
class Columns:
    """Names of the columns that hold class and scene; a file of one scene has none for it."""

    code: str
    scene: str | None


def columns_of(path: Path, names: Iterable[str]) -> Columns:
    """The columns of a vector file that name class and scene.

    Raises:
        ScoringError: If none names the class.
    """
    known = {name.lower(): name for name in names}
    code = next((known[name] for name in CLASS_COLUMNS if name in known), None)
    if code is None:
        has = ", ".join(repr(name[:40]) for name in list(known.values())[:10]) or "none"
        raise ScoringError(
            f"{path}: no column names the class (columns: {has}); call it "
            f"{', '.join(CLASS_COLUMNS[:-1])} or {CLASS_COLUMNS[-1]}"
        )
    return Columns(code, next((known[name] for name in SCENE_COLUMNS if name in known), None))


def code_of(place: str, value: Any, classes: Sequence[ClassRow]) -> int:
    """Class code of a value that is a code or a class's name.

    Raises:
        ScoringError: If it is neither.
    """
    named: Mapping[str, int] = {row.name: row.code for row in classes}
    codes = {str(row.code): row.code for row in classes}
    text = str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
    found = codes.get(text, named.get(text))
    if found is None or isinstance(value, bool):
        known = ", ".join(f"{row.code} {row.name}" for row in classes)
        raise ScoringError(
            f"{place}: class {text[:40]!r} is not in dataset.classes ({known}); add the class to "
            "the configuration, or remove the feature"
        )
    return found


def scene_of(place: str, value: Any) -> str:
    """Scene's id of a value.

    Raises:
        ScoringError: If it can't be one.
    """
    text = str(value)
    if not is_safe_name(text):
        raise ScoringError(
            f"{place}: {text[:60]!r} can't be a scene's id; an id is made of letters, digits, "
            "'_', '-' and '.', starts with no '.', and is no path"
        )
    return text
