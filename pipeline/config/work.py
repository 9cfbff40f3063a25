"""The section ``work``: where the scenes of a stage are worked on. No result depends on it."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from pipeline.config.base import Positive, Section


class Work(Section):
    """Workers, and the memory that one scene may take."""

    backend: Literal["inline", "pool", "dask"] = "inline"
    """inline: one scene after another in this process; pool: processes of this machine; dask:
    workers of a Dask cluster that see the same folders."""
    workers: Positive | None = None
    """Processes of a pool, or of a Dask cluster that is started here; null: one per core."""
    scheduler: str | None = None
    """Address of a running Dask scheduler."""
    memory: Annotated[float, Field(ge=0.05, le=4096)] = 1.0
    """GiB that a scene's arrays may take in a worker: what would take more is worked on in strips.
    The result is the same."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.scheduler is not None and self.backend != "dask":
            raise ValueError("scheduler: needs work.backend=dask")
        return self
