"""What a search found, put into a configuration: rows, kinds of networks, ensembles."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline.config import Config
from pipeline.config.found import changed_rows, ensemble_rows, put_found, with_rows
from pipeline.config.network import LibraryNetwork, UNet
from pipeline.errors import ConfigError
from tests.config_tree import config_tree


def _config(**changes: Any) -> Config:
    return Config.model_validate({**config_tree(), **changes})


def test_values_reach_the_named_rows_alone() -> None:
    rows = [{"name": "a", "classes": [1]}, {"name": "b", "classes": [7]}]
    config = _config(models=rows)
    changed = with_rows(
        config, changed_rows(config, ["a"], {"network.width": 6, "train.loss.gamma": 3})
    )
    assert isinstance(changed.models[0].network, UNet)
    assert changed.models[0].network.width == 6
    assert changed.models[0].train.loss.gamma == 3
    assert changed.models[1] == config.models[1]


def test_values_that_equal_the_top_stand_in_the_rows() -> None:
    """So that a later change of the top does not change what was found."""
    config = _config()
    width = config.models[0].network.model_dump()["width"]
    (row,) = changed_rows(config, ["all"], {"network.width": width})
    assert row["network"] == {"width": width}


@pytest.mark.parametrize("own", [{}, {"depth": 3}, {"kind": "unet", "width": 4}])
def test_another_kind_of_network_takes_nothing_over(own: dict[str, Any]) -> None:
    row: dict[str, Any] = {"name": "all", **({"network": own} if own else {})}
    config = _config(models=[row])
    rows = changed_rows(config, ["all"], {"network.encoder": "resnet18", "network.kind": "smp"})
    assert rows[0]["network"] == {"kind": "smp", "encoder": "resnet18"}
    changed = with_rows(config, rows)
    assert isinstance(changed.models[0].network, LibraryNetwork)
    back = with_rows(changed, changed_rows(changed, ["all"], {"network.kind": "unet"}))
    assert isinstance(back.models[0].network, UNet)


def test_values_that_do_not_go_together_are_named() -> None:
    config = _config()
    rows = changed_rows(config, ["all"], {"augment.patch": 72, "network.depth": 5})
    with pytest.raises(ConfigError, match=r"augment.patch: 72 is not divisible by 16"):
        with_rows(config, rows)


def test_trials_become_rows_beside_each_other() -> None:
    common = {"name": "rest"}
    trials: Any = [[{"name": "a", "train": {"rate": rate}}, common] for rate in (0.1, 0.2)]
    assert ensemble_rows(trials) == [
        {"name": "a_top1", "train": {"rate": 0.1}},
        {"name": "a_top2", "train": {"rate": 0.2}},
        common,
    ]
    assert ensemble_rows(trials[:1]) == trials[0]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("models: [", "can't be read as YAML"),
        ("[1, 2]", "holds no list of models"),
        ("models: {a: 1}", "holds no list of models"),
        ("models: [1]", "holds no list of models"),
        ("models: [{name: a, classes: [1]}]", "found for models with the classes 1"),
        ("!!python/object/apply:os.getcwd []", "can't be read as YAML"),
    ],
)
def test_a_hostile_file_is_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "best.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=message):
        put_found(config_tree(), path)


def test_found_rows_replace_those_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "best.yaml"
    path.write_text(yaml.safe_dump({"models": [{"name": "all", "network": {"width": 5}}]}))
    tree = config_tree()
    put_found(tree, path)
    network = Config.model_validate(tree).models[0].network
    assert isinstance(network, UNet)
    assert network.width == 5
