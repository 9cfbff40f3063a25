"""Trials in TensorBoard."""

from pathlib import Path
from typing import Any

import pytest

from pipeline.reporting.search.trials_log import log_trials
from tests.reporting.search.made import entry

ENTRIES = [
    entry(0, 0, 0.25, {"depth": 4, "mixture": "even", "bands": ["a", "b"]}, classes={"1": 0.5}),
    entry(12, 1, 0.5, {"depth": 5, "mixture": 3, "on": True}, classes={"1": None, "3": 0.75}),
    entry(12, 0, 0.375, {"depth": 5, "mixture": 3, "on": True}),
    entry(13, 0, outcome="failed", params={"depth": 5}),
    entry(14, 0, outcome="rejected"),
]


def _read(folder: Path) -> Any:
    from tensorboard.backend.event_processing import (  # type: ignore[import-untyped]
        event_accumulator,
    )

    accumulator = event_accumulator.EventAccumulator(str(folder))
    accumulator.Reload()
    return accumulator


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("log")
    log_trials(found, ENTRIES, {"1": "buildings"})
    return found


def test_a_run_per_trial_that_was_trained(folder: Path) -> None:
    assert sorted(p.name for p in folder.iterdir()) == ["trial_0000", "trial_0012", "trial_0013"]
    assert all(len(list(run.iterdir())) == 1 for run in folder.iterdir())


def test_scores_lie_at_their_steps(folder: Path) -> None:
    log = _read(folder / "trial_0012")
    assert set(log.Tags()["scalars"]) == {"score", "jaccard/3"}
    assert [(e.step, e.value) for e in log.Scalars("score")] == [(100, 0.375), (300, 0.5)]
    assert log.Scalars("score")[0].wall_time == 1735787045, "2025-01-02T03:04:05Z"
    assert [(e.step, e.value) for e in log.Scalars("jaccard/3")] == [(300, 0.75)]
    assert set(_read(folder / "trial_0000").Tags()["scalars"]) == {"score", "jaccard/buildings"}
    assert _read(folder / "trial_0013").Tags()["scalars"] == []


def test_values_are_of_one_type_by_name(folder: Path) -> None:
    """``mixture`` is a text in one trial and a number in the other, so it is a text in both."""
    assert _values(folder / "trial_0000") == {"depth": 4, "mixture": "even", "bands": "a + b"}
    assert _values(folder / "trial_0012") == {"depth": 5, "mixture": "3", "on": "true"}
    assert _values(folder / "trial_0013") == {"depth": 5}


def _values(folder: Path) -> dict[str, Any]:
    from tensorboard.plugins.hparams import plugin_data_pb2  # type: ignore[import-untyped]

    contents = _read(folder).PluginTagToContent("hparams")
    data = plugin_data_pb2.HParamsPluginData.FromString(contents["_hparams_/session_start_info"])
    found = {}
    for name, value in data.session_start_info.hparams.items():
        found[name] = getattr(value, value.WhichOneof("kind"))
    return found
