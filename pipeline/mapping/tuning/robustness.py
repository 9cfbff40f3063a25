"""What a choice is worth where one fold alone may have made it look good."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

Fold = TypeVar("Fold")


def worst(
    folds: Sequence[Fold], score: Callable[[Sequence[Fold]], float], without: int | None = None
) -> float:
    """The score in the worst case of leaving one fold out.

    With less than three folds to choose by it is that of all of them.

    Args:
        folds: What the choice gives on each fold.
        score: Of several folds together.
        without: A fold that takes no part.
    """
    others = [fold for number, fold in enumerate(folds) if number != without]
    if len(others) < 3:
        return score(others)
    return min(score([*others[:left], *others[left + 1 :]]) for left in range(len(others)))
