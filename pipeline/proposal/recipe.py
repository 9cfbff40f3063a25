"""Working resolution, patches, network and training that fit the scenes and the machine."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pipeline.imagery.transform import Shape
from pipeline.proposal.machine import Machine

COARSEST: Final = 8
"""Pixels per pixel of the lowest of four levels."""
PATCH: Final = 128
_LEAST_PATCH: Final = 16
_FINER: Final = 5.0
"""Labels whose parts are no more than so many pixels across ask for a finer working grid."""
RATE: Final = 200_000.0
"""Working pixels per second and core that a U-Net of width 16 with four levels trains on, with its
share of validation: measured with batches of 8 patches of 128 pixels on an AMD EPYC."""
RATE_OF_LEARNING: Final = "3.0e-3"
"""Peak rate, as YAML; near what searches found best on real and generated scenes."""
MINUTES: Final = 5.0
"""How long the first training may take on processor cores, all folds together."""


@dataclass(frozen=True)
class Recipe:
    """What a first run works with.

    Attributes:
        metres: Working resolution.
        metres_reason: Why.
        patch: Side of a patch, working pixels.
        patch_reason: Why.
        batch: Patches per step.
        width: Channels of the network's first level.
        depth: Its levels.
        steps: Steps per fold.
        steps_reason: Why.
        window: Side of a prediction window, working pixels.
        d4: Whether all eight views are predicted and averaged.
    """

    metres: float
    metres_reason: str
    patch: int
    patch_reason: str
    batch: int
    width: int
    depth: int
    steps: int
    steps_reason: str
    window: int
    d4: bool


def choose_recipe(
    metres: float, finest: float | None, shapes: Sequence[Shape], folds: int, machine: Machine
) -> Recipe:
    """Choose what a first run works with.

    Args:
        metres: Of a pixel of the finest images.
        finest: Median size of the labels' parts, metres; None where they are masks.
        shapes: (H, W) of the labelled scenes or blocks, in pixels of the finest images.
        folds: Number of folds.
        machine: Where it runs.
    """
    working, why = metres, "that of the finest images"
    if finest is not None and finest < _FINER * metres:
        working = metres / 2
        why = f"half a pixel: the labels' parts are about {finest:.3g} m across, few pixels wide"
    sides = sorted(min(shape) * metres / working for shape in shapes) or [float(PATCH)]
    depth = 5 if machine.gpu else 4
    patch, reason = _patch(sides, 2 * PATCH if machine.gpu else PATCH, 2 ** (depth - 1))
    batch, steps, told = _training(shapes, patch, metres / working, folds, machine)
    window = _window(max((max(shape) for shape in shapes), default=patch) * metres / working, patch)
    return Recipe(
        metres=float(f"{working:.6g}"),
        metres_reason=why,
        patch=patch,
        patch_reason=reason,
        batch=batch,
        width=32 if machine.gpu else 16,
        depth=depth,
        steps=steps,
        steps_reason=told,
        window=window,
        d4=bool(machine.gpu) or sum(h * w for h, w in shapes) < 50e6,
    )


def _patch(sides: Sequence[float], wanted: int, unit: int) -> tuple[int, str]:
    """Side of a patch that most scenes hold, and why."""
    usual = sides[len(sides) // 10]
    if usual >= wanted:
        return wanted, f"a multiple of {unit}, as the network needs"
    side = max(_LEAST_PATCH, unit, int(usual) // unit * unit)
    return (
        side,
        f"a multiple of {unit}, as the network needs, that scenes of {usual:.0f} pixels hold",
    )


def _training(
    shapes: Sequence[Shape], patch: int, scale: float, folds: int, machine: Machine
) -> tuple[int, int, str]:
    """Batch, steps per fold, and why."""
    if machine.gpu:
        batch = 16 if machine.gpu >= 10 else 8
        return batch, 3000, "a first run of minutes on the graphics card"
    batch = max(4, min(16, round(8 * (PATCH / patch) ** 2)))
    step = batch * patch * patch / (RATE * machine.cores)
    affordable = 60 * MINUTES / folds / step
    ground = sum(h * w for h, w in shapes) * scale * scale * (folds - 1) / folds
    seen = 40 * ground / (batch * patch * patch)
    steps = max(60, min(affordable, max(seen, 200), 2000))
    steps = math.ceil(steps / 20) * 20
    minutes = folds * steps * step / 60
    return (
        batch,
        steps,
        f"about {max(minutes, 0.5):.1g} minutes for all folds here; more steps, better maps",
    )


def _window(side: float, patch: int) -> int:
    """Side of a prediction window: a whole scene if it is small, else two patches."""
    whole = math.ceil(side / COARSEST) * COARSEST
    return max(2 * patch, 32) if whole > 3 * patch else max(math.ceil(whole / 16) * 16, patch, 16)
