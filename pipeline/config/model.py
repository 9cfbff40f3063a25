"""The whole configuration: one section per concern, and the rules between sections."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Self

from pydantic import Field, model_validator

from pipeline.config.augment import Augment
from pipeline.config.base import Section, Seed
from pipeline.config.dataset import Dataset, Scenes
from pipeline.config.features import Features, Tiles
from pipeline.config.mapping import Evaluate, Polygons, Predict, Score, Submission
from pipeline.config.network import Network, UNet
from pipeline.config.spectral import index_bands, named_band
from pipeline.config.train import Train


class Generate(Section):
    """Generated scenes to be written into the dataset's folder: only the demo has this section."""

    train_places: Annotated[int, Field(ge=2, le=500)] = 10
    test_places: Annotated[int, Field(ge=1, le=500)] = 4
    twins: Annotated[int, Field(ge=0, le=500)] = 2
    """Training places that are seen at a second date, too."""
    smallest: Annotated[int, Field(ge=40, le=5000)] = 220
    """Shortest side of a scene, metres."""
    largest: Annotated[int, Field(ge=40, le=5000)] = 320
    """Longest side of a scene, metres."""
    seed: Seed = 7

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.smallest > self.largest:
            raise ValueError(f"smallest {self.smallest} exceeds largest {self.largest}; swap them")
        if self.twins > self.train_places:
            raise ValueError(
                f"twins {self.twins} exceeds train_places {self.train_places}; "
                f"set twins to at most {self.train_places}"
            )
        return self

    def twin_regions(self) -> tuple[tuple[str, str], ...]:
        """Regions of first dates with those of their twins, as the generator numbers them.

        The rule is that of ``pipeline.imagery.generated.scene_ids``, which a test holds: 25 places
        per region, regions of first dates in threes from 6010 on, each twin's 30 higher.
        """
        first = [6010 + 60 * (i // 3) + 10 * (i % 3) for i in range(-(-self.twins // 25))]
        return tuple((str(region), str(region + 30)) for region in first)


class Config(Section):
    """A run's configuration."""

    dataset: Dataset
    scenes: Scenes = Scenes()
    tiles: Tiles
    features: Features = Features()
    augment: Augment = Augment()
    network: Network = UNet()
    train: Train = Train()
    predict: Predict = Predict()
    evaluate: Evaluate = Evaluate()
    polygons: Polygons = Polygons()
    submission: Submission = Submission()
    score: Score = Score()
    generate: Generate | None = None

    @model_validator(mode="after")
    def _check(self) -> Self:
        groups = {row.name: row for row in self.dataset.groups}
        for name in self.features.groups:
            if name not in groups:
                raise ValueError(
                    f"features.groups: {name} is no group of dataset.groups ({', '.join(groups)})"
                )
        codes = set(self.dataset.codes)
        _known("train.loss.class_weights", self.train.loss.class_weights, codes)
        _known("train.loss.smoothing", self.train.loss.smoothing, codes)
        _known("polygons.min_area", self.polygons.min_area, codes)
        self._check_indices()
        if self.scenes.whole_pixel_tiles and self.dataset.unit_metres is None:
            raise ValueError(
                "scenes.whole_pixel_tiles: needs the size of a pixel on the map; "
                "set dataset.unit_metres"
            )
        self._check_twins()
        self._check_divisible()
        self._check_bottom()
        self._check_resolution()
        return self

    def _check_indices(self) -> None:
        groups = [self.dataset.group(name) for name in self.used_groups()]
        names: list[str] = []
        for index in self.features.indices:
            if isinstance(index, str):
                names.append(index)
                index_bands(index, groups)
            else:
                names.append(index.name)
                named_band(index.name, index.a, groups)
                named_band(index.name, index.b, groups)
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"features.indices: {', '.join(twice)} stands there twice")

    def _check_twins(self) -> None:
        listed = {frozenset(pair) for pair in self.augment.same_place}
        for first, twin in self.generate.twin_regions() if self.generate else ():
            if {first, twin} not in listed:
                raise ValueError(
                    f"augment.same_place: twins of region {first} are generated in region {twin}, "
                    "and folds would take them for other places; "
                    f'add ["{first}", "{twin}"], or lower generate.twins'
                )

    def _check_divisible(self) -> None:
        step = self.network.coarsest()
        for field, side in (
            ("augment.patch", self.augment.patch),
            ("predict.window", self.predict.window),
        ):
            if side % step:
                raise ValueError(
                    f"{field}: {side} is not divisible by {step}, as the network needs; "
                    f"set it to {max(step, round(side / step) * step)}"
                )

    def _check_bottom(self) -> None:
        """A norm needs more than one value per channel: of the patch, or of the whole batch."""
        step = self.network.coarsest()
        kind = self.network.normalisation if isinstance(self.network, UNet) else "batch"
        if kind == "instance":
            for field, side in (
                ("augment.patch", self.augment.patch),
                ("predict.window", self.predict.window),
            ):
                if side == step:
                    raise ValueError(
                        f"network.normalisation: instance needs more than one pixel, but {field} "
                        f"{side} has only one on the lowest level; set it to {2 * step}, or lower "
                        "network.depth"
                    )
        if kind == "batch" and self.train.batch == 1 and self.augment.patch == step:
            raise ValueError(
                "train.batch: batch normalisation needs more than one value, but one patch of "
                f"augment.patch {step} has only one on the lowest level; set train.batch to 2 or "
                f"more, or augment.patch to {2 * step}"
            )

    def _check_resolution(self) -> None:
        finest = min(row.metres for row in self.dataset.groups)
        if not finest / 16 <= self.tiles.metres <= finest * 64:
            raise ValueError(
                f"tiles.metres: {self.tiles.metres} m per pixel doesn't fit imagery of {finest} m; "
                f"the unit is metres; set it between {finest / 16:g} and {finest * 64:g}"
            )

    def used_groups(self) -> tuple[str, ...]:
        """Names of the band groups that the network sees, in the dataset's order."""
        chosen = self.features.groups or tuple(row.name for row in self.dataset.groups)
        return tuple(row.name for row in self.dataset.groups if row.name in chosen)


def _known(field: str, value: object, codes: set[int]) -> None:
    if isinstance(value, dict):
        unknown: Iterable[int] = set(value) - codes
        for code in unknown:
            raise ValueError(f"{field}: {code} is no class code ({sorted(codes)})")
