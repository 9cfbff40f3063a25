"""Folds by place: twins together, rare classes spread, nothing random."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import ArtifactError, ConfigError
from pipeline.files import write_json
from pipeline.learning.folds import (
    folds_record,
    ground_cell,
    make_folds,
    place_of,
    read_folds,
)


def test_place_of_twins_and_of_other_names() -> None:
    pairs = (("6110", "6140"), ("6140", "6150"))
    assert place_of("6140_1_2", pairs) == place_of("6110_1_2", pairs) == "6110_1_2"
    assert place_of("6150_1_2", pairs) == "6110_1_2"
    assert place_of("6110_1_3", pairs) != "6110_1_2"
    assert place_of("6120_1_2", pairs) == "6120_1_2"
    assert place_of("harbour", pairs) == "harbour"


def test_rare_class_is_spread_by_hand() -> None:
    # Class 0 is everywhere, class 1 at b and d only: they must not share a fold.
    areas = {
        "a": np.array([9, 0, 10]),
        "b": np.array([5, 3, 10]),
        "c": np.array([8, 0, 10]),
        "d": np.array([5, 2, 10]),
    }
    folds = make_folds(areas, 2)
    # b opens fold 0, d fold 1; a (most of class 0 left) goes to fold 0 by order, c to fold 1.
    assert [fold.scenes for fold in folds] == [("a", "b"), ("c", "d")]
    assert folds[0].shares().tolist() == [14 / 20, 3 / 20]


def test_twins_stay_together() -> None:
    areas = {name: np.array([1, 10]) for name in ("6110_1_2", "6140_1_2", "6060_0_0")}
    folds = make_folds(areas, 2, (("6110", "6140"),))
    assert {fold.scenes for fold in folds} == {("6110_1_2", "6140_1_2"), ("6060_0_0",)}


def test_fewer_places_than_folds_names_the_fix() -> None:
    areas = {name: np.array([1, 10]) for name in ("6110_1_2", "6140_1_2")}
    with pytest.raises(ConfigError, match=r"set augment\.folds to at most 1"):
        make_folds(areas, 2, (("6110", "6140"),))
    with pytest.raises(ConfigError, match="none is labelled"):
        make_folds({}, 2)


def test_scenes_of_a_cell_are_one_place() -> None:
    areas = {name: np.array([1, 10]) for name in ("a", "b", "c", "6110_0_0", "6140_0_0")}
    cells = {"a": "cell 0 0", "b": "cell 0 0", "6110_0_0": "cell 0 1", "c": "cell 0 1"}
    folds = make_folds(areas, 2, (("6110", "6140"),), cells)
    # The twin in region 6140 has no coordinates and still follows its place.
    assert {fold.scenes for fold in folds} == {("a", "b"), ("6110_0_0", "6140_0_0", "c")}
    with pytest.raises(ConfigError, match=r"show only 2 .*make augment\.cell smaller"):
        make_folds(areas, 3, (("6110", "6140"),), cells)


def test_cells_by_hand() -> None:
    # A degree of the meridian is 111.195 km; 60 degrees north a degree of longitude is half of it.
    assert ground_cell(0.001, 0.001, 1000) == ground_cell(0.008, 0.008, 1000) == "cell 0 0"
    assert ground_cell(-0.001, 0.001, 1000) == "cell 0 -1"
    assert ground_cell(0.001, 0.010, 1000) == "cell 1 0"
    assert ground_cell(1.0, 60.0, 1000).split()[2] == "55"
    assert ground_cell(180.0, 90.0, 1000).split()[2] == "0"


def test_record_and_back(tmp_path: Path) -> None:
    folds = make_folds({"a": np.array([5, 10]), "b": np.array([1, 10])}, 2)
    record = folds_record(folds, (7,))
    write_json(tmp_path / "folds.json", record)
    assert read_folds(tmp_path / "folds.json") == (("a",), ("b",))
    assert record["shares"] == {"0": {"7": 0.5}, "1": {"7": 0.1}}
    write_json(tmp_path / "folds.json", {"folds": [1]})
    with pytest.raises(ArtifactError, match="augment"):
        read_folds(tmp_path / "folds.json")


@settings(max_examples=50, deadline=None)
@given(
    seed=st.integers(0, 1000),
    places=st.integers(2, 12),
    count=st.integers(2, 5),
    twins=st.integers(0, 4),
)
def test_every_scene_once_no_fold_empty_no_place_split(
    seed: int, places: int, count: int, twins: int
) -> None:
    rng = np.random.default_rng(seed)
    names = [f"1_{n}_0" for n in range(places)] + [f"2_{n}_0" for n in range(min(twins, places))]
    areas = {name: rng.integers(0, 3, 4) * rng.integers(0, 2, 4) for name in names}
    if places < count:
        with pytest.raises(ConfigError):
            make_folds(areas, count, (("1", "2"),))
        return
    folds = make_folds(areas, count, (("1", "2"),))
    assert sorted(s for fold in folds for s in fold.scenes) == sorted(names)
    owners = [{place_of(s, (("1", "2"),)) for s in fold.scenes} for fold in folds]
    assert all(owners)
    assert sum(len(owner) for owner in owners) == len(set().union(*owners))
    reordered = dict(reversed(areas.items()))
    assert make_folds(reordered, count, (("1", "2"),))[0].scenes == folds[0].scenes
