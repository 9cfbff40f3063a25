"""A network as the report shows it: what it is, whose it is, what it costs and sees."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from pipeline.errors import ArtifactError
from pipeline.learning.weights import NetworkRecord


@dataclass(frozen=True)
class Measures:
    """What a network costs, and how far it sees.

    Attributes:
        parameters: Its weights.
        multiply_adds: Products in one forward pass of one patch.
        activation_bytes: What a training keeps of one patch, in float32.
        field: Side of the square of pixels that a logit depends on; None for the whole patch.
    """

    parameters: int
    multiply_adds: int
    activation_bytes: int
    field: int | None

    def to_json(self) -> dict[str, Any]:
        """All of it as JSON values."""
        return dict(vars(self))

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """What :meth:`to_json` gave.

        Raises:
            ArtifactError: If it is something else.
        """
        try:
            return cls(**values)
        except TypeError as error:
            raise ArtifactError(f"report/network: damaged ({error}); run `report` again") from None


@dataclass(frozen=True)
class ReportedNetwork:
    """A network that some models share; only their classes may differ.

    Attributes:
        record: What the first of these models trained.
        models: Names of the models.
        classes: Names of the classes of each of these models.
        side: Side of a training patch, pixels.
        metres: Side of a pixel, metres.
        measures: Costs and field; None where it could not be built again.
    """

    record: NetworkRecord
    models: tuple[str, ...]
    classes: tuple[tuple[str, ...], ...]
    side: int
    metres: float
    measures: Measures | None
