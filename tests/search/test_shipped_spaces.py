"""The search spaces that are shipped: made for their configurations, and every point works."""

from __future__ import annotations

from dataclasses import replace
from functools import cache, reduce
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from pipeline.config import Config, load_config
from pipeline.config.found import changed_rows, with_rows
from pipeline.config.models import ModelRow
from pipeline.config.network import LibraryNetwork, UNet
from pipeline.learning.networks import build
from pipeline.search.dimension import Dimension, same
from pipeline.search.entry import Params
from pipeline.search.proposals import Proposer
from pipeline.search.space import Space
from pipeline.search.space_file import read_space
from pipeline.stages.trials import beyond, network_costs

CONFIGS = Path(__file__).parent.parent.parent / "configs"
PAIRS = {
    "unet": "dstl",
    "network": "dstl",
    "recipe": "dstl",
    "dstl_swir": "dstl_swir_jointly",
    "dstl_swir_quick": "dstl_swir_quick",
    "demo": "demo",
}
"""Configurations whose values a space's defaults are."""


@cache
def _space(name: str) -> Space:
    return read_space(CONFIGS / "search" / f"{name}.yaml")


@cache
def _config(name: str) -> Config:
    return load_config(CONFIGS / f"{name}.yaml")


def _trial(space: Space, config: Config, params: Params) -> Config:
    names = [row.name for row in config.models]
    return with_rows(config, changed_rows(config, names, space.overrides(params)))


def _beyond(space: Space, config: Config) -> str | None:
    costs = [network_costs(config, row) for row in config.models]
    return beyond(space.limits, costs, [row.train.batch for row in config.models])


def _values(dimension: Dimension) -> st.SearchStrategy[object]:
    if dimension.kind == "choice":
        return st.sampled_from(dimension.options)
    if dimension.step is not None:
        return st.integers(dimension.first(), dimension.last()).map(dimension.at)
    return st.floats(float(dimension.low), float(dimension.high))


@st.composite
def points(draw: st.DrawFn, name: str) -> Params:
    """Any values of a space, bounds included, with those dimensions alone that apply."""
    space = _space(name)
    params: dict[str, Any] = {}
    for each in space.dimensions:
        if space.is_active(each.name, params):
            params[each.name] = draw(_values(each), label=each.name)
    return params


def _at(row: ModelRow, key: str) -> Any:
    found = reduce(getattr, key.split("."), row)
    return found.model_dump(exclude_defaults=True) if isinstance(found, BaseModel) else found


def test_every_space_has_its_configuration() -> None:
    assert {path.stem for path in (CONFIGS / "search").glob("*.yaml")} == set(PAIRS)


@pytest.mark.parametrize("name", PAIRS)
def test_the_first_trial_is_the_configuration_itself(name: str) -> None:
    space, config = _space(name), _config(PAIRS[name])
    trial = _trial(space, config, space.defaults())
    assert trial.models == config.models
    assert _beyond(space, trial) is None


def test_a_network_per_class_can_be_searched_too() -> None:
    space, config = _space("dstl_swir"), _config("dstl_swir")
    trial = _trial(space, config, space.defaults())
    assert trial.models == config.models
    assert _beyond(space, trial) is None


def test_structure_and_recipe_are_the_whole() -> None:
    parts = (_space("network"), _space("recipe"))
    assert sum((part.dimensions for part in parts), ()) == _space("unet").dimensions
    assert parts[0].limits == _space("unet").limits
    assert parts[1].limits == replace(_space("unet").limits, parameters=None, multiply_adds=None)


def test_every_part_of_the_network_can_be_searched() -> None:
    keys = {dimension.name for dimension in _space("network").dimensions}
    wanted = set(UNet.model_fields) | set(LibraryNetwork.model_fields)
    # Weights to start from would be downloaded.
    assert keys == {f"network.{field}" for field in wanted - {"weights"}}


@pytest.mark.parametrize("name", PAIRS)
def test_all_points_are_configurations(name: str) -> None:
    space, config = _space(name), _config(PAIRS[name])

    @settings(max_examples=60, deadline=None)
    @given(params=points(name))
    def check(params: Params) -> None:
        assert space.completed(params) == params
        trial = _trial(space, config, params)
        assert trial.train == config.train, "trials change rows alone"
        for key, value in space.overrides(params).items():
            assert same(_at(trial.models[0], key), value)

    check()


@pytest.mark.parametrize("name", ["unet", "dstl_swir", "demo"])
def test_networks_of_all_points_learn(name: str) -> None:
    """Forward and backward, at a width that is quick."""
    space, config = _space(name), _config(PAIRS[name])

    @settings(max_examples=15, deadline=None)
    @given(params=points(name), seed=st.integers(0, 99))
    def check(params: Params, seed: int) -> None:
        (row,) = _trial(space, config, params).models
        network = row.network
        if isinstance(network, UNet):
            network = network.model_copy(update={"width": 8})
        _learns(network, seed)

    check()


def test_library_networks_can_all_be_made() -> None:
    space = _space("unet")
    names = ("network.architecture", "network.encoder")
    for architecture, encoder in product(*(space.dimension(name).options for name in names)):
        _learns(LibraryNetwork(architecture=architecture, encoder=encoder), 0)


def _learns(network: UNet | LibraryNetwork, seed: int) -> None:
    deep = isinstance(network, UNet) and network.entry == "depth"
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        made = build(network, 3, 2, levels=[0, 1, 1] if deep else None)
        side = 2 * network.coarsest()
        logits = made(torch.randn(2, 3, side, side))
        assert logits.shape == (2, 2, side, side)
        assert torch.isfinite(logits).all()
        truth = torch.rand(2, 2, side, side).round()
        loss = torch.nn.functional.binary_cross_entropy_with_logits(logits, truth)
        torch.autograd.backward(loss)
    gradients = [part.grad for part in made.parameters() if part.grad is not None]
    assert all(torch.isfinite(gradient).all() for gradient in gradients)
    assert any(gradient.abs().max() > 0 for gradient in gradients)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["unet", "dstl_swir", "demo"])
def test_most_trials_keep_the_limits(name: str) -> None:
    """Refused ones cost no training, but say little."""
    space, config = _space(name), _config(PAIRS[name])
    proposer = Proposer(space, "random", 0, startup=1)
    trials = [_trial(space, config, proposer.ask(number)) for number in range(30)]
    refused = [reason for reason in (_beyond(space, trial) for trial in trials) if reason]
    assert 0 < len(refused) < 15, refused


def test_the_example_of_the_page_is_a_space(tmp_path: Path) -> None:
    page = (CONFIGS.parent / "docs" / "search-space.md").read_text()
    example = page.partition("```yaml\n")[2].partition("```")[0]
    (tmp_path / "space.yaml").write_text(example)
    assert read_space(tmp_path / "space.yaml").defaults()["mixture"] == "even"
