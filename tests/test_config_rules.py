"""Rows of ``polygons.rules``: what they may say, and what a wrong one is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline.config import Config, load_config
from pipeline.errors import ConfigError
from tests.config_tree import config_tree, load_tree

CLEAR: dict[str, Any] = {"rule": "clear", "by": [7], "of": [1]}
SHAPE: dict[str, Any] = {"rule": "shape", "of": 7, "into": 1, "min_length": 200}
NEAR: dict[str, Any] = {"rule": "near", "of": [7], "to": [1], "metres": 15}
INDEX: dict[str, Any] = {"rule": "index", "of": 7, "index": "NDVI", "below": 0, "how": "add"}
DIFFERENCE = {"name": "dip", "a": "A.b1", "b": "A.b2"}


def load(folder: Path, *rules: Any) -> Config:
    return load_tree(folder, config_tree() | {"polygons": {"rules": list(rules)}})


def fault(folder: Path, *rules: Any) -> str:
    with pytest.raises(ConfigError) as caught:
        load(folder, *rules)
    return str(caught.value)


def test_no_rules_by_default(tmp_path: Path) -> None:
    assert load_tree(tmp_path, config_tree()).polygons.rules == ()


def test_rows_of_all_kinds_are_stored_and_read_again(tmp_path: Path) -> None:
    bridge = {"rule": "bridge", "of": [1, 7], "metres": 10, "name": "gaps", "on": False}
    near = NEAR | {"ground": 0.5, "covered_by": [1]}
    config = load(tmp_path, CLEAR, SHAPE, near, bridge, INDEX | {"index": DIFFERENCE})
    assert [row.title for row in config.polygons.rules] == [
        "clear 1 by 7",
        "shape of 7 or else 1: min_length 200",
        "7 within 15 m of 1 or 0.5 on open ground",
        "gaps",
        "7 also where dip < 0",
    ]
    assert [row.on for row in config.polygons.rules] == [True, True, True, False, True]
    (tmp_path / "stored.yaml").write_text(config.to_yaml())
    assert load_config(tmp_path / "stored.yaml") == config


@pytest.mark.parametrize(("word", "value"), [("on", True), ("off", False), ("false", False)])
def test_the_key_on_as_a_person_writes_it(tmp_path: Path, word: str, value: bool) -> None:
    """YAML 1.1 takes the key ``on`` itself for the value true."""
    text = f"polygons: {{rules: [{{rule: clear, by: [7], of: [1], on: {word}}}]}}\n"
    assert True in yaml.safe_load(text)["polygons"]["rules"][0]
    (tmp_path / "c.yaml").write_text(yaml.safe_dump(config_tree()) + text)
    assert load_config(tmp_path / "c.yaml").polygons.rules[0].on is value


@pytest.mark.parametrize("row", [{"rule": "claer"}, {}, 5, {"rule": ["clear"]}, None])
def test_a_row_without_a_kind(tmp_path: Path, row: Any) -> None:
    message = r"polygons.rules.0: must have the key rule, one of clear, shape, near, bridge, index"
    assert message in fault(tmp_path, row)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (CLEAR | {"grwo": 3}, "polygons.rules.1.grwo: unknown key; did you mean grow?"),
        (CLEAR | {"metres": 3}, "polygons.rules.1.metres: unknown key"),
        (CLEAR | {"grow": -3}, "polygons.rules.1.grow: Input should be greater than or equal to 0"),
        (CLEAR | {"grow": float("nan")}, "polygons.rules.1.grow: Input should be"),
        (CLEAR | {"of": []}, "polygons.rules.1.of: "),
        (CLEAR | {"of": [7]}, "polygons.rules.1: by and of both name 7; remove it"),
        (CLEAR | {"of": [1, 1]}, "polygons.rules.1: of: 1 stands there twice"),
        (CLEAR | {"of": [3]}, "polygons.rules.1 (clear 3 by 7): of: 3 is no class code (1, 7)"),
        (CLEAR | {"name": "x", "by": [8]}, "polygons.rules.1 (x): by: 8 is no class code (1, 7)"),
        (CLEAR | {"name": ""}, "polygons.rules.1.name: "),
        (SHAPE | {"into": 3}, "into: 3 is no class code"),
        (SHAPE | {"into": 7}, "of and into both name 7"),
        (SHAPE | {"min_length": 0}, "polygons.rules.1: no part can fail; give one of min_area"),
        (SHAPE | {"max_length": 100}, "min_length: 200 is above max_length 100, so every part"),
        (SHAPE | {"min_elongation": 0.5}, "polygons.rules.1.min_elongation: "),
        (SHAPE | {"border": "drop"}, "polygons.rules.1.border: Input should be 'ignore' or 'keep'"),
        (NEAR | {"to": [7]}, "of and to both name 7"),
        (NEAR | {"ground": 0.5}, "ground and covered_by: "),
        (NEAR | {"covered_by": [1]}, "ground and covered_by: "),
        (NEAR | {"ground": 1.5, "covered_by": [1]}, "polygons.rules.1.ground: "),
        (NEAR | {"ground": 0.5, "covered_by": [9]}, "covered_by: 9 is no class code"),
        (NEAR | {"metres": 0}, "polygons.rules.1.metres: "),
        ({"rule": "bridge", "of": [1], "metres": 101}, "polygons.rules.1.metres: "),
        (INDEX | {"below": None}, "polygons.rules.1: above or below: the index needs a threshold"),
        (INDEX | {"above": 0.5}, "above: 0.5 is not less than below 0, so nothing is found"),
        (INDEX | {"index": "FOO"}, "polygons.rules.1.index: Input should be 'NDVI'"),
        (INDEX, "(7 also where NDVI < 0): NDVI needs the bands nir, red in one group, but A lacks"),
        (INDEX | {"index": "CCCI_product"}, "needs the bands nir, red_edge, red in one group"),
        (INDEX | {"index": DIFFERENCE | {"b": "M.b2"}}, "dip needs the band M.b2, none of A.b1"),
    ],
)
def test_faults_name_the_row_and_the_fix(tmp_path: Path, row: dict[str, Any], message: str) -> None:
    assert message in fault(tmp_path, NEAR, row)


def test_names_are_unique_also_those_that_are_made(tmp_path: Path) -> None:
    assert "polygons.rules.1 (clear 1 by 7): row 0 has the same name" in fault(
        tmp_path, CLEAR, CLEAR
    )
    other = CLEAR | {"grow": 2}
    assert "(x): row 1 has the same name" in fault(
        tmp_path, SHAPE, CLEAR | {"name": "x"}, other | {"name": "x"}
    )
    assert len(load(tmp_path, CLEAR, other, CLEAR | {"name": "again"}).polygons.rules) == 3


def test_an_index_needs_a_group_that_a_model_uses(tmp_path: Path) -> None:
    """Only groups that a model uses lie in the tile cache."""
    tree = config_tree()
    optical = {"name": "M", "file": "m/{id}.tif", "metres": 2, "bands": ["red", "nir"]}
    tree["dataset"]["groups"].append(optical)
    tree["polygons"] = {"rules": [INDEX]}
    assert load_tree(tmp_path, tree).polygons.rules
    with pytest.raises(ConfigError, match=r"NDVI needs the bands nir, red .*features\.groups"):
        load_tree(tmp_path, tree, "features.groups=[A]")
