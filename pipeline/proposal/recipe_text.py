"""The sections after ``dataset`` of a written configuration."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from pipeline.config.dataset import BandGroupRow
from pipeline.config.spectral import INDEX_ROLES, index_bands
from pipeline.proposal.guesses import GroupGuess, ImagesFound
from pipeline.proposal.machine import Machine
from pipeline.proposal.places import Places
from pipeline.proposal.recipe import RATE_OF_LEARNING, Recipe
from pipeline.proposal.yaml_text import YamlText, counted

SMALLEST_PART: Final = 4
"""Parts of fewer pixels of the finest images are no objects."""
_LOSS: Final = {
    "terms": {"cross_entropy": 0.5, "jaccard": 0.5},
    "smoothing": 1,
    "absent": "ignore",
}
_ENRICH: Final = {"tint": 0.05, "noise": 0.1}


def write_recipe(
    out: YamlText,
    images: ImagesFound,
    places: Places,
    recipe: Recipe,
    machine: Machine,
    classes: Sequence[tuple[int, str]],
    commonest: Sequence[int],
) -> None:
    """Write the sections after ``dataset``.

    Args:
        out: Where to.
        images: The images.
        places: How labelled ground is divided.
        recipe: Sizes and steps.
        machine: What they were chosen for.
        classes: Code and name of each class.
        commonest: Codes of these, those of the largest areas first.
    """
    touching = places.blocks is not None or places.cell is not None
    if len(images.groups) > 1 or images.bad or touching:
        out.section("scenes")
    if len(images.groups) > 1:
        _write_registration(out, images)
    if touching:
        out.key(
            "context",
            round(recipe.patch / 4 * recipe.metres, 2),
            reason="Metres that networks see past a scene's border, where others show them.",
        )
    if images.bad:
        out.key(
            "skip_bad",
            True,
            reason=f"ASK: {counted(len(images.bad), 'image')} can't be used, as {images.bad[0]}: "
            "mend or remove, or go on without.",
        )
    out.section("tiles")
    out.key("metres", recipe.metres, reason=f"Working resolution: {recipe.metres_reason}.")
    _write_features(out, images)
    _write_augment(out, places, recipe)
    write_training(out, recipe, machine)
    out.section("polygons")
    area = SMALLEST_PART * images.groups[0].metres ** 2
    unit = "square metres" if images.metres_known else "square metres, if metres are right"
    out.key(
        "min_area",
        float(f"{area:.3g}"),
        reason=f"{SMALLEST_PART} pixels of the finest images, {unit}.",
    )
    _write_clearing(out, commonest)
    write_models(out, classes)


def _write_clearing(out: YamlText, codes: Sequence[int]) -> None:
    """Rules by which no ground is of two classes, as a comment."""
    if len(codes) < 2:
        return
    out.comment(
        "Classes may overlap on the map. If no ground can be of two, let the rarer one win; what "
        "that costs or gains on held-out places is printed by `make polygons`:",
        2,
    )
    out.raw("  # rules:")
    for place in range(len(codes) - 1, 0, -1):
        row = f"{{rule: clear, by: [{codes[place]}], of: {list(codes[:place])}}}"
        out.raw(f"  #   - {row}")


def _write_registration(out: YamlText, images: ImagesFound) -> None:
    placed = all(scene.to_map is not None for scene in images.scenes.values())
    out.key(
        "registration",
        "none" if placed else "translation",
        reason="The files' coordinates place the groups onto each other."
        if placed
        else "Without coordinates, shifts between the groups are found by their pictures.",
    )


def _write_features(out: YamlText, images: ImagesFound) -> None:
    indices = [index for index in INDEX_ROLES if _has(index, images.groups)]
    out.section("features")
    if indices:
        out.key("indices", indices, reason="Ratios that show plants and water under any light.")
    else:
        out.comment("No spectral index: none of the groups has the bands of one, by name.", 2)
        out.key("indices", [])


def _has(index: str, groups: Sequence[GroupGuess]) -> bool:
    """Whether a group has the bands of an index, by the names that the configuration knows."""
    rows = [
        BandGroupRow(
            name="g", file="{id}", metres=1, bands=tuple(band.name for band in group.bands)
        )
        for group in groups
    ]
    try:
        index_bands(index, rows)
    except ValueError:
        return False
    return True


def _write_augment(out: YamlText, places: Places, recipe: Recipe) -> None:
    out.section("augment")
    out.key("patch", recipe.patch, reason=f"Working pixels: {recipe.patch_reason}.")
    out.key("stride", recipe.patch // 2)
    if places.cell is not None:
        out.key("cell", places.cell, reason=f"{places.reason}.")
        out.key("folds", places.folds)
    else:
        out.key("folds", places.folds, reason=f"{places.count} places: {places.reason}.")
    out.key(
        "rare",
        0.5,
        reason="Half of the windows by area, half so that each class is drawn equally often.",
    )
    out.key("enrich", _ENRICH)


def write_training(out: YamlText, recipe: Recipe, machine: Machine) -> None:
    """Write ``network``, ``train`` and ``predict``."""
    out.section("network")
    out.key("kind", "unet", reason=f"Fits this machine: {machine.told()}.")
    out.key("width", recipe.width)
    out.key("depth", recipe.depth)
    out.section("train")
    out.key("steps", recipe.steps, reason=f"Per fold: {recipe.steps_reason}.")
    out.key("batch", recipe.batch)
    out.raw(f"  rate: {RATE_OF_LEARNING}")
    out.key("average", 0.99)
    out.key("validations", 2)
    out.key("loss", _LOSS)
    out.section("predict")
    out.key("window", recipe.window)
    out.key("overlap", 0.25)
    if not recipe.d4:
        out.key(
            "d4",
            False,
            reason="One view of eight, for the sake of time; true is better by a little.",
        )


def write_models(out: YamlText, classes: Sequence[tuple[int, str]]) -> None:
    """Write ``models``: one network for all classes, and what else there could be."""
    out.section("models")
    out.raw("  - name: all")
    if len(classes) > 1:
        out.comment(
            "A network per class, each with a part of the weights, takes longer and did better on "
            "real scenes (docs/models.md): put these rows in place of the one above.",
            2,
        )
        share = max(0.1, round(1.25 / len(classes), 2))
        for code, _ in classes:
            out.raw(f"  # - {{name: class_{code}, classes: [{code}], capacity: {share:g}}}")
