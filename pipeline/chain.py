"""The chain: which stages there are, what each reads, and what makes its results old."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Stage:
    """One make target.

    Attributes:
        name: Name of the target, the module in ``pipeline.stages`` and the results' folder.
        purpose: One line for people.
        sections: Sections of the configuration (or ``section.key``) that its results depend on.
        upstream: Stages whose results it reads.
        optional: Stages whose results it reads where they are there; it asks for none of them.
    """

    name: str
    purpose: str
    sections: tuple[str, ...]
    upstream: tuple[str, ...]
    optional: tuple[str, ...] = ()

    @property
    def module(self) -> str:
        """Dotted name of the stage's module."""
        return f"pipeline.stages.{self.name}"


def _models(*keys: str) -> tuple[str, ...]:
    """These keys of every row of ``models``."""
    return tuple(f"models.*.{key}" for key in ("name", *keys))


_INHERITED = (
    *("tiles", "features", "targets", "augment", "network", "transfer", "train", "predict"),
)
_SEARCH = (
    *("space", "models", "method", "startup", "seed", "steps", "rungs", "eta", "folds"),
    *("objective", "trials", "minutes", "target", "patience", "warm", "warm_trials", "top"),
)
"""Keys of ``search`` that its results depend on: not where trials run, nor what is taken over."""
_TUNE = (
    *("trials", "method", "startup", "seed", "smooth_metres", "median_metres", "closing_metres"),
    *("opening_metres", "hysteresis", "min_area", "min_hole", "rules"),
)
"""Keys of ``tune`` that its results depend on: not whether they are taken over."""

_CLEANED = (
    *("smooth", "median", "thresholds", "closing", "opening", "hysteresis"),
    *("min_hole", "min_area", "rules"),
)
"""Keys of ``polygons`` that masks depend on: not how these are outlined."""

CHAIN = (
    Stage("scenes", "check and register the raw scenes", ("dataset", "scenes"), ()),
    Stage(
        "search",
        "trials of architectures and recipes, the best as part of a configuration",
        (
            "dataset",
            "scenes.context",
            "score.absent",
            "evaluate.slack",
            "ensemble.combine",
            *_INHERITED,
            *_models("classes", "answers", "capacity", *_INHERITED),
            *(f"search.{key}" for key in _SEARCH),
        ),
        ("scenes",),
    ),
    Stage(
        "tiles",
        "cache band groups and masks for random windows",
        (
            "dataset.classes",
            "dataset.groups",
            "scenes.context",
            "ensemble.trained",
            "tiles",
            "features.resampling",
            *_models("tiles", "features", "targets"),
        ),
        ("scenes",),
    ),
    Stage(
        "augment",
        "folds by place and the sampling plans",
        (
            *("dataset.classes", "augment", "ensemble.trained"),
            *_models("classes", "tiles", "features", "augment"),
        ),
        ("scenes", "tiles"),
    ),
    Stage(
        "train",
        "networks per model and fold",
        (
            "dataset.classes",
            "ensemble.repeats",
            "ensemble.trained",
            "ensemble.unlabelled",
            *_models("classes", "capacity", "tiles", "features", "targets", "augment"),
            *_models("network", "transfer", "train"),
        ),
        ("scenes", "tiles", "augment"),
    ),
    Stage(
        "predict",
        "probabilities of every scene",
        (
            "dataset.classes",
            "tiles",
            "ensemble",
            *_models("classes", "answers", "tiles", "features", "predict"),
        ),
        ("scenes", "tiles", "augment", "train"),
    ),
    Stage(
        "evaluate",
        "thresholds and scores from the held-out folds",
        (
            *("dataset.classes", "evaluate", "ensemble.trained", "score.absent"),
            *("polygons.smooth", "polygons.median"),
        ),
        ("scenes", "tiles", "augment", "predict"),
    ),
    Stage(
        "tune",
        "smoothing, shapes and smallest areas of each class, and rules, as part of a configuration",
        (
            *("dataset.classes", "dataset.groups", "features.resampling", "evaluate"),
            *("score.absent", *(f"tune.{key}" for key in _TUNE)),
            *(f"polygons.{key}" for key in _CLEANED),
        ),
        ("scenes", "tiles", "augment", "predict"),
    ),
    Stage(
        "polygons",
        "outlines of the objects",
        (
            *("dataset.classes", "dataset.groups", "features.resampling"),
            *("polygons", "score.absent"),
        ),
        ("scenes", "tiles", "augment", "predict", "evaluate"),
    ),
    Stage(
        "submission",
        "the table that is handed in",
        ("dataset.classes", "dataset.sample", "submission"),
        ("scenes", "polygons"),
    ),
    Stage(
        "score",
        "the exact polygon score",
        ("dataset.classes", "dataset.solution", "score"),
        ("scenes", "tiles", "polygons", "submission"),
    ),
    Stage(
        "report",
        "one file that tells the whole story, with a viewer of the scenes",
        ("report",),
        ("scenes", "tiles", "augment", "train", "predict", "evaluate", "polygons"),
        ("search", "tune", "submission", "score"),
    ),
)


def stage(name: str) -> Stage:
    """The stage of this name."""
    return next(row for row in CHAIN if row.name == name)


def needed(name: str) -> set[str]:
    """Names of a stage and of all stages that it stands on."""
    return {name}.union(*(needed(above) for above in stage(name).upstream))
