"""Spectral indices of a run's scenes, for the rules that ask for them."""

from __future__ import annotations

from pipeline.imagery.tiles import TiledScene
from pipeline.mapping.rules.spectral import IndexSource, scene_indices
from pipeline.stages.job import Job


def indices_of(job: Job, scene: TiledScene) -> IndexSource:
    """Spectral indices of a scene, computed when a rule asks for them."""
    return scene_indices(scene, job.config.dataset.groups, job.config.features.resampling)
