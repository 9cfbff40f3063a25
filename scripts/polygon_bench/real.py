"""Real labels of the contest as masks at the resolution that they were published in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from affine import Affine
from shapely import MultiPolygon

from pipeline.config import load_config
from pipeline.imagery.contest import read_contest
from pipeline.imagery.labels import draw_masks
from pipeline.imagery.outlines import made_valid, read_polygons
from pipeline.imagery.transform import contest_affine
from polygon_bench.masks import Mask

CONFIG = Path(__file__).parents[2] / "configs" / "dstl_swir.yaml"
METRES = 1.24


@dataclass(frozen=True)
class RealClass:
    """A class on a labelled scene.

    Attributes:
        name: Scene and class.
        truth: Its polygons, in the contest's units.
        mask: (H, W), drawn of them.
        to_map: Pixel edges to the contest's units.
    """

    name: str
    truth: MultiPolygon
    mask: Mask
    to_map: Affine


def real_classes(folder: Path, most: int | None = None) -> Iterator[RealClass]:
    """Every class that has pixels on a labelled scene.

    Args:
        folder: Files in the contest's layout.
        most: Scenes that are read; all if None.

    Raises:
        DatasetError: If the folder can't be used.
        LabelError: If a label can't be.
    """
    dataset = load_config(CONFIG, data=folder).dataset
    names = {row.code: row.name.lower() for row in dataset.classes}
    scenes = [scene for scene in read_contest(dataset) if scene.labels is not None]
    for scene in scenes[:most]:
        pixel = METRES / (dataset.unit_metres or METRES)
        shape = (round(-scene.y_min / pixel), round(scene.x_max / pixel))
        to_map = contest_affine(scene.x_max, scene.y_min, shape)
        for code, label in (scene.labels or {}).items():
            truth = made_valid(read_polygons(label.text))
            mask = draw_masks({code: truth}, (code,), to_map, shape)[0]
            if mask.any():
                yield RealClass(f"{scene.id} {names[code]}", truth, mask, to_map)
