"""A configuration is right before anything is read, or says what to change."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline.chain import stage
from pipeline.config import load_config
from pipeline.config.load import section_values
from pipeline.config.model import Generate
from pipeline.config.tuned import BY_CLASS
from pipeline.errors import ConfigError
from pipeline.imagery.generated.scene_ids import scene_id
from tests.config_tree import SHIPPED, config_tree, load_tree


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_every_shipped_configuration_loads(path: Path) -> None:
    assert load_config(path).dataset.classes


def test_override_wins_and_is_checked(tmp_path: Path) -> None:
    assert load_tree(tmp_path, config_tree(), "train.batch=3").train.batch == 3
    assert load_tree(tmp_path, config_tree(), "polygons.min_area={7: 12}").polygons.min_area == {
        7: 12.0
    }
    with pytest.raises(ConfigError, match=r"train\.batch"):
        load_tree(tmp_path, config_tree(), "train.batch=0")
    for text in ("batch", "train=3"):
        with pytest.raises(ConfigError, match=r"section\.key=value"):
            load_tree(tmp_path, config_tree(), text)


def test_override_of_a_whole_section_replaces_it(tmp_path: Path) -> None:
    tree = config_tree() | {"network": {"kind": "unet", "width": 8}, "train": {"batch": 3}}
    config = load_tree(
        tmp_path, tree, "network={kind: smp}", "models=[{name: a, train: {steps: 5}}]"
    )
    assert config.network.kind == "smp"
    assert [(row.name, row.train.steps, row.train.batch) for row in config.models] == [("a", 5, 3)]


def test_data_replaces_the_folder_and_generates_nothing(tmp_path: Path) -> None:
    tree = config_tree() | {"generate": {}}
    config = load_tree(tmp_path, tree, data=Path("elsewhere"))
    assert config.dataset.folder == Path("elsewhere")
    assert config.generate is None


def test_generated_twins_are_paired(tmp_path: Path) -> None:
    tree = config_tree() | {"generate": {"train_places": 30, "twins": 30}}
    with pytest.raises(ConfigError, match=r'augment\.same_place: .*add \["1020", "1050"\]'):
        load_tree(tmp_path, tree, "augment.same_place=[['1040', '1010']]")
    both = "augment.same_place=[['1040', '1010'], ['1020', '1050']]"
    assert load_tree(tmp_path, tree, both).augment.folds
    assert load_tree(tmp_path, tree, "generate.twins=0").augment.same_place == ()


def test_twin_regions_are_the_generators() -> None:
    for twins in (0, 1, 25, 26, 75, 76, 500):
        named = {
            tuple(scene_id(place, date).split("_")[0] for date in (0, 1)) for place in range(twins)
        }
        assert set(Generate(train_places=500, twins=twins).twin_regions()) == named


@pytest.mark.parametrize(
    ("section", "value", "message"),
    [
        ("generate", {"train_places": 3, "twins": 4}, "set twins to at most 3"),
        ("trian", {}, "did you mean train"),
        ("train", {"loss": {"smothing": 1}}, "train.loss.smothing: unknown key; did you mean"),
        ("network", {"kind": "unet", "depht": 3}, "network.depht: unknown key; did you mean depth"),
        ("network", {"kind": "smp", "encodr": "x"}, "network.encodr: unknown key; did you mean"),
        ("tiles", {"metres": 2500}, "unit is metres"),
        ("tiles", {"metres": -1}, "tiles.metres"),
        ("train", {"rate": float("nan")}, "train.rate"),
        ("augment", {"patch": 100}, "augment.patch: 100 is not divisible by 8"),
        ("augment", {"patch": 64, "stride": 65}, "set stride to at most 64"),
        ("features", {"groups": ["Z"]}, "Z is no group"),
        ("train", {"loss": {"class_weights": {3: 1}}}, "3 is no class code"),
        ("polygons", {"min_area": {2: 1}}, "2 is no class code"),
        ("polygons", {"median": {99: 3}}, "polygons.median: 99 is no class code"),
        ("polygons", {"hysteresis": {99: 0.5}}, "polygons.hysteresis: 99 is no class code"),
        ("polygons", {"closing": {99: 3}}, "polygons.closing: 99 is no class code"),
        ("polygons", {"opening": {99: 3}}, "polygons.opening: 99 is no class code"),
        ("polygons", {"smooth": {1: float("nan")}}, "polygons.smooth.1: "),
        ("tune", {"median_metres": 1001}, "tune.median_metres: "),
        ("polygons", {"min_area": {1: -4}}, "polygons.min_area.1: "),
        ("train", {"loss": {"smoothing": {7: -1}}}, "train.loss.smoothing.7: "),
        ("train", {"loss": {"class_weights": {7: -1}}}, "train.loss.class_weights.7: "),
        ("dataset", None, "dataset: "),
        ("train", {"my-rate": 1}, "train.my-rate: unknown key"),
        ("features", {"indices": ["FOO"]}, "features.indices.0: Input should be 'NDVI'"),
    ],
)
def test_faults_name_the_field_and_the_fix(
    tmp_path: Path, section: str, value: Any, message: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        load_tree(tmp_path, config_tree() | {section: value})
    assert message in str(caught.value)
    assert "c.yaml" in str(caught.value)


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (("augment.patch=64",), r"network\.normalisation: instance .* augment\.patch 64"),
        (("predict.window=64",), r"network\.normalisation: instance .* predict\.window 64"),
        (
            ("network.normalisation=batch", "augment.patch=64", "train.batch=1"),
            r"train\.batch: .* augment\.patch to 128",
        ),
        (
            ("network.depth=5", "augment.patch=16", "augment.stride=8", "predict.window=16"),
            r"instance .* augment\.patch 16 .* set it to 32",
        ),
    ],
)
def test_one_value_is_not_enough_for_a_norm(
    tmp_path: Path, overrides: tuple[str, ...], message: str
) -> None:
    network = ("network.kind=unet", "network.depth=7", "network.normalisation=instance")
    with pytest.raises(ConfigError, match=message):
        load_tree(tmp_path, config_tree(), *network, *overrides)
    assert load_tree(tmp_path, config_tree(), *network).augment.patch == 128
    two = ("network.normalisation=batch", "augment.patch=64", "train.batch=2")
    assert load_tree(tmp_path, config_tree(), *network, *two).train.batch == 2


def test_a_library_network_with_one_patch_of_its_lowest_level(tmp_path: Path) -> None:
    tree = config_tree() | {"network": {"kind": "smp"}, "augment": {"patch": 32, "stride": 32}}
    with pytest.raises(ConfigError, match=r"train\.batch: .* augment\.patch to 64"):
        load_tree(tmp_path, tree, "train.batch=1")
    assert load_tree(tmp_path, tree, "train.batch=2").train.batch == 2


@pytest.mark.parametrize("dataset", [None, "raw", ["raw"]])
def test_data_beside_a_dataset_that_is_no_section(tmp_path: Path, dataset: Any) -> None:
    with pytest.raises(ConfigError, match=r"dataset(\.classes: is missing|: )"):
        load_tree(tmp_path, config_tree() | {"dataset": dataset}, data=Path("elsewhere"))


@pytest.mark.parametrize("file", ["x/{id}_{date}.tif", "x/{id}{}.tif", "x/{{id}}.tif", "{id}}"])
def test_only_the_id_stands_in_braces(tmp_path: Path, file: str) -> None:
    tree = config_tree()
    tree["dataset"]["groups"][0]["file"] = file
    with pytest.raises(ConfigError, match=r"dataset\.groups\.0: file: .* in braces"):
        load_tree(tmp_path, tree)


def test_file_pattern_stays_in_the_folder(tmp_path: Path) -> None:
    tree = config_tree()
    tree["dataset"]["groups"][0]["file"] = "../{id}.tif"
    with pytest.raises(ConfigError, match="must stay inside"):
        load_tree(tmp_path, tree)


def test_class_codes_are_unique(tmp_path: Path) -> None:
    tree = config_tree()
    tree["dataset"]["classes"][1]["code"] = 1
    with pytest.raises(ConfigError, match="1 stands there twice"):
        load_tree(tmp_path, tree)


@pytest.mark.parametrize(
    "text", ["- a list", "a: [", "\x00", "tiles: 2001-99-99", "[" * 5000, "{[1]: 2}"]
)
def test_files_that_are_no_configuration(tmp_path: Path, text: str) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=r"c\.yaml"):
        load_config(path)


@pytest.mark.parametrize(
    "text",
    [
        "polygons: {smooth: 3}\ntiles: {metres: 2}\n\npolygons: {median: 3}",
        "tiles:\n  polygons: 1\n\n  polygons: 2",
        "tiles: {}\n\n\n'polygons': 1\n# and\n? polygons\n: 2",
    ],
)
def test_a_key_stands_once(tmp_path: Path, text: str) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=r"c\.yaml.* polygons stands there twice") as caught:
        load_config(path)
    assert "line 4" in str(caught.value)


def test_a_key_of_an_override_stands_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="the key 7 stands there twice"):
        load_tree(tmp_path, config_tree(), "polygons.median={7: 1, 7: 2}")


def test_merged_keys_may_be_named_again(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    text = yaml.safe_dump(config_tree())
    path.write_text(
        f"{text}train: &t {{batch: 3, steps: 70}}\nmodels:\n"
        "  - {name: a, train: &u {<<: *t, steps: 80}}\n  - {name: b, train: {<<: *u, batch: 5}}\n"
    )
    first, second = load_config(path).models
    assert (first.train.batch, first.train.steps) == (3, 80)
    assert (second.train.batch, second.train.steps) == (5, 80)


def test_codes_that_are_none_are_named_beside_what_was_tuned(tmp_path: Path) -> None:
    tuned = tmp_path / "tuned.yaml"
    tables = {key: {1: 0.0, 7: 0.0} for key in BY_CLASS}
    tuned.write_text(yaml.safe_dump({"polygons": {**tables, "rules": []}}))
    tree = config_tree()
    tree["dataset"]["classes"][0]["code"] = [1]
    (tmp_path / "c.yaml").write_text(yaml.safe_dump(tree))
    with pytest.raises(ConfigError, match=r"dataset\.classes\.0\.code"):
        load_config(tmp_path / "c.yaml", tuned=tuned)


def test_missing_file_names_what_there_is(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such configuration"):
        load_config(tmp_path / "none.yaml")


def test_results_do_not_depend_on_where_the_files_lie(tmp_path: Path) -> None:
    here = load_tree(tmp_path, config_tree())
    there = load_tree(tmp_path, config_tree(), data=Path("there"))
    assert section_values(here, ("dataset", "tiles")) == section_values(there, ("dataset", "tiles"))
    assert section_values(here, ("tiles.metres",)) == {"tiles.metres": 2.5}


def test_outlines_make_no_tuning_old(tmp_path: Path) -> None:
    def values(*overrides: str) -> object:
        config = load_tree(tmp_path, config_tree(), *overrides)
        return section_values(config, stage("tune").sections)

    outlines = ("simplify_cost=0", "square=[1]", "round=[7]", "reshape_cost=0", "window=64")
    for change in (*outlines, "gains=false"):
        assert values(f"polygons.{change}") == values()
    masks = ("smooth", "median", "closing", "opening", "min_hole", "min_area")
    tables = (
        "thresholds={1: 0.3}",
        "hysteresis={1: 0.9}",
        "rules=[{rule: bridge, of: [1], metres: 3}]",
    )
    for change in (*(f"{key}=3" for key in masks), *tables):
        assert values(f"polygons.{change}") != values()


def test_a_configuration_extends_another(tmp_path: Path) -> None:
    base = config_tree() | {"train": {"batch": 3, "loss": {"gamma": 1.0}}, "network": {"width": 8}}
    (tmp_path / "base.yaml").write_text(yaml.safe_dump(base))
    tree = {"extends": "base.yaml", "train": {"loss": {"smoothing": 4.0}}}
    config = load_tree(tmp_path, tree)
    assert (config.train.batch, config.train.loss.gamma, config.train.loss.smoothing) == (3, 1, 4)
    other = load_tree(tmp_path, tree | {"network": {"kind": "smp"}})
    assert other.network.kind == "smp", "a section of another kind takes nothing over"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("c.yaml", "extends this file"),
        ("../c.yaml", "a file beside it"),
        (3, "a file beside it"),
        ("none.yaml", "no such configuration"),
    ],
)
def test_what_can_not_be_extended(tmp_path: Path, name: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        load_tree(tmp_path, {"extends": name})
