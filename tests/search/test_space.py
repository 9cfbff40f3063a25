"""Search spaces: what a file may say, and what a trial's values mean."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import ConfigError
from pipeline.search.dimension import Dimension
from pipeline.search.space import Limits, OutsideError, Space
from pipeline.search.space_file import read_space

SPACE = """
limits: {parameters: 2.0e+6, memory: 3e9}
dimensions:
  network.kind: {choice: [unet, smp], default: unet}
  network.encoder: {choice: [resnet18, resnet34], default: resnet34, when: {network.kind: smp}}
  network.width: {uniform: [8, 48], step: 8, default: 16, when: {network.kind: unet}}
  network.normalisation: {choice: [batch, group], default: batch, when: {network.kind: [unet]}}
  network.group_size: {choice: [4, 8], default: 8, when: {network.normalisation: group}}
  network.dropout: {uniform: [0, 0.5], default: 0, when: {network.kind: unet}}
  train.rate: {loguniform: [5e-4, 2.0e-2], default: 4.0e-3}
  train.batch: {loguniform: [4, 32], step: 4, default: 8}
  augment.rare: {uniform: [0, 1], step: 0.1, default: 0.3}
  features.indices: {choice: [[], [NDVI, NDWI]], default: []}
  features.log: {choice: [false, true], default: true, when: {features.indices: []}}
  mixture:
    choice:
      even: {train.loss.terms: {cross_entropy: 0.5, jaccard: 0.5}}
      focal: {train.loss.terms: {focal: 0.5, jaccard: 0.5}, train.loss.gamma: 2}
      as_it_is: {}
    default: even
