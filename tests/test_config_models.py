"""Rows of ``models``, files that extend others and overrides: who takes what over from whom."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import BaseModel

from pipeline.config import Config, load_config
from pipeline.config.faults import models_in
from pipeline.config.inheritance import TABLES
from pipeline.errors import ConfigError
from tests.config_tree import SHIPPED, config_tree, load_tree

ROWS: list[dict[str, Any]] = [
    {"name": "a", "train": {"steps": 5, "loss": {"terms": {"focal": 1}}}},
    {"name": "b", "classes": [7], "train": {"steps": 7}, "targets": {"dilate": {7: 2}}},
]
TOP: dict[str, Any] = {
    "train": {"steps": 9, "batch": 3, "loss": {"terms": {"cross_entropy": 1, "jaccard": 3}}},
    "targets": {"dilate": {1: 4}},
}


RELATED = next(path for path in SHIPPED if path.stem == "demo_related")


def _config(folder: Path, *overrides: str, **sections: Any) -> Config:
    return load_tree(folder, config_tree() | {"models": ROWS} | TOP | sections, *overrides)


def test_a_row_changes_the_keys_that_it_names(tmp_path: Path) -> None:
    first, second = _config(tmp_path).models
    assert [(row.train.steps, row.train.batch) for row in (first, second)] == [(5, 3), (7, 3)]
    assert second.train.loss.terms.model_dump(exclude_defaults=True) == {
        "cross_entropy": 1,
        "jaccard": 3,
    }


def test_a_table_that_a_row_names_is_all_of_it(tmp_path: Path) -> None:
    first, second = _config(tmp_path).models
    assert first.train.loss.terms.model_dump(exclude_defaults=True) == {"focal": 1}
    assert (first.targets.dilate, second.targets.dilate) == ({1: 4}, {7: 2})
    (none,) = _config(tmp_path, models=[{"name": "a", "targets": {"dilate": {}}}]).models
    assert none.targets.are_truth


def test_a_table_that_a_file_names_is_all_of_it(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text(yaml.safe_dump(config_tree() | TOP))
    tree = {"extends": "base.yaml", "train": {"loss": {"terms": {"dice": 1}}}}
    config = load_tree(tmp_path, tree)
    assert config.train.loss.terms.model_dump(exclude_defaults=True) == {"dice": 1}
    assert config.train.batch == 3


def _tables(model: type[BaseModel]) -> set[str]:
    """Fields whose values are keyed by class codes or by values of labels; shares of terms."""
    found = set()
    for name, field in model.model_fields.items():
        inner = list(models_in(field.annotation))
        if "dict[" in str(field.annotation) or "Terms" in {part.__name__ for part in inner}:
            found.add(name)
        for part in inner:
            found |= _tables(part)
    return found


def test_tables_are_the_fields_that_hold_one() -> None:
    assert _tables(Config) == TABLES


def test_the_stored_configuration_loads_again(tmp_path: Path) -> None:
    stored = tmp_path / "stored.yaml"
    for config in (_config(tmp_path), *(load_config(path) for path in SHIPPED)):
        stored.write_text(config.to_yaml())
        assert load_config(stored) == config


@pytest.mark.parametrize(
    "row",
    [
        {"network": {"kind": "smp", "encoder": "resnet34"}, "augment": {"patch": 64}},
        {"network": {"depth": 3}, "train": {"loss": {"boundary": None}}},
        {"train": {"loss": {"smoothing": {7: 3}, "boundary": {"width": 2, "weight": 3}}}},
        {"targets": {"dilate": {}}, "features": {"indices": []}},
    ],
)
def test_stored_rows_give_the_same_again(tmp_path: Path, row: dict[str, Any]) -> None:
    base = {"loss": {"smoothing": 4, "boundary": {"width": 1, "weight": 2}}}
    config = _config(tmp_path, models=[{"name": "a", **row}], train=base)
    stored = tmp_path / "stored.yaml"
    stored.write_text(config.to_yaml())
    assert load_config(stored) == config


def test_overrides_reach_the_rows_of_a_stored_configuration(tmp_path: Path) -> None:
    stored = tmp_path / "stored.yaml"
    stored.write_text(_config(tmp_path).to_yaml())
    rows = yaml.safe_load(stored.read_text())["models"]
    assert rows[1]["train"] == {"steps": 7}
    changed = load_config(stored, ["train.batch=2", "targets.dilate.1=9", "models.b.train.steps=8"])
    assert [(row.train.steps, row.train.batch) for row in changed.models] == [(5, 2), (8, 2)]
    assert changed.targets.dilate == changed.models[0].targets.dilate == {1: 9}
    assert changed.models[1].targets.dilate == {7: 2}


@pytest.mark.parametrize(
    ("override", "steps"),
    [
        ("models.a.train.steps=2", [2, 7]),
        ("models.1.train.steps=2", [5, 2]),
        ("models.*.train.steps=2", [2, 2]),
        ("models.b.train={batch: 1}", [5, 9]),
        ("models=[{name: c}]", [9]),
    ],
)
def test_override_of_a_row(tmp_path: Path, override: str, steps: list[int]) -> None:
    assert [row.train.steps for row in _config(tmp_path, override).models] == steps


def test_override_of_the_row_that_no_file_lists(tmp_path: Path) -> None:
    config = load_tree(tmp_path, config_tree() | TOP, "models.all.train.steps=2")
    assert (config.train.steps, config.models[0].train.steps) == (9, 2)


def test_override_of_one_code_of_a_row_keeps_the_others(tmp_path: Path) -> None:
    first, second = _config(tmp_path, "models.a.targets.dilate.7=3").models
    assert (first.targets.dilate, second.targets.dilate) == ({1: 4, 7: 3}, {7: 2})
    terms = _config(tmp_path, "models.b.train.loss.terms.dice=1").models[1].train.loss.terms
    assert terms.model_dump(exclude_defaults=True) == {"cross_entropy": 1, "jaccard": 3, "dice": 1}


def test_override_of_a_class_code_is_one_key(tmp_path: Path) -> None:
    for code in (7, "7"):  # as YAML files have it
        config = _config(tmp_path, "polygons.min_area.7=9", polygons={"min_area": {code: 3, 1: 2}})
        assert config.polygons.min_area == {7: 9, 1: 2}


def test_override_leaves_the_other_places_of_an_anchor(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    rows = "models: [{name: a, train: &t {steps: 5}}, {name: b, train: *t}]\n"
    path.write_text(yaml.safe_dump(config_tree()) + rows)
    config = load_config(path, ["models.b.train.steps=2"])
    assert [row.train.steps for row in config.models] == [5, 2]


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("models.c.train.steps=2", "there is no row c; there are a, b"),
        ("models.2.train.steps=2", "there is no row 2; there are a, b"),
        ("models.a=2", r"must read models\.name\.key=value"),
        ("models.a.train.steps.x=2", r"models\.a\.train\.steps\.x does not lead to a key"),
        ("models.a.train.loss.smoothing.7=2", "does not lead to a key"),
        ("models.a.train.stepz=2", r"models\.0\.train\.stepz: unknown key; did you mean steps"),
        (f"targets.dilate.{'9' * 5000}=2", r"targets\.dilate"),
        (
            "train.steps=2",
            r"changes nothing, .*\(a, b\) says train\.steps itself; set models\.name",
        ),
    ],
)
def test_overrides_that_lead_nowhere(tmp_path: Path, override: str, message: str) -> None:
    train = {**TOP["train"], "loss": {"smoothing": 20}}
    with pytest.raises(ConfigError, match=message):
        _config(tmp_path, override, train=train)


def test_override_is_hidden_only_where_every_row_says_the_same_key(tmp_path: Path) -> None:
    own = {"tiles": {"metres": 3}, "targets": {"dilate": {1: 1}}, "network": {"kind": "smp"}}
    rows = [{"name": "a", **own}, {"name": "b", **own}]
    for override in ("targets.dilate.7=2", "targets.dilate={}", "network.kind=unet"):
        with pytest.raises(ConfigError, match="changes nothing"):
            _config(tmp_path, override, models=rows)
        assert _config(tmp_path, override, models=[*rows, {"name": "c"}]).models[2]
    assert _config(tmp_path, "tiles.metres=2", models=rows).tiles.metres == 2
    assert _config(tmp_path, "train={steps: 2}", models=rows).models[0].train.steps == 2
    with pytest.raises(ConfigError, match=r"train\.steps itself"):
        load_config(RELATED, ["train.steps=20"])


@pytest.mark.parametrize(
    ("sections", "message"),
    [
        ({"ensemble": {"join": "vote"}}, "ensemble: join: vote is for runs that are joined"),
        ({"ensemble": {"weights": [3]}}, r"weights: \[3\.0\] is for runs .* or remove weights"),
        ({"targets": {"samples": 8}}, "targets: samples 8 has no effect: .* set soft to true"),
    ],
)
def test_settings_that_nothing_would_read(
    tmp_path: Path, sections: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        _config(tmp_path, **sections)


def test_settings_of_runs_and_soft_targets(tmp_path: Path) -> None:
    ensemble = {"runs": ["other"], "join": "vote", "weights": [1, 3]}
    config = _config(tmp_path, ensemble=ensemble, targets={"soft": True, "samples": 8})
    assert config.ensemble.shares() == (0.25, 0.75)
    assert config.targets.samples == 8
