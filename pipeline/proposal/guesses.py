"""What was found in a folder, ready to be written down."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from affine import Affine

from pipeline.imagery.transform import Shape


@dataclass(frozen=True)
class BandGuess:
    """A band of a group.

    Attributes:
        name: What the configuration calls it.
        source: What selects it in the files: a number from 1, or what stands in their names.
        nanometres: Centre of its wavelengths; 0 where it is not known.
    """

    name: str
    source: int | str
    nanometres: float = 0


@dataclass(frozen=True)
class GroupGuess:
    """Bands that lie in one kind of files.

    Attributes:
        name: Name of the group.
        file: Pattern of the files; None where their names follow none.
        bands: Bands that are inputs.
        select: Whether the files hold other bands, too, or each band a file of its own.
        metres: Ground metres per pixel.
        metres_reason: How that is known, or that it is guessed.
        scale: Number that means reflectance 1.
        scale_reason: Why.
        bands_reason: Where names and wavelengths come from.
        left_out: Why bands of the files are no inputs, by what selects them.
        nodata: Value of pixels without data that the files don't tell.
        dtype: Type of the numbers.
        paths: Files of each scene by id, in the order of the bands of the files.
        range_text: What the numbers are like.
    """

    name: str
    file: str | None
    bands: tuple[BandGuess, ...]
    select: bool
    metres: float
    metres_reason: str
    scale: float
    scale_reason: str
    bands_reason: str
    left_out: Mapping[int | str, str]
    nodata: float | None
    dtype: str
    paths: Mapping[str, tuple[str, ...]]
    range_text: str


@dataclass(frozen=True)
class SceneGuess:
    """Where a scene lies.

    Attributes:
        shape: (H, W) of its finest group's image.
        to_map: Pixel edges to map units; None without coordinates.
        crs: Their reference system; None where it is not told.
    """

    shape: Shape
    to_map: Affine | None
    crs: str | None


@dataclass(frozen=True)
class ImagesFound:
    """The images of a folder.

    Attributes:
        groups: Band groups, the finest first.
        scenes: Scenes by id.
        tiles: Whether the scenes are tiles of a web map.
        odd: Files that fit no group, and why.
        bad: Files that lie where images of a group do, but can't be used.
        metres_known: Whether the ground metres of a pixel are told by the files.
    """

    groups: tuple[GroupGuess, ...]
    scenes: Mapping[str, SceneGuess]
    tiles: bool
    odd: tuple[str, ...]
    bad: tuple[str, ...]
    metres_known: bool


@dataclass(frozen=True)
class ClassGuess:
    """A class of the labels.

    Attributes:
        code: Its number.
        name: Its name.
        colour: Its colour in pictures.
        value: What stands for it in the labels.
        share: Share of the labelled ground.
        places: In how many labelled places it was seen.
        rare: Why it is left out; None where it is not.
    """

    code: int
    name: str
    colour: str
    value: str | int
    share: float
    places: int
    rare: str | None = None


@dataclass(frozen=True)
class LabelsFound:
    """The labels of a folder.

    Attributes:
        kind: vector or mask.
        settings: Keys of ``dataset.labels`` beside kind and values, in order.
        classes: Classes, the most frequent first.
        labelled: Ids of the labelled scenes.
        comments: What was found, line by line.
        questions: What the file asks for.
        finest: Size of what the labels show, metres; None where that is not known.
        paths: Mask of each labelled scene.
        reasons: Why each key has its value.
    """

    kind: str
    settings: Mapping[str, object]
    classes: tuple[ClassGuess, ...]
    labelled: tuple[str, ...]
    comments: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()
    finest: float | None = None
    paths: Mapping[str, str] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)
