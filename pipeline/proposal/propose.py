"""From a folder to the text of a configuration."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.proposal.contest import is_contest, look_at_contest
from pipeline.proposal.contest_text import contest_proposal
from pipeline.proposal.dataset_text import Asked, write_dataset
from pipeline.proposal.folder_files import FolderFiles, all_words, list_files
from pipeline.proposal.guesses import BandGuess, ImagesFound, LabelsFound
from pipeline.proposal.images import images_of, no_images
from pipeline.proposal.label_files import NamedSets, named_sets
from pipeline.proposal.looking import Seen, look
from pipeline.proposal.machine import Machine
from pipeline.proposal.mask_labels import count_masks, mask_labels
from pipeline.proposal.places import Places, divide
from pipeline.proposal.polygon_labels import polygon_labels
from pipeline.proposal.recipe import choose_recipe
from pipeline.proposal.recipe_text import write_recipe
from pipeline.proposal.vector_labels import find_vectors
from pipeline.proposal.written import Proposal
from pipeline.proposal.yaml_text import YamlText, counted, shown


@dataclass(frozen=True)
class Looked:
    """All that was found in a folder."""

    images: ImagesFound
    labels: LabelsFound | None
    places: Places
    questions: tuple[str, ...]


def propose(folder: Path, name: str, machine: Machine, table: str) -> Proposal:
    """Propose a configuration for a folder.

    Args:
        folder: Images and labels.
        name: Name of the configuration.
        machine: Where it will run.
        table: Where a table of scenes would lie, as the configuration names it.

    Raises:
        PipelineError: If there is nothing to make a configuration of.
    """
    if is_contest(folder):
        return contest_proposal(folder, name, look_at_contest(folder), machine)
    looked, sets = look_at(folder)
    listed = (
        _scene_table(looked, sets) if any(g.file is None for g in looked.images.groups) else None
    )
    return _written(folder, name, machine, looked, listed, table)


def look_at(folder: Path) -> tuple[Looked, NamedSets]:
    """Look at images and labels of a folder.

    Raises:
        PipelineError: If there is no image that can be used.
    """
    files = list_files(folder)
    seen = look(folder, files.rasters)
    if not seen.files:
        raise no_images(folder, seen)
    sets = named_sets(folder, seen)
    images = images_of(folder, seen, sets.images, sets.patterns, sets.strange)
    labels, places = _labels(folder, files, seen, sets, images)
    return Looked(images, labels, places, _questions(images, labels)), sets


def _labels(
    folder: Path, files: FolderFiles, seen: Seen, sets: NamedSets, images: ImagesFound
) -> tuple[LabelsFound | None, Places]:
    """Labels of either kind, masks first, and how labelled ground is divided."""
    masks = {name: path for name, path in sets.masks.items() if name in images.scenes}
    if masks:
        places = divide(images.scenes, sorted(masks))
        pixels = count_masks(folder, masks, seen.files, places)
        if pixels is not None:
            file = seen.files[next(iter(masks.values()))]
            words = all_words(folder, list(masks.values())[:1])
            pattern = sets.mask_pattern
            return mask_labels(folder, pattern, pixels, masks, file, words), places
    vectors = find_vectors(folder, files.vectors, images)
    if vectors is None:
        return None, divide(images.scenes, ())
    every = sorted(name for name in images.scenes if name in vectors.paths or "" in vectors.paths)
    found = polygon_labels(folder, vectors, images, divide(images.scenes, every))
    places = divide(images.scenes, found.labelled or every)
    if found.labelled and set(found.labelled) != set(every):
        found = polygon_labels(folder, vectors, images, places)
    return found, places


def _questions(images: ImagesFound, labels: LabelsFound | None) -> tuple[str, ...]:
    rows = list(labels.questions) if labels is not None else []
    if labels is None:
        rows.append(
            "dataset.classes: there are no labels, so nothing can be learned here. List the "
            "classes of the run whose networks shall predict these scenes, and name it in "
            "ensemble.trained; or write what the labels are into dataset.labels."
        )
    if images.bad:
        rows.append(
            f"scenes.skip_bad: {counted(len(images.bad), 'image')} can't be used as the others can "
            f"({shown(images.bad, 3)}); shall the chain go on without?"
        )
    if not images.metres_known:
        rows.append(
            "dataset.groups: how large is a pixel on the ground, in metres? The files don't say"
        )
    return tuple(rows)


def _scene_table(looked: Looked, sets: NamedSets) -> str:
    """CSV table of scenes and their files."""
    out = io.StringIO()
    masks = sets.masks if looked.labels is not None and looked.labels.kind == "mask" else {}
    groups = looked.images.groups
    table = csv.writer(out, lineterminator="\n")
    table.writerow(["id", *(group.name for group in groups), *(["labels"] if masks else [])])
    for name in looked.images.scenes:
        cells = [_cell(group.paths[name], group.bands) for group in groups]
        table.writerow([name, *cells, *([masks.get(name, "")] if masks else [])])
    return out.getvalue()


def _cell(paths: Sequence[str], bands: Sequence[BandGuess]) -> str:
    """Path of a scene's file, with ``{band}`` where each band has its own."""
    words = [band.source for band in bands if isinstance(band.source, str)]
    for path in paths if words else ():
        place = path.rfind(words[0])
        before, after = path[: max(place, 0)], path[place + len(words[0]) :]
        if place >= 0 and all(f"{before}{word}{after}" in paths for word in words):
            return f"{before}{{band}}{after}"
    return paths[0]


def _written(
    folder: Path, name: str, machine: Machine, looked: Looked, listed: str | None, table: str
) -> Proposal:
    images, labels, places = looked.images, looked.labels, looked.places
    shapes = [part.shape for part in places.parts]
    recipe = choose_recipe(
        images.groups[0].metres, labels.finest if labels else None, shapes, places.folds, machine
    )
    learned = [row for row in (labels.classes if labels else ()) if row.rare is None]
    kept = [(row.code, row.name) for row in learned]
    commonest = [row.code for row in sorted(learned, key=lambda row: -row.share)]
    out, asked = YamlText(), Asked(looked.questions)
    out.comment(
        f"Written by `make init` for {folder}: what it found, and why each value stands there."
    )
    out.comment("A first run; look for ASK and GUESS, and change what you know better. Then:")
    out.comment(f"  make submission CONFIG=configs/{name}.yaml")
    for text in looked.questions:
        out.comment(f"ASK: {text}", 0, 2)
    out.blank()
    write_dataset(
        out, str(folder), table if listed is not None else None, images, labels, places, asked
    )
    write_recipe(out, images, places, recipe, machine, kept, commonest)
    return Proposal(out.text(), listed, _summary(looked), looked.questions)


def _summary(looked: Looked) -> tuple[str, ...]:
    """What was found, in a few lines."""
    images, labels = looked.images, looked.labels
    rows = [
        f"{counted(len(images.scenes), 'scene')}; "
        + "; ".join(f"{g.name}: {len(g.bands)} bands at {g.metres:g} m" for g in images.groups)
    ]
    if labels is not None:
        kept = [f"{row.name} {row.share:.1%}" for row in labels.classes if row.rare is None]
        rows.append(f"{len(labels.labelled)} labelled by {labels.kind}s: {', '.join(kept)}")
        rare = [row.name for row in labels.classes if row.rare is not None]
        rows += [f"too rare to learn, left out: {', '.join(rare)}"] if rare else []
    if labels is not None:
        told = looked.places
        rows.append(f"{told.count} places, {told.folds} folds: {told.reason}")
    rows += [f"not used: {path}" for path in images.odd[:3]]
    return tuple(rows)
