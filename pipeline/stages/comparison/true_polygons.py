"""True polygons of scenes, by name of a class and in map units."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.errors import PipelineError
from pipeline.imagery.polygon_text import Polygonal
from pipeline.stages.comparison.compared_run import ComparedRun
from pipeline.stages.comparison.scene_ground import by_name
from pipeline.stages.overview import truths_of


def true_polygons(
    run: ComparedRun, scenes: Sequence[str]
) -> tuple[dict[str, dict[str, Polygonal]], list[str]]:
    """True polygons of a run's scenes, by labels or else the solution.

    Returns:
        Of each scene by name of a class, none where nothing is known; and what could not be read.
    """
    solution = run.solution if run.solution is not None and run.solution.is_file() else None
    try:
        found = truths_of(run.scenes, scenes, solution, run.classes)
    except (PipelineError, OSError, ValueError) as error:
        return {scene: {} for scene in scenes}, [f"The true polygons can't be shown: {error}"]
    return {scene: by_name(run, found.get(scene, {})) for scene in scenes}, []
