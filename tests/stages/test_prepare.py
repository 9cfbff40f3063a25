"""What comes before every stage: inputs for Make, generated scenes, nothing overwritten."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline.artifacts import load_item
from pipeline.chain import CHAIN
from pipeline.config import load_config
from pipeline.config.transfer import Transfer
from pipeline.errors import DatasetError
from pipeline.files import write_json
from pipeline.imagery.generated import dataset
from pipeline.stages.job import Job
from pipeline.stages.prepare import prepare
from tests.chain_project import ROOT, tiny_config


def _job(folder: Path, **generate: int) -> Job:
    tree = tiny_config(str(folder / "raw"))
    if generate:
        tree["generate"] = generate
    path = folder / "c.yaml"
    path.write_text(yaml.safe_dump(tree))
    return Job(load_config(path), folder / "run")


def _times(job: Job) -> dict[str, int]:
    return {path.name: path.stat().st_mtime_ns for path in (job.run / "inputs").glob("*.json")}


def test_inputs_are_replaced_only_where_they_differ(tmp_path: Path) -> None:
    (tmp_path / "raw").mkdir()
    job = _job(tmp_path)
    prepare(job)
    before = _times(job)
    assert set(before) == {f"{row.name}.json" for row in CHAIN}
    prepare(job)
    assert _times(job) == before
    (tmp_path / "raw" / "new.tif").write_bytes(b"x")
    prepare(job)
    after = _times(job)
    assert [name for name in before if after[name] != before[name]] == ["scenes.json"]


def _changed(job: Job, before: dict[str, int]) -> list[str]:
    return [name for name, moment in _times(job).items() if before[name] != moment]


def _source_job(folder: Path, **transfer: str) -> Job:
    (folder / "raw").mkdir(exist_ok=True)
    job = _job(folder)
    row = job.config.models[0].model_copy(update={"transfer": Transfer.model_validate(transfer)})
    return Job(job.config.model_copy(update={"models": (row,)}), job.run)


def test_another_network_to_start_from_makes_train_old(tmp_path: Path) -> None:
    job = _source_job(tmp_path, run="base")
    prepare(job)  # the run is not there yet: the stage says so
    for stage, makes_old in (("train", True), ("augment", True), ("predict", False)):
        before = _times(job)
        items = {"all-fold-0": {"key": "1", "digest": "2"}}
        write_json(tmp_path / "base" / stage / "manifest.json", {"items": items, "seconds": 1})
        prepare(job)
        assert _changed(job, before) == ["train.json", "search.json"] * makes_old
        before = _times(job)
        write_json(tmp_path / "base" / stage / "manifest.json", {"items": items, "seconds": 2})
        prepare(job)
        assert not _changed(job, before)


@pytest.mark.parametrize("bare", [True, False])
def test_other_weights_to_start_from_make_train_old(tmp_path: Path, bare: bool) -> None:
    weights = tmp_path / "source" / "weights.safetensors"
    weights.parent.mkdir()
    weights.write_bytes(b"1")
    job = _source_job(tmp_path, source=str(weights if bare else weights.parent))
    prepare(job)
    before = _times(job)
    prepare(job)
    assert not _changed(job, before)
    weights.write_bytes(b"23")
    prepare(job)
    assert _changed(job, before) == ["train.json", "search.json"]


def test_resolved_configuration_is_stored(tmp_path: Path) -> None:
    (tmp_path / "raw").mkdir()
    job = _job(tmp_path)
    prepare(job)
    stored = yaml.safe_load((job.run / "config.yaml").read_text())
    assert stored["train"]["steps"] == job.config.train.steps
    assert load_config(job.run / "config.yaml") == job.config


def test_missing_folder_names_the_fix(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="DATA="):
        prepare(_job(tmp_path))


@pytest.mark.slow
def test_scenes_are_generated_once_and_again_for_another_seed(tmp_path: Path) -> None:
    small = {"train_places": 2, "test_places": 1, "twins": 0, "smallest": 48, "largest": 52}
    prepare(_job(tmp_path, seed=1, **small))
    item = tmp_path / "raw" / "item.json"
    first = json.loads(item.read_text())
    moment = item.stat().st_mtime_ns
    prepare(_job(tmp_path, seed=1, **small))
    assert item.stat().st_mtime_ns == moment
    prepare(_job(tmp_path, seed=2, **small))
    second = json.loads(item.read_text())
    assert first["files"].keys() == second["files"].keys()
    assert first["files"] != second["files"]


@pytest.mark.slow
def test_two_runs_at_once_generate_the_scenes_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second looks again when the first, which holds the lock, is done."""
    calls = []
    generate = dataset.generate_dataset

    def slowly(*arguments: Any) -> None:
        calls.append(arguments)
        time.sleep(0.5)
        generate(*arguments)

    monkeypatch.setattr(dataset, "generate_dataset", slowly)
    small = {"train_places": 2, "test_places": 1, "twins": 0, "smallest": 48, "largest": 52}
    job = _job(tmp_path, seed=1, **small)
    with ThreadPoolExecutor(2) as pool:
        runs = [Job(job.config, tmp_path / name) for name in ("a", "b")]
        list(pool.map(prepare, runs))
    assert len(calls) == 1
    assert load_item(tmp_path / "raw") is not None


def test_files_that_were_not_generated_are_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "raw").mkdir()
    treasure = tmp_path / "raw" / "labels.csv"
    treasure.write_text("mine")
    with pytest.raises(DatasetError, match="never overwritten"):
        prepare(_job(tmp_path, seed=1, twins=0))
    assert treasure.read_text() == "mine"


def test_clean_spares_raw_data() -> None:
    recipe = (ROOT / "Makefile").read_text().split("clean:")[1].split("\n\n")[0]
    assert recipe.strip().endswith("rm -rf data/runs")
