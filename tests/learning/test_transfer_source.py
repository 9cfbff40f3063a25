"""Which weights a training starts from."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.artifacts import StageFolder
from pipeline.config.transfer import Transfer
from pipeline.errors import ArtifactError, ConfigError
from pipeline.files import hash_file, write_bytes, write_json
from pipeline.learning.folds import place_of
from pipeline.learning.transfer_source import Source, find_source, source_fold

FOLDS = (("6010_0_0", "6010_0_1"), ("6020_0_0",), ("6110_1_2",))


def test_the_fold_that_held_out_all_of_our_places() -> None:
    assert source_fold(["6020_0_0"], FOLDS) == 1
    assert source_fold(["6010_0_1", "6010_0_0"], FOLDS) == 0
    assert source_fold(["6010_0_1", "9999_9_9"], FOLDS) == 0, "an unknown place was never seen"


def test_none_where_the_other_run_knows_none_of_our_places() -> None:
    assert source_fold(["9999_9_9"], FOLDS) is None
    assert source_fold([], FOLDS) is None


def test_no_fold_that_held_out_all_is_an_error_with_the_fix() -> None:
    with pytest.raises(ConfigError, match=r"6010_0_0, 6020_0_0.*train that run with the augment"):
        source_fold(["6010_0_0", "6020_0_0"], FOLDS)


def test_twins_are_one_place() -> None:
    assert source_fold(["6140_1_2"], FOLDS) is None
    assert source_fold(["6140_1_2"], FOLDS, [("6110", "6140")]) == 2
    # The other run took the twins for two places: whichever fold we took, it saw the other one.
    apart = (("6110_1_2",), ("6140_1_2",))
    with pytest.raises(ConfigError, match="saw some of 6110_1_2"):
        source_fold(["6140_1_2"], apart, [("6110", "6140")])


SCENES = [f"60{region}0_0_{column}" for region in range(1, 5) for column in range(3)]
DEALT = st.lists(st.integers(0, 3), min_size=len(SCENES), max_size=len(SCENES))


def _dealt(numbers: Sequence[int]) -> list[list[str]]:
    return [[s for s, n in zip(SCENES, numbers, strict=True) if n == fold] for fold in range(4)]


@given(DEALT, DEALT, st.booleans())
def test_no_held_out_place_was_ever_seen(ours: list[int], theirs: list[int], twins: bool) -> None:
    same = [("6010", "6020")] if twins else []
    folds = _dealt(theirs)
    for held_out in _dealt(ours):
        try:
            fold = source_fold(held_out, folds, same)
        except ConfigError:
            continue
        seen = {s for i, row in enumerate(folds) if i != fold for s in row}
        if fold is not None:
            assert not {place_of(s, same) for s in held_out} & {place_of(s, same) for s in seen}


def _write_run(runs: Path, name: str, items: Sequence[str], folds: Any = FOLDS) -> None:
    """A run whose weights are the items' names."""
    with StageFolder(runs / name / "train", "train", "code") as stage:
        for item in items:

            def build(folder: Path, item: str = item) -> None:
                write_bytes(folder / "weights.safetensors", item.encode())
                write_json(folder / "network.json", item)

            stage.item(item, {}, build)
    record = {"folds": {str(index): list(fold) for index, fold in enumerate(folds)}}
    with StageFolder(runs / name / "augment", "augment", "code") as stage:
        stage.item("folds", {}, lambda folder: write_json(folder / "folds.json", record))


ALL = ("all-fold-0", "all-fold-1", "all-fold-2", "all-fold-1.1", "all-retrained")


def _found(runs: Path, held_out: Sequence[str], fold: int | None = 0, model: str = "all") -> str:
    found = find_source(Transfer(run="base"), model, fold, held_out, (), runs / "mine")
    assert found is not None
    assert found.record is not None
    assert found.record.parent == found.weights.parent
    return found.weights.read_text()


def test_each_fold_of_a_run_finds_its_network(tmp_path: Path) -> None:
    _write_run(tmp_path, "base", ALL)
    assert _found(tmp_path, ["6020_0_0"]) == "all-fold-1"
    assert _found(tmp_path, ["6110_1_2"]) == "all-fold-2"
    assert _found(tmp_path, ["9999_0_0"], fold=4) == "all-fold-1", "any would do: 4 modulo 3"
    assert _found(tmp_path, [], fold=None) == "all-fold-0"
    assert _found(tmp_path, ["6020_0_0"], model="water") == "all-fold-1", "the only model"


def test_networks_of_the_namesake_of_several_models(tmp_path: Path) -> None:
    both = [f"{model}-fold-{fold}" for model in ("water", "land") for fold in range(3)]
    _write_run(tmp_path, "base", both)
    assert _found(tmp_path, ["6020_0_0"], model="land") == "land-fold-1"
    with pytest.raises(ConfigError, match="no model roads, but land, water"):
        _found(tmp_path, ["6020_0_0"], model="roads")


def test_items_of_an_older_run_have_no_models(tmp_path: Path) -> None:
    _write_run(tmp_path, "base", ["fold-0", "fold-1", "fold-2"])
    assert _found(tmp_path, ["6110_1_2"]) == "fold-2"


def test_runs_that_can_not_be_used(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no run base has been trained; there are: none"):
        _found(tmp_path, [])
    _write_run(tmp_path, "base", ALL)
    with pytest.raises(ConfigError, match="no run bas has been trained; there are: base"):
        find_source(Transfer(run="bas"), "all", 0, [], (), tmp_path / "mine")
    with pytest.raises(ConfigError, match="base is this run itself"):
        find_source(Transfer(run="base"), "all", 0, [], (), tmp_path / "base")
    (tmp_path / "base/train/all-fold-0/weights.safetensors").write_text("altered")
    with pytest.raises(ArtifactError, match="all-fold-0: damaged"):
        _found(tmp_path, [])
    _write_run(tmp_path, "less", ["all-fold-0"])
    with pytest.raises(ArtifactError, match="not those of its folds"):
        find_source(Transfer(run="less"), "all", 0, [], (), tmp_path / "mine")


def test_a_folder_or_a_file(tmp_path: Path) -> None:
    def found(path: Path) -> Source | None:
        return find_source(Transfer(source=path), "all", 0, ["6010_0_0"], (), tmp_path / "mine")

    assert find_source(Transfer(), "all", 0, [], (), tmp_path / "mine") is None
    with pytest.raises(ConfigError, match=r"transfer\.source: there is no file .*x\.safetensors"):
        found(tmp_path / "x.safetensors")
    weights = tmp_path / "weights.safetensors"
    weights.write_bytes(b"1")
    assert found(weights) == Source(weights, None)
    with pytest.raises(ConfigError, match=r"no file .*network\.json"):
        found(tmp_path)
    record = tmp_path / "network.json"
    record.write_bytes(b"2")
    assert found(tmp_path) == Source(weights, record)
    source = Source(weights, record)
    assert source.digests() == {file.name: hash_file(file) for file in (weights, record)}
    weights.write_bytes(b"3")
    assert source.digests()["weights.safetensors"] == hash_file(weights)
