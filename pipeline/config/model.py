"""The whole configuration: one section per concern, and the rules between sections."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, Self

import yaml
from pydantic import Field, model_validator

from pipeline.config.augment import Augment
from pipeline.config.base import Section
from pipeline.config.dataset import Dataset, Scenes
from pipeline.config.features import Features, Tiles
from pipeline.config.generate import Generate
from pipeline.config.inheritance import concise, filled
from pipeline.config.mapping import Evaluate, Polygons, Predict, Score, Submission
from pipeline.config.models import Ensemble, ModelRow
from pipeline.config.network import Network, UNet, check_sizes
from pipeline.config.report import Report, check_pictures
from pipeline.config.rule_checks import check_rules
from pipeline.config.search import Search
from pipeline.config.spectral import check_indices
from pipeline.config.targets import Targets
from pipeline.config.train import Train
from pipeline.config.transfer import Transfer, check_transfer
from pipeline.config.tune import Tune
from pipeline.config.work import Work

__all__ = ["Config", "Generate"]


class Config(Section):
    """A run's configuration.

    ``tiles`` is the grid of the run's predictions; with ``features``, ``targets``, ``augment``,
    ``network``, ``transfer``, ``train`` and ``predict`` it is what each row of ``models`` starts
    from.
    """

    dataset: Dataset
    scenes: Scenes = Scenes()
    tiles: Tiles
    features: Features = Features()
    targets: Targets = Targets()
    augment: Augment = Augment()
    network: Network = UNet()
    transfer: Transfer = Transfer()
    train: Train = Train()
    predict: Predict = Predict()
    models: Annotated[tuple[ModelRow, ...], Field(min_length=1, max_length=63)]
    ensemble: Ensemble = Ensemble()
    evaluate: Evaluate = Evaluate()
    polygons: Polygons = Polygons()
    submission: Submission = Submission()
    score: Score = Score()
    search: Search = Search()
    tune: Tune = Tune()
    report: Report = Report()
    work: Work = Work()
    generate: Generate | None = None

    @model_validator(mode="before")
    @classmethod
    def _fill_models(cls, tree: Any) -> Any:
        return filled(tree)

    @model_validator(mode="after")
    def _check(self) -> Self:
        for key in type(self.polygons).model_fields:
            _known(f"polygons.{key}", getattr(self.polygons, key), set(self.dataset.codes))
        for key in ("square", "round"):
            named = dict.fromkeys(getattr(self.polygons, key))
            _known(f"polygons.{key}", named, set(self.dataset.codes))
        if self.scenes.whole_pixel_tiles and self.dataset.unit_metres is None:
            raise ValueError(
                "scenes.whole_pixel_tiles: needs the size of a pixel on the map; "
                "set dataset.unit_metres"
            )
        self._check_twins()
        self._check_resolution("", self.tiles)
        for number, row in enumerate(self.models):
            self._check_row(number, row)
        self._check_models()
        groups = [self.dataset.group(name) for name in self.used_groups()]
        check_rules(self.polygons.rules, self.dataset.codes, groups)
        check_pictures(self.report, groups)
        self._check_search()
        return self

    def _check_search(self) -> None:
        wanted = self.search.folds
        if wanted is not None and wanted > self.augment.folds:
            raise ValueError(
                f"search.folds: {wanted} folds are to be held out, but augment.folds makes only "
                f"{self.augment.folds}; lower search.folds"
            )

    def _check_twins(self) -> None:
        listed = {frozenset(pair) for pair in self.augment.same_place}
        for first, twin in self.generate.twin_regions() if self.generate else ():
            if {first, twin} not in listed:
                raise ValueError(
                    f"augment.same_place: twins of region {first} are generated in region {twin}, "
                    "and folds would take them for other places; "
                    f'add ["{first}", "{twin}"], or lower generate.twins'
                )

    def _check_models(self) -> None:
        names = [row.name.lower() for row in self.models]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"models: the name {', '.join(twice)} stands there twice")
        told = {code for row in self.models for code in self.answers_of(row)}
        missing = [code for code in self.dataset.codes if code not in told]
        if missing:
            raise ValueError(
                f"models: no row tells the class {', '.join(map(str, missing))}; add it to the "
                "classes (and answers) of a row, or take it out of dataset.classes"
            )

    def _check_row(self, number: int, row: ModelRow) -> None:
        """Rules between the sections of one row, and between it and the dataset."""

        def at(section: str) -> str:
            """Where a person finds the section: in the row, or at the top."""
            inherited = getattr(row, section) == getattr(self, section)
            return section if inherited else f"models.{number}.{section}"

        groups = {group.name: group for group in self.dataset.groups}
        for name in row.features.groups:
            if name not in groups:
                raise ValueError(
                    f"{at('features')}.groups: {name} is no group of dataset.groups "
                    f"({', '.join(groups)})"
                )
        codes = set(self.dataset.codes)
        here = f"models.{number}."
        _known(f"{here}classes", dict.fromkeys(row.classes), codes)
        _known(f"{here}answers", dict.fromkeys(row.answers), set(self.codes_of(row)))
        for key in ("class_weights", "smoothing", "absent", "positive_weights"):
            _known(f"{at('train')}.loss.{key}", getattr(row.train.loss, key), codes)
        _known(f"{at('targets')}.dilate", row.targets.dilate, codes)
        for key in ("folds", "same_place", "cell"):
            if getattr(row.augment, key) != getattr(self.augment, key):
                raise ValueError(
                    f"{here}augment.{key}: all models have the same folds; set "
                    f"augment.{key} at the top instead"
                )
        check_indices(row.features, [groups[name] for name in self.groups_of(row.features)])
        self._check_resolution("" if row.tiles == self.tiles else here, row.tiles)
        sizes = (row.augment.patch, row.predict.window, row.train.batch)
        check_sizes(row.network, *sizes, prefix=at)
        if self.ensemble.unlabelled != "folds" and row.train.schedule == "plateau":
            raise ValueError(
                f"{at('train')}.schedule: plateau follows validations, but ensemble.unlabelled "
                f"{self.ensemble.unlabelled} trains without any; set it to step"
            )
        check_transfer(row.transfer, row.network, "" if at("transfer") == "transfer" else here)

    def _check_resolution(self, prefix: str, tiles: Tiles) -> None:
        finest = min(row.metres for row in self.dataset.groups)
        if not finest / 16 <= tiles.metres <= finest * 64:
            raise ValueError(
                f"{prefix}tiles.metres: {tiles.metres} m per pixel doesn't fit imagery of "
                f"{finest} m; the unit is metres; set it between {finest / 16:g} and "
                f"{finest * 64:g}"
            )

    def to_yaml(self) -> str:
        """Text of a file that gives this configuration again.

        Rows name what is their own alone, so a change of the file's top, or an override of it,
        reaches them as in the file that this configuration came from.
        """
        tree = concise(self.model_dump(mode="json"))
        return yaml.safe_dump(tree, sort_keys=False, allow_unicode=True)

    def codes_of(self, row: ModelRow) -> tuple[int, ...]:
        """Codes of the classes that a model tells, in the dataset's order."""
        chosen = row.classes or self.dataset.codes
        return tuple(code for code in self.dataset.codes if code in chosen)

    def answers_of(self, row: ModelRow) -> tuple[int, ...]:
        """Codes of the classes that a model predicts, in the dataset's order."""
        told = self.codes_of(row)
        return tuple(code for code in told if code in (row.answers or told))

    def places_of(self, row: ModelRow) -> list[int]:
        """Positions of a model's classes among all classes of the dataset."""
        return [self.dataset.codes.index(code) for code in self.codes_of(row)]

    def groups_of(self, features: Features) -> tuple[str, ...]:
        """Names of the band groups that a section ``features`` uses, in the dataset's order."""
        every = tuple(row.name for row in self.dataset.groups)
        return tuple(name for name in every if name in (features.groups or every))

    def used_groups(self) -> tuple[str, ...]:
        """Names of the band groups that any model uses, in the dataset's order."""
        used = {name for row in self.models for name in self.groups_of(row.features)}
        return tuple(row.name for row in self.dataset.groups if row.name in used)


def _known(field: str, value: object, codes: set[int]) -> None:
    if isinstance(value, dict):
        unknown: Iterable[int] = set(value) - codes
        for code in unknown:
            raise ValueError(f"{field}: {code} is no class code ({sorted(codes)})")
