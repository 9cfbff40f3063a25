"""Which weights a training starts from, so that no held-out place was ever seen by them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.artifacts import load_stage
from pipeline.config.transfer import Transfer
from pipeline.errors import ArtifactError, ConfigError
from pipeline.files import hash_file
from pipeline.items import Item
from pipeline.learning.folds import place_of, read_folds
from pipeline.learning.weights import RECORD, WEIGHTS

_ITEM = re.compile(r"(?:(?P<model>.+)-)?fold-(?P<fold>\d+)")
"""A fold's network in a run's ``train`` folder; further repeats of it are left out."""


@dataclass(frozen=True)
class Source:
    """Weights on disk.

    Attributes:
        weights: The safetensors file.
        record: Its ``network.json``; None of a bare file.
    """

    weights: Path
    record: Path | None

    def digests(self) -> dict[str, str]:
        """SHA-256 of each file by name: belongs into the training's key."""
        files = [self.weights] if self.record is None else [self.weights, self.record]
        return {file.name: hash_file(file) for file in files}


def find_source(
    settings: Transfer,
    model: str,
    fold: int | None,
    held_out: Sequence[str],
    same_place: Sequence[tuple[str, str]],
    run: Path,
) -> Source | None:
    """The weights that a training starts from; None if it starts at random, or by the library.

    Args:
        settings: The ``transfer`` section.
        model: Name of the model, whose namesake in the other run is taken.
        fold: Number of the fold, None for a training on all scenes: decides where any would do.
        held_out: Ids of the scenes that the training holds out.
        same_place: Pairs of regions that show the same ground at another date.
        run: The training's own run, ``data/runs/<run>``; the other lies beside it.

    Raises:
        ConfigError: If there are no such weights, or all of them saw a held-out place.
        ArtifactError: If the other run's results are damaged.
    """
    if settings.run is not None:
        return _of_run(settings.run, model, fold, held_out, same_place, run)
    path = settings.source
    if path is None:
        return None
    if path.suffix == ".safetensors":
        files = Source(path, None)
    else:
        files = Source(path / WEIGHTS, path / RECORD)
    for file in (files.weights, files.record):
        if file is not None and not file.is_file():
            raise ConfigError(
                f"transfer.source: there is no file {file}; name a folder with {WEIGHTS} and "
                f"{RECORD}, such as data/runs/<run>/train/<model>-fold-0, or a .safetensors file"
            )
    return files


def source_fold(
    our_held_out: Sequence[str],
    their_folds: Sequence[Sequence[str]],
    same_place: Sequence[tuple[str, str]] = (),
) -> int | None:
    """The fold of another run whose network never saw the ground that is held out here.

    Args:
        our_held_out: Ids of the scenes that are held out here.
        their_folds: Ids of the scenes that each fold of the other run held out; it trained on all
            others of them.
        same_place: Pairs of regions that show the same ground at another date.

    Returns:
        The first fold that held out every one of our places that the other run knows; None if it
        knows none, so that any fold will do.

    Raises:
        ConfigError: If there is no such fold.
    """
    theirs = [{place_of(scene, same_place) for scene in fold} for fold in their_folds]
    known = {place_of(scene, same_place) for scene in our_held_out} & set().union(*theirs)
    if not known:
        return None
    for index, places in enumerate(theirs):
        # A place must not lie in another fold as well, as twins do that were taken for two places.
        others = set().union(*(row for other, row in enumerate(theirs) if other != index))
        if known <= places and not known & others:
            return index
    raise ConfigError(
        f"transfer.run: every network of that run saw some of {', '.join(sorted(known))}, which "
        "are held out together here, so scores would be of ground that was learned; train that "
        "run with the augment section and the labelled scenes of this one, or on other scenes"
    )


def _of_run(
    name: str,
    model: str,
    fold: int | None,
    held_out: Sequence[str],
    same_place: Sequence[tuple[str, str]],
    run: Path,
) -> Source:
    other = run.parent / name
    if other == run:
        raise ConfigError(f"transfer.run: {name} is this run itself; name an earlier one")
    if not (other / "train" / "manifest.json").is_file():
        there = sorted(path.parent.parent.name for path in run.parent.glob("*/train/manifest.json"))
        raise ConfigError(
            f"transfer.run: no run {name} has been trained; there are: {', '.join(there) or 'none'}"
        )
    items = _networks(load_stage(other / "train"), model, name)
    folds = read_folds(load_stage(other / "augment")["folds"].path("folds.json"))
    if set(items) != set(range(len(folds))):
        raise ArtifactError(f"{other}: its networks are not those of its folds; run `train` there")
    chosen = source_fold(held_out, folds, same_place)
    item = items[(fold or 0) % len(folds) if chosen is None else chosen]
    return Source(item.path(WEIGHTS), item.path(RECORD))


def _networks(items: Mapping[str, Item], model: str, run: str) -> dict[int, Item]:
    """A run's networks by fold: those of the model of this name, or of the only one."""
    found: dict[str, dict[int, Item]] = {}
    for name, item in items.items():
        match = _ITEM.fullmatch(name)
        if match:
            found.setdefault(match["model"] or "", {})[int(match["fold"])] = item
    if model in found:
        return found[model]
    if len(found) != 1:
        raise ConfigError(
            f"transfer.run: {run} has no model {model}, but {', '.join(sorted(found)) or 'none'}; "
            "give the model one of these names, or name transfer.source"
        )
    return next(iter(found.values()))
