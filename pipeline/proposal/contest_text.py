"""The configuration of a folder in the contest's own layout."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Final

from pipeline.config.dataset import BandGroupRow
from pipeline.config.spectral import INDEX_ROLES, index_bands
from pipeline.proposal.contest import COARSE_METRES, COARSE_UNIT, ContestFound
from pipeline.proposal.machine import Machine
from pipeline.proposal.recipe import Recipe, choose_recipe
from pipeline.proposal.recipe_text import write_models, write_training
from pipeline.proposal.written import Proposal
from pipeline.proposal.yaml_text import YamlText, flow, shown

_SIDE: Final = 1040
"""Metres along the side of a scene of the contest."""
_COARSE_STEPS: Final = 160
_RULES: Final = (
    ({7, 1, 3, 5}, {"name": "water clears", "rule": "clear", "by": [7], "of": [1, 3, 5]}),
    ({1, 5, 6}, {"name": "buildings clear", "rule": "clear", "by": [1], "of": [5, 6]}),
    ({6}, {"name": "fields are wide", "rule": "shape", "of": 6, "min_width": 30}),
)
"""Rules between classes that gained on the real scenes, by the classes that they need."""


def contest_proposal(folder: Path, name: str, found: ContestFound, machine: Machine) -> Proposal:
    """Propose a configuration for a folder of the contest."""
    recipe = _recipe(found, machine)
    out = YamlText()
    out.comment(
        f"Written by `make init` for {folder}: the contest's own files, {found.labelled} labelled "
        f"scenes and {found.sampled} to hand in. Then:"
    )
    out.comment(f"  make submission CONFIG=configs/{name}.yaml")
    out.blank()
    _write_dataset(out, folder, found)
    if found.coarse:
        _write_coarse(out)
    out.section("tiles")
    out.key("metres", recipe.metres, reason=f"Working resolution: {recipe.metres_reason}.")
    _write_features(out, found)
    out.section("augment")
    out.key("patch", recipe.patch)
    out.key("stride", recipe.patch // (4 if found.coarse else 2))
    out.key("folds", 4, reason=f"{found.labelled} labelled scenes, held out by place.")
    if found.twins:
        twins = ", ".join(f"{two} shows the ground of {one}" for one, two in found.twins)
        out.key(
            "same_place", [list(p) for p in found.twins], reason=f"At another date region {twins}."
        )
    out.key("rare", 0.5)
    if found.coarse:
        out.key(
            "enrich",
            {"tint": 0.05, "noise": 0.1, "channel_dropout": 0.2},
            reason="Air and calibration change each band by some hundredths between acquisitions.",
        )
    write_training(out, recipe, machine)
    _write_rules(out, found)
    write_models(out, [(row.code, row.name) for row in found.classes])
    return Proposal(out.text(), None, _summary(found), ())


def _recipe(found: ContestFound, machine: Machine) -> Recipe:
    finest = min(group.metres for group in found.groups)
    working = {0.31: 0.62}.get(finest, finest)
    if found.coarse:
        working = COARSE_METRES / 2
    side = round(_SIDE / working)
    recipe = choose_recipe(working, None, [(side, side)] * found.labelled, 4, machine)
    why = "twice the finest pixel: a small vehicle still covers ten pixels"
    if finest != 0.31:
        why = "that of the finest images"
    if found.coarse:
        why = "half a pixel, as the labels were drawn at a sixth of one"
    if found.coarse and not machine.gpu:
        told = "held-out scores stop rising early, as sixteen scenes are soon known by heart"
        recipe = replace(recipe, steps=_COARSE_STEPS, steps_reason=told)
    return replace(recipe, metres=working, metres_reason=why)


def _write_dataset(out: YamlText, folder: Path, found: ContestFound) -> None:
    out.section("dataset")
    out.key("layout", "contest")
    out.key("folder", str(folder))
    if found.coarse:
        out.key(
            "unit_metres",
            COARSE_UNIT,
            reason="One of these pixels is 25 of the contest's 0.31 m pixels, on which the labels "
            "were drawn.",
        )
    for name, count in found.partial.items():
        out.comment(
            f"Group {name} is left out: {count} of the scenes that are used lack its files.", 2
        )
    out.comment("Classes that occur in the tables, and labelled scenes that hold them.", 2)
    out.raw("  classes:")
    for row in found.classes:
        tree: dict[str, object] = {"code": row.code, "name": row.name, "colour": row.colour}
        if row.countable:
            tree["countable"] = True
        rare = "; too few to learn, the sample asks for it" if row.scenes < 2 else ""
        out.raw(f"    - {flow(tree)}  # {row.scenes} of {found.labelled} scenes{rare}")
    out.raw("  groups:")
    for group in found.groups:
        _write_group(out, group)


def _write_group(out: YamlText, group: BandGroupRow) -> None:
    out.raw(f"    - name: {group.name}")
    out.key("file", group.file, 6)
    out.key("metres", group.metres, 6)
    out.key("bands", group.bands, 6)
    out.key("wavelengths", group.wavelengths, 6)
    out.key("scale", group.scale, 6)


def _write_coarse(out: YamlText) -> None:
    out.section("scenes")
    out.key(
        "align_to_labels",
        True,
        reason="Nothing finer shows how far the images lie off the map; the labels of the "
        "region do.",
    )
    out.key("max_shift", 3 * COARSE_METRES)
    out.key(
        "whole_pixel_tiles",
        True,
        reason="Regions of 135.6 pixels per tile were cut every 136 pixels.",
    )


def _write_features(out: YamlText, found: ContestFound) -> None:
    out.section("features")
    if found.coarse:
        out.key(
            "bands",
            False,
            reason="The spectrum's shape, and what a place looks like beside its surroundings, "
            "carry over to other scenes; brightness does not.",
        )
        out.key("log", True)
        out.key("shape", True)
        out.key("contrast", [38.75, 100.75, 317.75])
        out.key("resampling", "bicubic")
        return
    indices = [index for index in INDEX_ROLES if _has(index, found)]
    out.key("indices", indices)


def _has(index: str, found: ContestFound) -> bool:
    try:
        index_bands(index, found.groups)
    except ValueError:
        return False
    return True


def _write_rules(out: YamlText, found: ContestFound) -> None:
    codes = {row.code for row in found.classes}
    rules = [rule for needed, rule in _RULES if needed <= codes]
    if not rules:
        return
    out.section("polygons")
    out.comment("`make polygons` says what each row gains on held-out scenes.", 2)
    out.raw("  rules:")
    for rule in rules:
        out.raw(f"    - {flow(rule)}")


def _summary(found: ContestFound) -> tuple[str, ...]:
    groups = ", ".join(f"{group.name} ({len(group.bands)} bands)" for group in found.groups)
    names = shown([row.name for row in found.classes], 10)
    return (
        f"the contest's files: {found.labelled} labelled scenes and {found.sampled} to hand in; "
        f"{groups}",
        f"classes: {names}",
    )
