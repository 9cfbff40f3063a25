"""A whole generated dataset in the contest's layout."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pipeline.imagery.generated import contest_files
from pipeline.imagery.generated.ground import render
from pipeline.imagery.generated.labels import label_texts
from pipeline.imagery.generated.place import Place, build_place, unseen
from pipeline.imagery.generated.scene_ids import first_test_place, scene_id
from pipeline.imagery.generated.season import visit
from pipeline.imagery.generated.sensor import Image, take
from pipeline.imagery.generated.spec import GeneratorSpec
from pipeline.imagery.transform import contest_affine

_UNITS_PER_METRE = (2.698e-6 / 0.31, 2.7e-6 / 0.31)
"""Grid units per metre to the right and down; the contest's two directions differ a little."""


@dataclass(frozen=True, slots=True)
class GeneratedScene:
    """A scene ready to be written.

    Attributes:
        name: ImageId.
        images: (C, H, W) uint16 by group name RGB, P, M, A.
        grid: Xmax and Ymin.
        labels: Well-known text by class code.
    """

    name: str
    images: dict[str, Image]
    grid: tuple[float, float]
    labels: dict[int, str]


def generate_dataset(
    folder: Path, spec: GeneratorSpec, progress: Callable[[int, int], None] | None = None
) -> None:
    """Write a dataset into an empty folder; equal specs give equal bytes.

    Args:
        folder: Existing empty folder.
        spec: What to generate.
        progress: Called after each scene with the scenes done and their number.
    """
    train, test = _visits(spec)
    grids: dict[str, tuple[float, float]] = {}
    labels: dict[str, dict[int, str]] = {}
    for done, (number, date) in enumerate(train + test, start=1):
        scene = generate_scene(build_place(spec, number), date)
        contest_files.write_images(folder, scene.name, scene.images)
        grids[scene.name], labels[scene.name] = scene.grid, scene.labels
        if progress is not None:
            progress(done, len(train) + len(test))
    _write_tables(folder, grids, labels, [scene_id(*visit) for visit in test])


def _visits(spec: GeneratorSpec) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """(place, date) of the train scenes, each twin after its first date, and of the test scenes."""
    train = [
        (number, date)
        for number in range(spec.train_places)
        for date in range(2 if number < spec.twins else 1)
    ]
    first = first_test_place(spec.train_places)
    return train, [(first + number, 0) for number in range(spec.test_places)]


def generate_scene(place: Place, date: int) -> GeneratedScene:
    """A place at a date: images and truth."""
    found = visit(place, date)
    images = take(place, found, render(place, found))
    x_max, y_min = (
        round(side * unit, 9) for side, unit in zip(place.size, _UNITS_PER_METRE, strict=True)
    )
    grid = (x_max, -y_min)
    shape = images["RGB"].shape[1], images["RGB"].shape[2]
    affine = contest_affine(*grid, shape)
    labels = label_texts(found.objects, place.size, shape, affine, unseen(place))
    return GeneratedScene(scene_id(place.number, date), images, grid, labels)


def _write_tables(
    folder: Path,
    grids: dict[str, tuple[float, float]],
    labels: dict[str, dict[int, str]],
    test: list[str],
) -> None:
    contest_files.write_grid_sizes(folder, grids)
    train = {name: texts for name, texts in labels.items() if name not in test}
    contest_files.write_labels(folder / "train_wkt_v4.csv", train)
    contest_files.write_labels(folder / "solution.csv", {name: labels[name] for name in test})
    contest_files.write_sample(folder, {name: grids[name] for name in test})
