"""Levels that are handed on by rows: the same as if they were held as one."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pipeline.config.models import Combine
from pipeline.errors import ArtifactError
from pipeline.mapping.prediction import ensemble
from pipeline.mapping.prediction.answers import Answers, Held, Stored, Streamed, in_strips
from pipeline.mapping.prediction.coverage import Levels
from pipeline.mapping.prediction.raster import open_levels, write_levels, write_strips
from pipeline.mapping.prediction.regridding import resampled

SHAPE = (11, 5)
three = arrays(np.uint8, (2, *SHAPE))


def pieces(levels: Levels, rows: int) -> Iterator[Levels]:
    for part in in_strips(levels.shape[1], rows):
        yield levels[:, part]


@given(three, st.integers(1, 12), st.integers(1, 12), st.integers(0, 3))
def test_streams_and_files_give_their_rows(levels: Levels, cut: int, rows: int, above: int) -> None:
    streamed = Streamed(pieces(levels, cut), SHAPE)
    for part in in_strips(SHAPE[0], rows):
        seen = slice(max(part.start - above, 0), part.stop)  # rows may be asked for again
        np.testing.assert_array_equal(streamed.read(seen), levels[:, seen])


def test_a_file_holds_what_it_was_given(tmp_path: Path) -> None:
    levels = np.random.default_rng(3).integers(0, 256, (2, *SHAPE)).astype(np.uint8)
    stored = Stored(tmp_path / "a", pieces(levels, 3), SHAPE)
    assert (tmp_path / "a").stat().st_size == levels.size
    for part in (slice(0, 11), slice(4, 5), slice(10, 11)):
        np.testing.assert_array_equal(stored.read(part), levels[:, part])


@given(three, st.tuples(st.integers(1, 14), st.integers(1, 9)), st.integers(1, 14))
def test_resampled_rows_are_those_of_the_whole(
    levels: Levels, wanted: tuple[int, int], rows: int
) -> None:
    whole = ensemble.resampled(levels, wanted)
    held = Held(levels)
    parts = [resampled(held.read, SHAPE, wanted, part) for part in in_strips(wanted[0], rows)]
    np.testing.assert_array_equal(np.concatenate(parts, axis=1), whole)


@given(st.lists(three, min_size=1, max_size=3), st.sampled_from(["mean", "geometric", "vote"]))
@settings(max_examples=30)
def test_models_joined_by_rows_are_joined_as_wholes(models: list[Levels], combine: Combine) -> None:
    wholes = [([1, 0], lambda levels=levels: levels) for levels in models]
    wanted = ensemble.joined_classes(wholes, 3, (9, 5), combine)
    streams: list[tuple[list[int], Answers]] = [
        ([1, 0], Streamed(pieces(levels, 4), SHAPE)) for levels in models
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ensemble, "in_strips", lambda height: in_strips(height, 2))
        found = [*ensemble.joined_strips(streams, 3, (9, 5), combine)]
    assert len(found) == 5
    np.testing.assert_array_equal(np.concatenate(found, axis=1), wanted)
    assert not wanted[2].any()


@pytest.mark.parametrize("rows", [1, 100, 256, 300])
def test_pieces_do_not_show_in_the_file(tmp_path: Path, rows: int) -> None:
    levels = np.random.default_rng(1).integers(0, 256, (2, 600, 270)).astype(np.uint8)
    to_map = Affine(10, 0, 300000, 0, -10, 5000000)
    write_levels(tmp_path / "whole.tif", levels, to_map, "ab", "EPSG:32633")
    write_strips(tmp_path / "s.tif", pieces(levels, rows), (600, 270), to_map, "ab", "EPSG:32633")
    assert (tmp_path / "s.tif").read_bytes() == (tmp_path / "whole.tif").read_bytes()
    with rasterio.open(tmp_path / "s.tif") as file:
        assert file.crs.to_epsg() == 32633
    with open_levels(tmp_path / "s.tif") as file:
        assert file.shape == (2, 600, 270)
        np.testing.assert_array_equal(file.read(1, slice(250, 400)), levels[1, 250:400])
        with pytest.raises(ArtifactError, match="damaged"):
            file.read(2, slice(0, 1))
