"""Levels smoothed before they are cut: a Gaussian, then a median, of answers alone."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from pipeline.learning.metrics import LEVELS
from pipeline.mapping.coverage import UNANSWERED, Levels

REACH: Final = 4.0
"""Standard deviations after which a Gaussian ends."""
_CHUNK: Final = 1 << 24
"""Numbers that are sorted in one go."""


def softened(levels: Levels, sigma: float, radius: int) -> Levels:
    """Levels (H, W) uint8 after :func:`smoothed` and :func:`medianed`."""
    return medianed(smoothed(levels, sigma), radius)


def smoothed(levels: Levels, sigma: float) -> Levels:
    """Levels averaged by a Gaussian, rounded to levels again.

    Only pixels with an answer are averaged, with weights that sum to 1 over them; what lies around
    the image has none. A pixel without an answer gets none.

    Args:
        levels: (H, W) uint8, 0 for no answer.
        sigma: Standard deviation, pixels; 0 changes nothing.
    """
    if sigma <= 0:
        return levels
    answered = levels != UNANSWERED
    # Single precision would make the result depend on the order of sums, at halves.
    weights = gaussian_filter(answered.astype(np.float64), sigma, mode="constant", truncate=REACH)
    sums = gaussian_filter(levels.astype(np.float64), sigma, mode="constant", truncate=REACH)
    means = np.divide(sums, weights, out=np.zeros_like(sums), where=answered)
    found: Levels = np.rint(means).clip(UNANSWERED + 1, LEVELS - 1).astype(np.uint8)
    found[~answered] = UNANSWERED
    return found


def medianed(levels: Levels, radius: int) -> Levels:
    """Levels replaced by the median of a square window around each.

    Only pixels with an answer count; of an even number of them, the lower one of the two in the
    middle is taken. A pixel without an answer gets none.

    Args:
        levels: (H, W) uint8, 0 for no answer.
        radius: Pixels from the middle of a window to its last; 0 changes nothing.
    """
    if radius <= 0 or not levels.any():
        return levels
    side = 2 * radius + 1
    answered = levels != UNANSWERED
    found: Levels = np.array(cv2.medianBlur(levels, side), np.uint8)
    counts = cv2.boxFilter(
        answered.view(np.uint8),
        cv2.CV_32F,
        (side, side),
        normalize=False,
        borderType=cv2.BORDER_CONSTANT,
    )
    # Windows with gaps, most of them at the border, are sorted one by one.
    rows, columns = np.nonzero(answered & (np.asarray(counts) < side**2))
    padded = np.pad(levels, radius)
    windows = np.lib.stride_tricks.sliding_window_view(padded, (side, side))
    step = max(1, _CHUNK // side**2)
    for first in range(0, len(rows), step):
        at = rows[first : first + step], columns[first : first + step]
        found[at] = _lower_median(windows[at].reshape(len(at[0]), -1))
    found[~answered] = UNANSWERED
    return found


def _lower_median(rows: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The lower median of the answers of each row, which has at least one."""
    rows.sort(axis=1)
    answers = np.count_nonzero(rows, axis=1)
    medians: NDArray[np.uint8] = rows[np.arange(len(rows)), rows.shape[1] - 1 - answers // 2]
    return medians
