"""How far a band group lies off the reference group, by the enhanced correlation coefficient.

ECC: Evangelidis and Psarakis 2008, as in ``cv2.findTransformECC``. Groups see different parts of
the spectrum, in which a field may be bright or dark; what they share is where things end. So
gradient magnitudes are compared, on the group's own (coarser) grid.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
from affine import Affine
from numpy.typing import NDArray

from pipeline.imagery.scene import Pixels

Motion = Literal["translation", "euclidean"]
Image = NDArray[np.float32]
IDENTITY: Final = Affine.identity()
MIN_SIDE: Final = 16
"""A shorter image holds too little to be aligned by."""
_COARSE_SIDE: Final = 192
"""Images longer than twice this are first aligned at a fraction of their size."""
_ITERATIONS: Final = 200
_PRECISION: Final = 1e-6
_SMOOTHING: Final = 5


@dataclass(frozen=True)
class Registration:
    """Where a group lies, and how well that is known.

    Attributes:
        status: ``reference``, ``aligned``, ``unaligned`` (tried, not trusted) or ``off``.
        motion: Edge coordinates of the reference, seen on the group's grid, to those of the
            group; the identity unless aligned.
        metres: How far the group's content lies right and down of where it should, at the
            image's middle; what was found, also if it was not trusted.
        degrees: Rotation that was found.
        correlation: ECC between -1 and 1; 0 where none was reached.
        note: Why a group stays unaligned; empty otherwise.
    """

    status: Literal["reference", "aligned", "unaligned", "off"]
    motion: Affine = IDENTITY
    metres: tuple[float, float] = (0.0, 0.0)
    degrees: float = 0.0
    correlation: float = 0.0
    note: str = ""


def register(
    reference: Pixels,
    group: Pixels,
    valid: NDArray[np.bool_] | None,
    metres: float,
    motion: Motion,
    max_shift: float,
    min_correlation: float,
) -> Registration:
    """Align a group with the reference group.

    Args:
        reference: (C, H, W) of the finest group.
        group: (C_g, H_g, W_g) of the same ground, no finer.
        valid: (H_g, W_g) of the group, or None where all is valid.
        metres: Metres per pixel of the group.
        motion: What may be found.
        max_shift: Largest plausible move of any corner, metres.
        min_correlation: Smallest correlation that counts as an alignment.
    """
    height, width = group.shape[1:]
    if min(height, width) < MIN_SIDE:
        return Registration("unaligned", note=f"smaller than {MIN_SIDE} pixels")
    template = _edges(_on_grid(_brightness(reference), (height, width)))
    moving = _edges(_brightness(group))
    found = _search(template, moving, valid, motion)
    if found is None:
        return Registration("unaligned", note="ECC did not converge")
    correlation, centred = found
    # OpenCV counts from pixel centres, everything here from pixel edges.
    edges = Affine.translation(0.5, 0.5) @ centred @ Affine.translation(-0.5, -0.5)
    moves = [
        _move(edges, (x * width, y * height))
        for x, y in ((0, 0), (0, 1), (1, 0), (1, 1), (0.5, 0.5))
    ]
    farthest = max(math.hypot(*move) for move in moves) * metres
    shift = (moves[-1][0] * metres, moves[-1][1] * metres)
    degrees = math.degrees(math.atan2(edges.d, edges.a))
    note = ""
    if not farthest <= max_shift:
        note = f"a shift of {farthest:.3g} m exceeds scenes.max_shift of {max_shift:g} m"
    elif correlation < min_correlation:
        note = (
            f"a correlation of {correlation:.2f} is below scenes.min_correlation of "
            f"{min_correlation:g}"
        )
    if note:
        return Registration("unaligned", IDENTITY, shift, degrees, correlation, note)
    return Registration("aligned", edges, shift, degrees, correlation)


def _search(
    template: Image, moving: Image, valid: NDArray[np.bool_] | None, motion: Motion
) -> tuple[float, Affine] | None:
    """Correlation and motion of pixel centres, template to moving; None without convergence."""
    import cv2  # noqa: PLC0415 - costs a third of a second that few commands need

    steps = max(0, int(math.log2(max(template.shape) / _COARSE_SIDE)))
    warp: Any = np.eye(2, 3, dtype=np.float32)
    correlation = 0.0
    kind = cv2.MOTION_TRANSLATION if motion == "translation" else cv2.MOTION_EUCLIDEAN
    stop = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, _ITERATIONS, _PRECISION)
    mask: Any = None if valid is None else valid.astype(np.uint8)
    for step in dict.fromkeys((steps, 0)):
        scale = 0.5**step
        small, large = _shrunk(template, scale), _shrunk(moving, scale)
        size = (small.shape[1], small.shape[0])
        part: Any = (
            None if mask is None else cv2.resize(mask, size, interpolation=cv2.INTER_NEAREST)
        )
        warp[:, 2] *= scale
        try:
            correlation, warp = cv2.findTransformECC(
                small, large, warp, kind, stop, part, _SMOOTHING
            )
        except cv2.error:
            return None
        warp[:, 2] /= scale
    if not (math.isfinite(correlation) and np.isfinite(warp).all()):
        return None
    return float(correlation), Affine(*warp.astype(float).ravel())


def _move(motion: Affine, point: tuple[float, float]) -> tuple[float, float]:
    x, y = motion @ point
    return x - point[0], y - point[1]


def _brightness(pixels: Pixels) -> Image:
    """Mean of the bands, each on its own spread, so that no band outshouts the others."""
    bands = pixels.astype(np.float32)
    spread = bands.std(axis=(1, 2), keepdims=True)
    bands /= np.where(spread > 0, spread, 1)
    mean: Image = bands.mean(axis=0)
    return mean


def _on_grid(image: Image, shape: tuple[int, int]) -> Image:
    """An image averaged onto a coarser grid over the same ground."""
    import cv2  # noqa: PLC0415 - as above

    resized = cv2.resize(image, (shape[1], shape[0]), interpolation=cv2.INTER_AREA)
    return np.asarray(resized, dtype=np.float32)


def _shrunk(image: Image, scale: float) -> Image:
    return image if scale == 1 else _on_grid(image, _scaled(image.shape, scale))


def _scaled(shape: tuple[int, ...], scale: float) -> tuple[int, int]:
    return max(1, round(shape[0] * scale)), max(1, round(shape[1] * scale))


def _edges(image: Image) -> Image:
    """Magnitude of the gradient, its strongest thousandth cut off, on a spread of 1."""
    down, right = np.gradient(image)
    magnitude: NDArray[Any] = np.hypot(down, right)
    top = np.quantile(magnitude, 0.999)
    spread = magnitude.std()
    scaled: Image = (np.minimum(magnitude, top) / (spread if spread > 0 else 1)).astype(np.float32)
    return scaled
