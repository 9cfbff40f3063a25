"""What the checks before a training found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pipeline.mapping.wording import counted
from pipeline.reporting.page.blocks import Block, Cell, Group, Picture, Section, Table, Text

_ALTS: Final = {
    "batch": "Patches of a batch as a training draws them, with their masks.",
    "rates": "Loss against the learning rate while the rate rises.",
    "one-batch": "Loss and Jaccard index while the network learns one batch by heart.",
    "gradients": "Size of the gradient in each layer.",
    "units": "Share of units in each layer that are never, or always, active.",
}
PICTURES: Final = tuple(_ALTS)
"""Names of the pictures that checks make."""


@dataclass(frozen=True)
class CheckedModel:
    """Checks of one model.

    Attributes:
        model: Its name.
        findings: Name, level, what was found and what to do, of each check.
        pictures: Name, WebP and width in pixels of each picture.
    """

    model: str
    findings: tuple[tuple[str, str, str, str], ...]
    pictures: tuple[tuple[str, bytes, int], ...]


def checks_section(models: Sequence[CheckedModel]) -> Section:
    """The section on checks before a training.

    Args:
        models: At least one.
    """
    rows: list[tuple[Cell, ...]] = [
        (check, model.model, level, found, advice or None)
        for model in models
        for check, level, found, advice in model.findings
    ]
    bad = [row for row in rows if row[2] != "ok"]
    blocks: list[Block] = [
        Text(
            f"make sanity made {counted(len(rows), 'check')}: "
            + (f"{len(bad)} of them found something to look at." if bad else "nothing is wrong."),
            "warning" if bad else "plain",
        ),
        Table(
            "What each check found, and what to do about it",
            ("check", "model", "level", "found", "what to do"),
            tuple(rows),
            texts=5,
            folded=len(rows) > 16,
        ),
    ]
    for model in models:
        pictures = tuple(
            Picture(data, "webp", f"{_ALTS.get(name, name)} Model {model.model}.", width=width)
            for name, data, width in model.pictures
        )
        if pictures:
            blocks.append(Group(f"Pictures of model {model.model}", pictures, folded=True))
    return Section("checks", "Checks before the training", tuple(blocks))
