"""What is said of the scenes beside their pictures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.config.report import Report


@dataclass(frozen=True)
class Standing:
    """What is known of scenes, by their ids.

    Attributes:
        roles: Of all.
        folds: The fold that holds a labelled scene out.
        scores: Mean Jaccard index over the classes, of scored scenes.
        unknown: Scenes that have ground of which the labels say nothing.
    """

    roles: Mapping[str, str]
    folds: Mapping[str, int]
    scores: Mapping[str, float]
    unknown: frozenset[str] = frozenset()


def scene_note(scene: str, standing: Standing) -> str:
    """What is said of a scene beside its id."""
    said = []
    if scene in standing.folds:
        said.append(f"held out in fold {standing.folds[scene]}")
    elif standing.roles[scene] == "test":
        said.append("test scene")
    if scene in standing.scores:
        said.append(f"mean Jaccard {standing.scores[scene]:.2f}")
    if scene in standing.unknown:
        said.append("labels say nothing of some ground")
    return ", ".join(said)


def notes_of(every: int, chosen: int, shown: int, report: Report, held_out: bool) -> list[str]:
    """What is said of all: the first line above the viewer, the others below it.

    Args:
        every: Number of scenes with polygons.
        chosen: Of those that were wanted.
        shown: Of those that fit.
        report: The section of the configuration.
        held_out: Whether labelled scenes were predicted by networks that were not trained on them.
    """
    count = "1 scene" if shown == 1 else f"{shown} scenes"
    said = [
        f"{count} with the polygons that were predicted and, where it is known, the truth. "
        "Outlines are simplified for the view; areas and probabilities are those of the polygons "
        "themselves."
    ]
    if held_out:
        said[0] += (
            " Scenes held out in a fold were predicted by networks that were not trained on them."
        )
    if chosen < every:
        rule = "report.scenes" if chosen == report.scenes else "report.megabytes"
        said.append(
            f"{every - chosen} of {every} scenes are not shown: {rule} allows {chosen}. Shown are "
            "a quarter with the lowest scores, a quarter with the highest, and others evenly "
            "spaced by their ids."
        )
    if shown < chosen:
        said.append(
            f"{chosen - shown} more did not fit into report.megabytes ({report.megabytes:g}): "
            "raise it, or lower report.scenes."
        )
    return said
