"""How well registration finds the shifts of generated scenes, whose truth is known.

Prints a row per scene and band group: true and found shift in metres, error, correlation, and the
largest error of each group at the end.

    python scripts/check_registration.py [--scenes 6] [--seed 7]
"""

from __future__ import annotations

import argparse
import copy
import math

import numpy as np
from numpy.typing import NDArray

from pipeline.imagery.generated.ground import render
from pipeline.imagery.generated.place import build_place
from pipeline.imagery.generated.season import visit
from pipeline.imagery.generated.sensor import GROUPS, expose, take
from pipeline.imagery.generated.spec import GeneratorSpec
from pipeline.imagery.registration import register

MAX_SHIFT = 15.0
MIN_CORRELATION = 0.5


def main() -> None:
    """Generate scenes, register their groups, compare."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--scenes", type=int, default=6)
    arguments.add_argument("--seed", type=int, default=7)
    options = arguments.parse_args()
    spec = GeneratorSpec(
        seed=options.seed,
        train_places=options.scenes,
        test_places=1,
        twins=0,
        size=(220, 320),
    )
    worst: dict[str, float] = {}
    for number in range(options.scenes):
        for group, error in _errors(spec, number):
            worst[group] = max(worst.get(group, 0.0), error)
    for group, error in worst.items():
        print(f"largest error {group}: {error:.2f} m")


def _errors(spec: GeneratorSpec, number: int) -> list[tuple[str, float]]:
    """Error of each group but the reference, metres; infinite where it stays unaligned."""
    place = build_place(spec, number)
    date = visit(place, 0)
    ground = render(place, date)
    shifts = expose(place, copy.deepcopy(date)).shifts  # what `take` is about to draw
    images = take(place, date, ground)
    found = []
    for group, true in zip(GROUPS[1:], shifts[1:], strict=True):
        pixels = images[group.name]
        valid: NDArray[np.bool_] = np.asarray(pixels.any(axis=0))
        result = register(
            images["RGB"], pixels, valid, group.step, "translation", MAX_SHIFT, MIN_CORRELATION
        )
        error = math.hypot(result.metres[0] - true[0], result.metres[1] - true[1])
        error = error if result.status == "aligned" else math.inf
        print(
            f"scene {number} {group.name}  true {true[0]:6.2f} {true[1]:6.2f}  found "
            f"{result.metres[0]:6.2f} {result.metres[1]:6.2f}  error {error:5.2f}  "
            f"correlation {result.correlation:.2f} {result.note}"
        )
        found.append((group.name, error))
    return found


if __name__ == "__main__":
    main()
