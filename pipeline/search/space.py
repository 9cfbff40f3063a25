"""A search space: its dimensions, which of them apply, and what a trial's values mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from pipeline.files import digest_of
from pipeline.search.dimension import Dimension, OutsideError, to_text
from pipeline.search.entry import Params

__all__ = ["Limits", "OutsideError", "Space"]


@dataclass(frozen=True)
class Limits:
    """What a trial's networks may cost; None is no limit.

    Attributes:
        parameters: Weights.
        multiply_adds: Products in one forward pass of one patch.
        memory: Bytes of activations that a batch keeps for the backward pass, in float32.
    """

    parameters: float | None = None
    multiply_adds: float | None = None
    memory: float | None = None


@dataclass(frozen=True)
class Space:
    """What a search may choose.

    Attributes:
        dimensions: In the order of the file: parents stand before their children.
        limits: Checked on every trial before it is trained.
    """

    dimensions: tuple[Dimension, ...]
    limits: Limits = Limits()

    @property
    def digest(self) -> str:
        """Hash of all that it means; comments and the file's layout are no part of it."""
        # Parts are hashed as text, in which 4 and 4.0 are the same.
        rows = [to_text(asdict(dimension)) for dimension in self.dimensions]
        return digest_of({"dimensions": rows, "limits": to_text(asdict(self.limits))})

    def dimension(self, name: str) -> Dimension:
        """The dimension of this name.

        Raises:
            KeyError: If there is none.
        """
        for dimension in self.dimensions:
            if dimension.name == name:
                return dimension
        raise KeyError(name)

    def is_active(self, name: str, params: Params) -> bool:
        """Whether a dimension applies, given the values of its parents and theirs.

        Raises:
            KeyError: If there is no such dimension.
        """
        return all(
            parent.name in params
            and parent.holds(params[parent.name])
            and self.is_active(parent.name, params)
            for parent in self.dimension(name).when
        )

    def defaults(self) -> Params:
        """Values of the default trial."""
        return self.completed({})

    def overrides(self, params: Params) -> dict[str, Any]:
        """Keys of a model row and their values, as a trial's values set them.

        Args:
            params: Values of all dimensions that apply.
        """
        keys: dict[str, Any] = {}
        for dimension in self.dimensions:
            if dimension.name in params and self.is_active(dimension.name, params):
                keys |= dimension.sets(params[dimension.name])
        return keys

    def completed(self, params: Mapping[str, Any]) -> Params:
        """Values from an older space, or written by hand, as values of this space.

        Dimensions that apply and are not named get their defaults.

        Raises:
            OutsideError: If a value is no longer there, or its dimension is gone or does not apply.
        """
        names = {dimension.name for dimension in self.dimensions}
        for name, value in params.items():
            if name not in names:
                raise OutsideError(f"{name}: {to_text(value)} is of no dimension of the space")
        values: dict[str, Any] = {}
        for dimension in self.dimensions:
            name = dimension.name
            if self.is_active(name, values):
                given = params.get(name, dimension.default)
                values[name] = dimension.normal(given)
            elif name in params:
                raise OutsideError(
                    f"{name}: {to_text(params[name])} does not apply; it is only for "
                    f"{_conditions(dimension)}"
                )
        return values


def _conditions(dimension: Dimension) -> str:
    """When a dimension applies, for people."""
    return " and ".join(
        f"{parent.name} {' or '.join(map(to_text, parent.values))}" for parent in dimension.when
    )
