"""How many generated scenes, how large, and from which seed."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.errors import ConfigError

SMALLEST_SIDE = 30
LARGEST_SIDE = 2000


@dataclass(frozen=True)
class GeneratorSpec:
    """A generated dataset in one line; equal specs give equal bytes.

    Attributes:
        seed: Any integer from 0 on; the only source of chance.
        train_places: Number of distinct labelled places.
        test_places: Number of distinct places whose truth goes to the solution file.
        twins: How many of the train places are also seen at a second date: extra labelled scenes.
        size: Smallest and largest side of a scene, in metres.

    Raises:
        ConfigError: If a number is out of its range.
    """

    seed: int = 7
    train_places: int = 10
    test_places: int = 4
    twins: int = 2
    size: tuple[int, int] = (220, 320)

    def __post_init__(self) -> None:
        _require(self.seed >= 0, f"seed is {self.seed}; use 0 or more")
        _require(self.train_places >= 1, f"train_places is {self.train_places}; use 1 or more")
        _require(self.test_places >= 0, f"test_places is {self.test_places}; use 0 or more")
        _require(
            0 <= self.twins <= self.train_places,
            f"twins is {self.twins}; use 0 to train_places, which is {self.train_places}",
        )
        smallest, largest = self.size
        _require(
            SMALLEST_SIDE <= smallest <= largest <= LARGEST_SIDE,
            f"size is {self.size}; use (smallest, largest) side in metres, "
            f"from {SMALLEST_SIDE} to {LARGEST_SIDE}",
        )


def _require(holds: bool, message: str) -> None:
    if not holds:
        raise ConfigError(f"generated scenes: {message}")
