"""Sections ``train.loss`` and ``targets``: wrong values name the field and the fix."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from pipeline.config.loss import Loss
from pipeline.config.targets import Targets

HALVES = {"tversky": 1, "cross_entropy": 1}


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"terms": {}}, r"every share is 0.*for example \{cross_entropy: 0\.5, jaccard: 0\.5\}"),
        ({"terms": {"jaccard": 0, "focal": 0}}, "every share is 0"),
        ({"terms": {"jaccard": -1}}, r"terms\.jaccard\n.*greater than or equal to 0"),
        ({"terms": {"jacard": 1}}, r"terms\.jacard\n.*[Ee]xtra"),
        ({"terms": {"jaccard": float("nan")}}, r"terms\.jaccard\n.*finite"),
        ({"terms": HALVES}, r"terms\.tversky is 1 .* no alpha and no beta; .*alpha: 0\.3"),
        ({"terms": HALVES, "alpha": 0.3}, "there is no beta; name both"),
        ({"terms": HALVES, "beta": 0.3}, "there is no alpha; name both"),
        ({"terms": HALVES, "alpha": 0, "beta": 1}, r"alpha\n.*greater than 0"),
        ({"gamma": -0.1}, r"gamma\n.*greater than or equal to 0"),
        ({"smoothing": -1.0}, "greater than or equal to 0"),
        ({"class_weights": {5: -1.0}}, "greater than or equal to 0"),
        ({"positive_weights": {5: 0}}, r"positive_weights\.5\n.*greater than 0"),
        ({"absent": "skip"}, "'ignore' or 'punish'"),
        ({"absent": {5: "skip"}}, "'ignore' or 'punish'"),
        ({"boundary": {"width": 0, "weight": 2}}, r"boundary\.width\n.*greater than or equal to 1"),
        ({"boundary": {"width": 2.5, "weight": 2}}, r"boundary\.width\n.*integer"),
        ({"boundary": {"width": 2}}, r"boundary\.weight\n.*required"),
        ({"boundary": {"width": 2, "weight": -2}}, r"boundary\.weight\n.*greater than or equal"),
        (
            {"terms": {"dice": 1}, "boundary": {"width": 2, "weight": 2}},
            "boundary weighs pixels.*terms.cross_entropy a share, or remove boundary",
        ),
        (
            {"terms": {"dice": 1}, "positive_weights": {1: 2}},
            "positive_weights weighs pixels.*or remove positive_weights",
        ),
    ],
)
def test_wrong_losses_are_refused(values: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Loss.model_validate(values)


def test_losses_that_are_right() -> None:
    assert Loss().terms.whole() == 1
    assert Loss().boundary is None
    assert Loss.model_validate({"terms": {"focal": 1}, "positive_weights": {1: 2}}).gamma == 2
    both = Loss.model_validate(
        {"terms": HALVES, "alpha": 0.3, "beta": 0.7, "absent": {3: "punish"}}
    )
    assert (both.terms.whole(), both.absent) == (2, {3: "punish"})
    assert Loss.model_validate({"boundary": {"width": 1, "weight": 0}}).boundary is not None


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"dilate": {3: 0}}, r"dilate\.3\n.*greater than 0"),
        ({"dilate": {3: -2.5}}, r"dilate\.3\n.*greater than 0"),
        ({"dilate": {3: float("inf")}}, r"dilate\.3\n.*finite"),
        ({"samples": 1}, r"samples\n.*greater than or equal to 2"),
        ({"samples": 17}, r"samples\n.*less than or equal to 16"),
        ({"soft": "perhaps"}, r"soft\n.*boolean"),
        ({"grow": {3: 2}}, r"grow\n.*[Ee]xtra"),
    ],
)
def test_wrong_targets_are_refused(values: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Targets.model_validate(values)
