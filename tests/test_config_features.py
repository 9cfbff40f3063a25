"""The section ``features``: what it refuses."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from pipeline.config.features import Features


@pytest.mark.parametrize("second", [5, 5.0000001])
def test_a_side_of_contrast_that_stands_there_twice_is_refused(second: float) -> None:
    """Channels are named by six digits of it, and no two may have one name."""
    with pytest.raises(ValidationError, match=r"contrast: 5 m stands there twice.*remove one"):
        Features(contrast=(5, 10, second))


def test_different_sides_of_contrast_may_be_named() -> None:
    assert Features(contrast=(5, 5.001)).contrast == (5, 5.001)


def test_no_channel_at_all_is_refused() -> None:
    with pytest.raises(ValidationError, match="no channel is left; set bands: true"):
        Features(bands=False)
