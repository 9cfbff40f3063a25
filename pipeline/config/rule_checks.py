"""What rows of ``polygons.rules`` need of the other sections: classes, and bands of indices."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

from pipeline.config.dataset import BandGroupRow
from pipeline.config.rules import IndexRow, RuleRow, SpectralIndex, listed
from pipeline.config.spectral import INDEX_ROLES, ROLES, BandName, index_bands, named_band

FIELD: Final = "polygons.rules"
FORMULA_OF: Final = {"CCCI_product": "CCCI"}
"""Indices that are made of the same bands as another one."""


def check_rules(
    rules: Sequence[RuleRow], codes: Collection[int], groups: Sequence[BandGroupRow]
) -> None:
    """Check that classes and bands of all rows are there, and that each row has its own name.

    Args:
        rules: The rows.
        codes: Class codes of the dataset.
        groups: Band groups that the run keeps: those that a model uses.

    Raises:
        ValueError: Naming the row, the value and the fix.
    """
    titles: list[str] = []
    for number, row in enumerate(rules):
        place = f"{FIELD}.{number} ({row.title})"
        for key, named in row.codes().items():
            for code in named:
                if code not in codes:
                    known = listed(sorted(codes))
                    raise ValueError(f"{place}: {key}: {code} is no class code ({known})")
        if isinstance(row, IndexRow):
            fault = _missing(row.index, groups)
            if fault:
                raise ValueError(
                    f"{place}: {fault}; remove the row, or name these bands in dataset.groups and "
                    "their group in features.groups of a model"
                )
        if row.title in titles:
            fix = "a name of its own" if row.name is None else "another name"
            raise ValueError(
                f"{place}: row {titles.index(row.title)} has the same name; give one of them "
                f"{fix}, or remove it"
            )
        titles.append(row.title)


def rule_bands(index: SpectralIndex, groups: Sequence[BandGroupRow]) -> tuple[BandName, ...]:
    """Bands of an index, in the order of its formula's arguments.

    Raises:
        ValueError: If no group has them.
    """
    if isinstance(index, str):
        return index_bands(FORMULA_OF.get(index, index), groups)
    return tuple(named_band(index.name, text, groups) for text in (index.a, index.b))


def _missing(index: SpectralIndex, groups: Sequence[BandGroupRow]) -> str:
    """Which bands of an index no group has, in words; empty where all are there."""
    if not isinstance(index, str):
        known = [f"{group.name}.{band}" for group in groups for band in group.bands]
        absent = [text for text in (index.a, index.b) if text not in known]
        names = ", ".join(absent)
        return f"{index.name} needs the band {names}, none of {', '.join(known)}" * bool(absent)
    roles = INDEX_ROLES[FORMULA_OF.get(index, index)]
    lacking = {
        group.name: [role for role in roles if not set(ROLES[role]) & set(group.bands)]
        for group in groups
    }
    if not all(lacking.values()):
        return ""
    parts = (f"{name} lacks {', '.join(absent)}" for name, absent in lacking.items())
    return f"{index} needs the bands {', '.join(roles)} in one group, but {'; '.join(parts)}"
