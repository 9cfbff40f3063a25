"""Where the images of one acquisition lie on the map, by the labels of some of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import shapely

from pipeline.errors import DatasetError
from pipeline.imagery.frame import Frame
from pipeline.imagery.label_alignment import LabelledImage, align_to_labels
from pipeline.imagery.scene import Pixels
from pipeline.imagery.transform import moved

MAX_PIXELS: Final = 1_000_000
"""Finer images are not aligned to labels: the method is meant for coarse ones, and slow."""


def labelled_image(pixels: Pixels, frame: Frame, texts: Mapping[int, str]) -> LabelledImage:
    """An image and its labels in pixel coordinates.

    Raises:
        DatasetError: If the image is too fine for this.
    """
    if frame.shape[0] * frame.shape[1] > MAX_PIXELS:
        raise DatasetError(
            f"images of {frame.shape[0]} x {frame.shape[1]} pixels are too fine to be aligned to "
            "labels; set scenes.align_to_labels to false"
        )
    shapes = {
        code: moved(shapely.from_wkt(text), ~(frame.to_map @ frame.image))
        for code, text in texts.items()
    }
    return LabelledImage(pixels, shapes)


def offset_of(images: Sequence[LabelledImage], metres: float, max_shift: float) -> dict[str, Any]:
    """Offset of an acquisition as JSON.

    Args:
        images: Its labelled images.
        metres: Metres per pixel.
        max_shift: Largest plausible offset, metres.

    Returns:
        ``right_metres`` and ``down_metres``: how far the images' content lies off the map;
        ``gain`` in nats over no offset; ``note``: why there is none, else empty.
    """
    found = align_to_labels(images, reach=max(1, round(max_shift / metres)))
    if found is None:
        return {
            "right_metres": 0.0,
            "down_metres": 0.0,
            "gain": 0.0,
            "note": f"no offset up to scenes.max_shift of {max_shift:g} m fits the labels best",
        }
    # What lies at a pixel belongs `columns` further right on the map: it lies too far left.
    return {
        "right_metres": -found.columns * metres,
        "down_metres": -found.rows * metres,
        "gain": round(found.gain, 3),
        "note": "",
    }