"""


def read_text(folder: Path, text: str) -> Space:
    """The space of a file that says this."""
    path = folder / "space.yaml"
    path.write_text(text)
    return read_space(path)


@pytest.fixture
def space(tmp_path: Path) -> Space:
    return read_text(tmp_path, SPACE)


def test_defaults_are_those_of_dimensions_that_apply(space: Space) -> None:
    assert space.defaults() == {
        "network.kind": "unet",
        "network.width": 16,
        "network.normalisation": "batch",
        "network.dropout": 0,
        "train.rate": 0.004,
        "train.batch": 8,
        "augment.rare": 0.3,
        "features.indices": [],
        "features.log": True,
        "mixture": "even",
    }
    assert space.limits == Limits(parameters=2e6, multiply_adds=None, memory=3e9)


def test_children_apply_only_with_all_their_ancestors(space: Space) -> None:
    group = {"network.kind": "unet", "network.normalisation": "group"}
    assert space.is_active("network.group_size", group)
    assert not space.is_active("network.group_size", group | {"network.normalisation": "batch"})
    assert not space.is_active("network.group_size", group | {"network.kind": "smp"})
    assert not space.is_active("network.group_size", {"network.normalisation": "group"})
    assert space.is_active("features.log", {"features.indices": []})
    assert not space.is_active("features.log", {"features.indices": ["NDVI", "NDWI"]})


def test_overrides_are_keys_of_a_model_row(space: Space) -> None:
    params = {"network.kind": "smp", "train.batch": 4, "mixture": "focal"}
    stale = {"network.width": 8}
    assert space.overrides(params | stale) == {
        "network.kind": "smp",
        "train.batch": 4,
        "train.loss.terms": {"focal": 0.5, "jaccard": 0.5},
        "train.loss.gamma": 2,
    }
    assert space.overrides({"mixture": "as_it_is"}) == {}


def test_values_of_an_older_space_are_completed(space: Space) -> None:
    old = {"network.kind": "unet", "network.normalisation": "group", "train.batch": 32.0}
    new = space.completed(old)
    assert new["network.group_size"] == 8
    assert (new["train.batch"], type(new["train.batch"])) == (32, int)
    assert space.completed(new) == new
    assert "network.encoder" not in new


@pytest.mark.parametrize(
    ("params", "reason"),
    [
        ({"network.kind": "fpn"}, r'network\.kind: "fpn" is none of its options "unet", "smp"'),
        ({"train.batch": 6}, r"train\.batch: 6 is none of its steps of 4; the nearest is 8"),
        ({"train.batch": 64}, r"train\.batch: 64 is no number from 4 to 32"),
        ({"train.batch": True}, r"train\.batch: true is no number"),
        ({"train.rate": "much"}, r'train\.rate: "much" is no number'),
        ({"train.rate": float("nan")}, r"train\.rate: NaN is no number"),
        ({"features.log": 1}, r"features\.log: 1 is none of its options false, true"),
        ({"train.decay": 0.1}, r"train\.decay: 0\.1 is of no dimension of the space"),
        (
            {"network.kind": "smp", "network.width": 8},
            r'network\.width: 8 does not apply; it is only for network\.kind "unet"',
        ),
    ],
)
def test_values_that_are_gone_say_so(space: Space, params: dict[str, Any], reason: str) -> None:
    with pytest.raises(OutsideError, match=reason):
        space.completed(params)


def test_digest_is_of_the_meaning_alone(tmp_path: Path) -> None:
    first = read_text(tmp_path, SPACE).digest
    assert (
        read_text(tmp_path, SPACE.replace("step: 8,", "step: 8.0,") + "# comment\n").digest == first
    )
    for old, new in (
        ("[8, 48]", "[8, 40]"),
        ("default: 16", "default: 24"),
        (", when: {features.indices: []}", ""),
        ("gamma: 2", "gamma: 3"),
        ("memory: 3e9", "memory: 4e9"),
    ):
        assert read_text(tmp_path, SPACE.replace(old, new)).digest != first


@settings(max_examples=100, deadline=None)
@given(low=st.integers(-1000, 1000), step=st.integers(1, 500), last=st.integers(1, 1000))
def test_grids_have_no_rounding_errors(low: int, step: int, last: int) -> None:
    """Tenths of a hundredth, as decimals that binary numbers only come near to."""
    start, end, width = low / 1000, (low + step * last) / 1000, step / 1000
    grid = Dimension("train.rate", "uniform", start, low=start, high=end, step=width)
    assert (grid.first(), grid.last()) == (0, last)
    for number in (0, last // 2, last):
        value = grid.at(number)
        assert value == (low + step * number) / 1000
        assert start <= value <= end
        assert grid.position(value) == number
    whole = Dimension("x", "uniform", low, low=low, high=low + step * last, step=step)
    assert all(type(whole.at(number)) is int for number in (0, last))


def test_a_missing_file_names_those_that_are_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "configs/search").mkdir(parents=True)
    (tmp_path / "configs/search/mine.yaml").touch()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match=r"no such search space; .*: configs/search/mine\.yaml"):
        read_space(tmp_path / "none.yaml")
    with pytest.raises(ConfigError, match="can't be read as YAML"):
        read_space(tmp_path)


def test_two_dimensions_may_set_a_key_in_different_trials(tmp_path: Path) -> None:
    """Excluded directly, through a parent's parent, and by the very option that would set it."""
    space = read_text(
        tmp_path,
        """
dimensions:
  train.optimizer: {choice: [sgd, adam, nadam], default: sgd}
  nested:
    choice: {a: {train.clip: 1}, b: {train.clip: 2}}
    default: a
    when: {train.optimizer: sgd}
  slow: {choice: {c: {train.rate: 0.1}}, default: c, when: {nested: a}}
  train.rate: {loguniform: [0.01, 1], default: 0.1, when: {train.optimizer: [adam, nadam]}}
  train.batch: {choice: [4, 8], default: 4, when: {nested: b}}
  sizes: {choice: {d: {}, e: {train.accumulate: 2}}, default: d}
  train.accumulate: {choice: [1, 4], default: 1, when: {sizes: d}}
""",
    )
    assert space.overrides(space.defaults()) == {
        "train.optimizer": "sgd",
        "train.clip": 1,
        "train.rate": 0.1,
        "train.accumulate": 1,
    }


def test_tables_and_class_codes_are_keys(tmp_path: Path) -> None:
    space = read_text(
        tmp_path,
        """
dimensions:
  train.loss.class_weights.7: {loguniform: [0.1, 10], default: 1}
  train.loss.smoothing: {choice: [1, {7: 2}], default: 1}
  train.loss.boundary: {choice: [null, {width: 2, weight: 3}], default: null}
""",
    )
    assert space.overrides(space.completed({"train.loss.smoothing": {"7": 2}})) == {
        "train.loss.class_weights.7": 1,
        "train.loss.smoothing": {7: 2},
        "train.loss.boundary": None,
    }


def test_values_of_whole_steps_are_whole_numbers() -> None:
    grid = Dimension("x", "loguniform", 4, low=4.0, high=12.0, step=4.0)
    assert [(value, type(value)) for value in map(grid.at, range(1, 4))] == [
        (4, int),
        (8, int),
        (12, int),
    ]
    half = Dimension("x", "uniform", 4, low=4, high=5, step=0.5)
    assert [type(half.at(number)) for number in range(3)] == [float] * 3
