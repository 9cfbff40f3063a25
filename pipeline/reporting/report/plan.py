"""What trainings draw: windows, shares of classes, folds, the eight views."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pipeline.config.dataset import ClassRow
from pipeline.learning.folds import place_of
from pipeline.mapping.wording import counted
from pipeline.reporting.page.blocks import Block, Cell, Group, Picture, Section, Table, Text
from pipeline.reporting.report.amounts import percent
from pipeline.reporting.report.chart_picture import chart_picture
from pipeline.reporting.report.draw_chart import draw_chart
from pipeline.reporting.report.sampling_plan import SamplingPlan, draw_maps
from pipeline.reporting.report.shares_chart import Shares, fold_chart, oversampling_chart

_MOST: Final = 6
"""Models whose maps and views are shown."""
_FEW: Final = 8
"""Rows of a table that is not folded."""
_NAMED: Final = 12
"""Scenes of a fold that are named."""


@dataclass(frozen=True)
class FoldRecord:
    """What a fold holds out.

    Attributes:
        scenes: Ids of its scenes.
        shares: Share of each class in its valid ground, by code.
    """

    scenes: tuple[str, ...]
    shares: Mapping[int, float]


@dataclass(frozen=True)
class Sheet:
    """The eight views of a model's patch.

    Attributes:
        model: Name of the model.
        data: WebP.
        width: Pixels.
    """

    model: str
    data: bytes
    width: int


def plan_section(
    plans: Sequence[SamplingPlan],
    ground: Mapping[int, float],
    folds: Sequence[FoldRecord],
    classes: Sequence[ClassRow],
    sheets: Sequence[Sheet],
) -> Section:
    """The section on sampling.

    Args:
        plans: One per model.
        ground: Share of each class in the labelled ground, by code.
        folds: In their order.
        classes: Of the configuration.
        sheets: One per model, as far as there are any.
    """
    names = {row.code: row.name for row in classes}
    blocks: list[Block] = []
    if plans:
        blocks += [Text(_lead(plans)), _settings(plans), _oversampling(plans, ground, names)]
    blocks += _maps(plans)
    blocks += _folds(folds, names, plans)
    blocks += _views(sheets)
    return Section("plan", "What the trainings draw", tuple(blocks))


def _lead(plans: Sequence[SamplingPlan]) -> str:
    """What a plan is, and how many windows and scenes there are."""
    windows = sum(len(plan.plan.weights) for plan in plans)
    scenes = len({name for plan in plans for name in plan.plan.names})
    return (
        f"Patches are drawn from {counted(windows, 'window')} in "
        f"{counted(scenes, 'labelled scene')}; each moves by up to half of the step between "
        "windows. Windows with rare classes are drawn more often, as far as augment.rare says."
    )


def _settings(plans: Sequence[SamplingPlan]) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for plan in plans:
        settings = plan.settings
        more = {name: value for name, value in settings.enrich.model_dump().items() if value}
        rows.append(
            (
                plan.model,
                "eight" if settings.d4 else "one",
                ", ".join(f"{name} {value:g}" for name, value in more.items()) or "none",
                len(plan.plan.weights),
                settings.patch,
                f"{settings.patch * plan.metres:,.0f}",
                settings.stride,
                f"{settings.rare:g}",
            )
        )
    head = ("model", "views", "further changes", "windows", "patch, px", "patch, m", "step, px")
    return Table(
        "How each model draws its patches",
        (*head, "rare"),
        tuple(rows),
        texts=3,
        folded=len(rows) > _FEW,
    )


def _oversampling(
    plans: Sequence[SamplingPlan], ground: Mapping[int, float], names: Mapping[int, str]
) -> Picture:
    """Shares of classes on the ground and as drawn; a model is named where classes have several."""
    pairs = [(code, plan.model, share) for plan in plans for code, share in plan.drawn().items()]
    codes = [code for code, _, _ in pairs]
    rows = [
        Shares(
            f"{names.get(code, code)} ({model})" if codes.count(code) > 1 else str(names.get(code)),
            (ground.get(code), share),
        )
        for code, model, share in sorted(pairs, key=lambda pair: list(names).index(pair[0]))
    ]
    told = "; ".join(
        f"{row.name} {percent(row.values[0] or 0)} and {percent(row.values[1] or 0)}"
        for row in rows
    )
    return chart_picture(
        oversampling_chart(rows),
        f"Share of each class on the labelled ground and in what is drawn: {told}.",
    )


def _maps(plans: Sequence[SamplingPlan]) -> list[Block]:
    """Where windows lie; those of the first model are seen at once."""
    uneven = [plan for plan in plans if plan.settings.rare > 0]
    if not uneven:
        return [Text("Windows are drawn evenly, by their valid area alone.")] if plans else []
    pictures = [
        chart_picture(
            draw_chart(draw_maps(plan.plan, plan.settings.patch), plan.metres),
            f"Small maps of the labelled scenes: how often model {plan.model} draws each place, "
            "against drawing all ground evenly.",
            f"Where model {plan.model} draws its windows",
        )
        for plan in uneven[:_MOST]
    ]
    return _first_open(pictures, len(uneven), "Where other models draw")


def _first_open(pictures: Sequence[Picture], count: int, title: str) -> list[Block]:
    """The first picture, and the others under a heading that opens."""
    blocks: list[Block] = [*pictures[:1]]
    if pictures[1:]:
        blocks.append(Group(title, tuple(pictures[1:]), folded=True))
    if count > len(pictures):
        blocks.append(Text(f"Not shown: {counted(count - len(pictures), 'more model')}.", "note"))
    return blocks


def _folds(
    folds: Sequence[FoldRecord], names: Mapping[int, str], plans: Sequence[SamplingPlan]
) -> list[Block]:
    """What each fold holds out."""
    if not folds:
        return []
    same = plans[0].settings.same_place if plans else ()
    rows: list[tuple[Cell, ...]] = []
    for number, fold in enumerate(folds):
        more = len(fold.scenes) - _NAMED
        listed = ", ".join(fold.scenes[:_NAMED]) + (f" and {more:,} more" if more > 0 else "")
        places = {place_of(scene, same) for scene in fold.scenes}
        rows.append((f"fold {number}", listed or "none", len(fold.scenes), len(places)))
    table = Table(
        "What each fold holds out; scenes of one place are never on both sides",
        ("fold", "scenes", "scenes", "places"),
        tuple(rows),
        texts=2,
    )
    codes = [code for code in names if any(code in fold.shares for fold in folds)]
    if not codes:
        return [table]
    shares = [Shares(names[code], tuple(fold.shares.get(code) for fold in folds)) for code in codes]
    lacking = [row.name for row in shares if any(not value for value in row.values)]
    chart = chart_picture(
        fold_chart(shares), "Share of each class in the ground that each fold holds out."
    )
    blocks: list[Block] = [table, chart]
    if lacking:
        text = f"Some fold has nothing of {', '.join(lacking)}: no score there can tell."
        blocks.append(Text(text, "warning"))
    return blocks


def _views(sheets: Sequence[Sheet]) -> list[Block]:
    """The eight views of a patch; those of the first model are seen at once."""
    pictures = [
        Picture(
            sheet.data,
            "webp",
            f"A patch of model {sheet.model} in the eight views of D4: turned by quarters and "
            "mirrored, each with the masks of its classes below.",
            f"The eight views that model {sheet.model} may see a patch in",
            width=sheet.width,
        )
        for sheet in sheets[:_MOST]
    ]
    return _first_open(pictures, len(sheets), "Views of other models")
