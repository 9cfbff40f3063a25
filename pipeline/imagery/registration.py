"""How far a band group lies off the reference group, by the enhanced correlation coefficient.

ECC: Evangelidis and Psarakis 2008, as in ``cv2.findTransformECC``. Groups see different parts of
the spectrum, in which the same field may be bright or dark. So the group's brightness is compared
with what the reference's bands say of it: their linear combination that fits it best, on the
group's own (coarser) grid. It is fitted again when the coarse motion is known.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from scipy.ndimage import minimum_filter

from pipeline.imagery.scene import Pixels

Motion = Literal["translation", "euclidean"]
Image = NDArray[np.float32]
IDENTITY: Final = Affine.identity()
MIN_SIDE: Final = 16
"""A shorter image holds too little to be aligned by."""
_COARSE_SIDE: Final = 192
"""Images longer than twice this are first aligned at a fraction of their size."""
_FINE_SIDE: Final = 1200
"""Longer images are never aligned at full size: a hundredth of a pixel less costs a minute less."""
_FITTED: Final = 200_000
_ITERATIONS: Final = 200
_PRECISION: Final = 1e-6
_SMOOTHING: Final = 1
_MIXED: Final = 3
"""Pixels this near to an invalid one take no part."""


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
    mask = np.ones((height, width), dtype=np.uint8) if valid is None else _eroded(valid)
    if not mask.any():
        return Registration("unaligned", note="no pixel is valid")
    bands = np.stack([_on_grid(_logarithm(band), (height, width)) for band in reference])
    brightness = _standard(np.mean([_standard(_logarithm(b), mask) for b in group], axis=0), mask)
    found = _search(bands, brightness, mask, motion)
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
    bands: Image, moving: Image, mask: NDArray[np.uint8], motion: Motion
) -> tuple[float, Affine] | None:
    """Correlation and motion of pixel centres, reference to group; None without convergence."""
    import cv2  # noqa: PLC0415 - costs a third of a second that few commands need

    kind = cv2.MOTION_TRANSLATION if motion == "translation" else cv2.MOTION_EUCLIDEAN
    stop = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, _ITERATIONS, _PRECISION)
    side = max(moving.shape)
    fine = max(0, math.ceil(math.log2(side / _FINE_SIDE)))
    correlation, warp = 0.0, np.eye(2, 3, dtype=np.float32)
    for step in (max(fine, int(math.log2(side / _COARSE_SIDE))), fine):
        shape = (max(1, moving.shape[0] >> step), max(1, moving.shape[1] >> step))
        small = np.stack([_on_grid(band, shape) for band in bands])
        target, part = _on_grid(moving, shape), (_on_grid(mask, shape) > 0.99).astype(np.uint8)
        warp[:, 2] /= 2**step
        try:
            template = _explained(small, _moved_back(target, warp), part)
            correlation, found = cv2.findTransformECC(
                template, target, warp, kind, stop, part, _SMOOTHING
            )
        except cv2.error:
            return None
        warp = np.asarray(found, dtype=np.float32)
        warp[:, 2] *= 2**step
    if not (math.isfinite(correlation) and np.isfinite(warp).all()):
        return None
    return float(correlation), Affine(*warp.astype(float).ravel())


def _explained(bands: Image, target: Image, mask: NDArray[np.uint8]) -> Image:
    """The linear combination of bands (C, H, W) that fits a target (H, W) best."""
    places = np.flatnonzero(mask)
    places = places[:: max(1, len(places) // _FITTED)]
    columns = [band.reshape(-1)[places] for band in bands]
    matrix = np.column_stack([*columns, np.ones(len(places))])
    weights = np.linalg.lstsq(matrix, target.reshape(-1)[places], rcond=None)[0]
    return _standard(np.tensordot(weights[:-1], bands, 1), mask)


def _moved_back(image: Image, warp: NDArray[np.float32]) -> Image:
    """The group's image as it would lie on the reference after a motion."""
    import cv2  # noqa: PLC0415 - as above

    size, flags = (image.shape[1], image.shape[0]), cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    moved = cv2.warpAffine(image, warp, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(moved, dtype=np.float32)


def _move(motion: Affine, point: tuple[float, float]) -> tuple[float, float]:
    x, y = motion @ point
    return x - point[0], y - point[1]


def _eroded(valid: NDArray[np.bool_]) -> NDArray[np.uint8]:
    mask: NDArray[np.uint8] = minimum_filter(valid.astype(np.uint8), 2 * _MIXED + 1)
    return mask


def _logarithm(band: NDArray[Any]) -> Image:
    """Logarithm, under which light and haze change a band's level but hardly its pattern."""
    return np.log1p(np.maximum(band.astype(np.float32), 0))


def _standard(image: NDArray[Any], mask: NDArray[np.uint8]) -> Image:
    """An image with mean 0 and spread 1 over the mask, and 0 outside of it."""
    known = image[mask > 0]
    spread = known.std()
    scaled = (image - known.mean()) / (spread if spread > 0 else 1)
    return np.where(mask > 0, scaled, 0).astype(np.float32)


def _on_grid(image: NDArray[Any], shape: tuple[int, int]) -> Image:
    """An image averaged onto a coarser grid over the same ground."""
    import cv2  # noqa: PLC0415 - as above

    small = cv2.resize(image.astype(np.float32), (shape[1], shape[0]), interpolation=cv2.INTER_AREA)
    return np.asarray(small, dtype=np.float32)
