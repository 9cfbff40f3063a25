from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from affine import Affine

from pipeline.config.dataset import BandGroupRow, Scenes
from pipeline.errors import DatasetError
from pipeline.imagery.frame import contest_frame
from pipeline.imagery.group_cache import cache_group
from pipeline.imagery.intake import Intake, Source
from pipeline.imagery.scene import working_shape
from pipeline.imagery.survey import survey
from tests.contest_folder import write_tiff

FINE = BandGroupRow(name="F", file="{id}_F.tif", metres=0.5, bands=("a",))
COARSE = BandGroupRow(name="C", file="{id}_C.tif", metres=2.0, bands=("b", "c"))


def shapes(fine: tuple[int, int], coarse: tuple[int, int]) -> dict[str, tuple[int, int]]:
    return {"F": fine, "C": coarse}


def test_reference_is_the_finest_group_wherever_it_stands() -> None:
    frame = contest_frame(
        "s", (COARSE, FINE), shapes((80, 100), (20, 25)), (0.01, -0.008), None, None
    )
    assert (frame.group, frame.shape, frame.metres) == ("F", (80, 100), 0.5)
    # The contest: column = x * W' / Xmax with W' = 100 * 100 / 101.
    assert ~frame.to_map @ (0.01, -0.008) == pytest.approx((100 * 100 / 101, 80 * 80 / 81))
    assert frame.bounds == pytest.approx((0, -0.008 * 81 / 80, 0.01 * 101 / 100, 0))
    assert frame.map_units(5) == pytest.approx((0.01 * 101 / 1000, 0.008 * 81 / 640))


@pytest.mark.parametrize("coarse", [(20, 30), (16, 25), (25, 20)])
def test_sizes_that_do_not_fit_together(coarse: tuple[int, int]) -> None:
    with pytest.raises(DatasetError, match=r"scene s: s_C\.tif is .* don't fit together"):
        contest_frame("s", (COARSE, FINE), shapes((80, 100), coarse), (1, -1), None, None)


def test_grid_of_known_scale_that_does_not_fit_the_image() -> None:
    sizes = shapes((80, 100), (20, 25))
    # 100 units of half a metre per pixel: 50 m in 100 pixels of 0.5 m.
    frame = contest_frame("s", (COARSE, FINE), sizes, (50, -40), 1.0, None)
    assert frame.shape == (80, 100)
    assert frame.to_map @ (100, 80) == pytest.approx((50, -40))
    with pytest.raises(DatasetError, match=r"80 x 120 pixels high and wide.*dataset\.unit_metres"):
        contest_frame("s", (COARSE, FINE), sizes, (60, -40), 1.0, None)


def test_survey_and_reading_again(tmp_path: Path) -> None:
    fine = np.full((1, 80, 100), 9, dtype=np.uint16)
    fine[0, :40] = 0
    coarse = np.arange(2 * 20 * 25, dtype=np.uint16).reshape(2, 20, 25) + 1
    write_tiff(tmp_path / "s_F.tif", fine)
    write_tiff(tmp_path / "s_C.tif", coarse)
    rows = (FINE, COARSE)
    frame = contest_frame("s", rows, shapes((80, 100), (20, 25)), (1, -1), None, None)
    sources = tuple(
        Source(row.name, (row.file.format(id="s"),), len(row.bands), None, 0, None, 0, 0, size, ())
        for row, size in zip(rows, ((80, 100), (20, 25)), strict=True)
    )
    intake = Intake("s", "test", True, frame, sources, None, "scene s", frame.to_map)
    records = survey(intake, rows, tmp_path, Scenes(registration="none"), (1.0, -0.5))
    assert [record["name"] for record in records] == ["F", "C"]
    assert records[0]["invalid"] == 0.5
    assert records[0]["bands"]["a"] == dict.fromkeys(
        ("min", "p2", "median", "p98", "max", "mean"), 9
    )
    assert records[1]["bands"]["c"]["max"] == 1000
    # The content lies 1 m (2 pixels) too far right and 0.5 m too high: it is moved back.
    to_reference = Affine(*records[1]["to_reference"])
    assert to_reference @ (25, 20) == pytest.approx((98, 81))

    cached = cache_group(tmp_path, tmp_path, sources[1], to_reference, 0)
    np.testing.assert_array_equal(cached.pixels, coarse)
    assert cached.valid is None
    empty = cache_group(tmp_path, tmp_path, sources[0], Affine.identity(), 0)
    assert empty.valid is not None
    assert empty.valid[0:80].sum() == 4000


def test_working_grid_covers_the_reference() -> None:
    assert working_shape((3350, 3396), 0.31, 1.24) == (838, 849)
    assert working_shape((1, 2), 0.31, 10) == (1, 1)
