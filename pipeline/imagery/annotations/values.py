"""Which class a polygon is of, by an attribute or by its layer's name."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pipeline.config.labels import VectorLabels, plain_text
from pipeline.errors import LabelError
from pipeline.imagery.annotations.layers import Layer

BACKGROUND: Final = -1
IGNORED: Final = -2
_SHOWN: Final = 10


def plain_texts(values: NDArray[Any]) -> NDArray[Any]:
    """Values (n,) of a column as texts (n,), each as the configuration writes it."""
    return np.array([plain_text(value) for value in values.tolist()], dtype=object)


def codes_of(layer: Layer, settings: VectorLabels, codes: Sequence[int]) -> NDArray[np.int64]:
    """Class code of each feature (n,), or ``BACKGROUND`` or ``IGNORED``.

    Raises:
        LabelError: If a value is not listed and ``other`` says that this is an error.
    """
    if not settings.values:
        return np.full(len(layer.shapes), codes[0], dtype=np.int64)
    meanings = {
        **settings.values,
        **dict.fromkeys(settings.background, BACKGROUND),
        **dict.fromkeys(settings.ignore, IGNORED),
    }
    if settings.column is None:
        texts = np.full(len(layer.shapes), plain_text(layer.name), dtype=object)
    else:
        texts = plain_texts(layer.columns[settings.column])
    unknown = np.array([text not in meanings for text in texts], dtype=np.bool_)
    if unknown.any() and settings.other == "error":
        raise LabelError(_unknown(layer, settings, list(meanings), texts, unknown))
    other = IGNORED if settings.other == "ignore" else BACKGROUND
    return np.array([meanings.get(text, other) for text in texts], dtype=np.int64)


def check_codes(settings: VectorLabels, codes: Sequence[int]) -> None:
    """Check that labels speak of the classes of the configuration and of no others.

    Raises:
        LabelError: If they name another, or name none where there are several.
    """
    known = ", ".join(str(code) for code in codes)
    if not settings.values and len(codes) != 1:
        raise LabelError(
            f"dataset.labels.values: is empty where dataset.classes lists {len(codes)} classes "
            f"({known}); write which value means which class, as values: {{forest: {codes[0]}}}"
        )
    check_classes(settings.values, codes)


def check_classes(values: dict[Any, int], codes: Sequence[int]) -> None:
    """Check that listed values mean classes that the configuration has.

    Raises:
        LabelError: If one doesn't.
    """
    for value, code in values.items():
        if code not in codes:
            raise LabelError(
                f"dataset.labels.values: {value!r} means class {code}, which dataset.classes lacks "
                f"(its codes: {', '.join(str(known) for known in codes)}); add the class there, or "
                "list the value under labels.background or labels.ignore"
            )


def _unknown(
    layer: Layer,
    settings: VectorLabels,
    known: list[str],
    texts: NDArray[Any],
    unknown: NDArray[np.bool_],
) -> str:
    """Message that names the values that are not listed."""
    counts = Counter(texts[unknown].tolist()).most_common()
    rows = []
    for text, count in counts[:_SHOWN]:
        close = difflib.get_close_matches(text, known, n=1)
        hint = f", did you mean {close[0]!r}?" if close else ""
        first = layer.numbers[texts == text][0]
        rows.append(f"{text[:60]!r} ({count} of them, first {layer.unit} {first}{hint})")
    more = f" and {len(counts) - _SHOWN} more" if len(counts) > _SHOWN else ""
    listed = ", ".join(repr(value[:40]) for value in known[:20])
    what = "its name" if settings.column is None else f"column {settings.column!r}"
    return (
        f"{layer.place}: {what} is not among dataset.labels.values: {'; '.join(rows)}{more}; "
        f"listed are {listed}. List it with its class, or under labels.background or "
        "labels.ignore, or set labels.other"
    )
