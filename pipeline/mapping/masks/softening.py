"""Levels smoothed before they are cut: a Gaussian, then a median, of answers alone."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from pipeline.learning.metrics import LEVELS
from pipeline.mapping.prediction.coverage import UNANSWERED, Levels
from pipeline.mapping.tracing.corners import Mask

REACH: Final = 4.0
"""Standard deviations after which a Gaussian ends."""
_CHUNK: Final = 1 << 24
"""Numbers that are sorted in one go."""
_DEAR: Final = 25
"""Numbers to sort per pixel of the image from which on counting by level is faster."""
_WIDEST: Final = 127
"""Radius of the largest window whose pixels OpenCV's median counts without overflow."""


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
    # No window sees more than all of the image.
    radius = min(radius, max(levels.shape))
    answered = levels != UNANSWERED
    counts = _sums(answered, radius)
    gaps = answered & (counts < (2 * radius + 1) ** 2)
    work = np.count_nonzero(gaps) * (2 * radius + 1) ** 2
    if radius > _WIDEST or work > _DEAR * levels.size:
        found = _medians_by_level(levels, counts, radius)
    else:
        found = np.array(cv2.medianBlur(levels, 2 * radius + 1), np.uint8)
        _sort_windows(found, levels, gaps, radius)
    found[~answered] = UNANSWERED
    return found


def _sums(mask: Mask, radius: int) -> NDArray[np.int32]:
    """Pixels of a mask in the window around each pixel, (H, W)."""
    side = (2 * radius + 1, 2 * radius + 1)
    return np.asarray(
        cv2.boxFilter(
            mask.view(np.uint8), cv2.CV_32S, side, normalize=False, borderType=cv2.BORDER_CONSTANT
        ),
        np.int32,
    )


def _medians_by_level(levels: Levels, counts: NDArray[np.int32], radius: int) -> Levels:
    """Medians from how many answers reach each level: as dear for wide windows as for narrow."""
    found = np.zeros_like(levels)
    for level in np.flatnonzero(np.bincount(levels.ravel())):
        if level != UNANSWERED:
            found[_sums(levels >= level, radius) > counts // 2] = level
    return found


def _sort_windows(found: Levels, levels: Levels, gaps: Mask, radius: int) -> None:
    """Put in the medians of windows with gaps, most of them at the border, one by one."""
    side = 2 * radius + 1
    rows, columns = np.nonzero(gaps)
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(levels, radius), (side, side))
    step = max(1, _CHUNK // side**2)
    for first in range(0, len(rows), step):
        at = rows[first : first + step], columns[first : first + step]
        found[at] = _lower_median(windows[at].reshape(len(at[0]), -1))


def _lower_median(rows: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The lower median of the answers of each row, which has at least one."""
    rows.sort(axis=1)
    answers = np.count_nonzero(rows, axis=1)
    medians: NDArray[np.uint8] = rows[np.arange(len(rows)), rows.shape[1] - 1 - answers // 2]
    return medians
