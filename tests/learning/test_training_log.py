"""What TensorBoard itself reads of a training's log."""

from __future__ import annotations

import io
import math
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from pipeline.learning.history import Row
from pipeline.learning.training_log import (
    BEST,
    LogPicture,
    TrainingLog,
    flat_values,
    write_log,
)

NAMES = ("trees", "water")
ROWS = (
    Row(5, 0.7, 0.001, 1.0, math.nan, (math.nan, math.nan)),
    Row(10, 0.5, 0.001, 11.0, 0.4, (0.4, math.nan)),
    Row(20, 0.25, 0.0005, 31.0, 0.3, (0.3, math.nan)),
)


def _picture(name: str, grey: int) -> LogPicture:
    file = io.BytesIO()
    Image.new("RGB", (12, 8), (grey,) * 3).save(file, "JPEG")
    return LogPicture(f"patches/{name}", file.getvalue(), (12, 8), "left, *right*")


def _provider(folder: Path) -> Any:
    """What TensorBoard's pages ask."""
    from tensorboard.backend.event_processing import (  # type: ignore[import-untyped]
        data_provider,
        plugin_event_multiplexer,
    )

    runs = plugin_event_multiplexer.EventMultiplexer()
    runs.AddRunsFromDirectory(str(folder))
    runs.Reload()
    return data_provider.MultiplexerDataProvider(runs, str(folder))


def _scalars(folder: Path) -> dict[str, list[Any]]:
    from tensorboard import context  # type: ignore[import-untyped]

    found = _provider(folder).read_scalars(
        context.RequestContext(), experiment_id="", plugin_name="scalars", downsample=1000
    )
    return dict(found["."])


def test_curves_lie_at_their_steps_and_times(tmp_path: Path) -> None:
    write_log(tmp_path, ROWS, ROWS[1], NAMES)
    found = _scalars(tmp_path)
    assert sorted(found) == [BEST, "jaccard/mean", "jaccard/trees", "loss", "rate"]
    assert [event.step for event in found["loss"]] == [5, 10, 20]
    assert [event.step for event in found["jaccard/mean"]] == [10, 20]
    assert found["jaccard/trees"][1].value == pytest.approx(0.3)
    times = [event.wall_time for event in found["loss"]]
    assert times[1] - times[0] == pytest.approx(10, abs=0.01)
    assert times[2] - times[1] == pytest.approx(20, abs=0.01)
    assert [(event.step, event.value) for event in found[BEST]] == [(10, pytest.approx(0.4))]


def test_a_log_that_continues_forgets_what_came_after(tmp_path: Path) -> None:
    """Killed after step 20 was logged, but before a checkpoint held it."""
    with TrainingLog(tmp_path, NAMES, purge=5) as log:
        for row in ROWS:
            log.add(row)
    with TrainingLog(tmp_path, NAMES, purge=20) as log:
        log.add(Row(20, 0.125, 0.0005, 33.0, 0.6, (0.6, math.nan)))
    found = _scalars(tmp_path)
    assert [(event.step, event.value) for event in found["loss"][1:]] == [(10, 0.5), (20, 0.125)]


def test_pictures_lie_at_their_steps(tmp_path: Path) -> None:
    from tensorboard import context

    pictures = {
        10: [_picture("1", 10), _picture("2", 20)],
        20: [_picture("1", 200)],
        15: [_picture("1", 99)],  # of a step that the history does not have
    }
    write_log(tmp_path, ROWS, ROWS[1], NAMES, pictures=pictures)
    provider, place = _provider(tmp_path), context.RequestContext()
    known = provider.list_blob_sequences(place, experiment_id="", plugin_name="images")["."]
    assert {tag: series.description for tag, series in known.items()} == {
        "patches/1": "left, *right*",
        "patches/2": "left, *right*",
    }
    found = provider.read_blob_sequences(
        place, experiment_id="", plugin_name="images", downsample=100
    )["."]
    assert [event.step for event in found["patches/1"]] == [10, 20]
    width, height, data = (
        provider.read_blob(place, blob_key=reference.blob_key)
        for reference in found["patches/1"][1].values
    )
    assert (width, height, data) == (b"12", b"8", pictures[20][0].data)


def test_settings_are_compared_by_what_they_gave(tmp_path: Path) -> None:
    from tensorboard import context
    from tensorboard.plugins import base_plugin  # type: ignore[import-untyped]
    from tensorboard.plugins.hparams import (  # type: ignore[import-untyped]
        api_pb2,
        backend_context,
        get_experiment,
        list_session_groups,
    )

    write_log(tmp_path / "one", ROWS, ROWS[1], NAMES, {"fold": 0, "rate": 0.5, "norm": "batch"})
    write_log(tmp_path / "two", ROWS, ROWS[2], NAMES, {"fold": 1, "rate": 0.5, "kind": "smp"})
    with TrainingLog(tmp_path / "new", NAMES, {"fold": 2, "rate": 0.5}) as log:
        log.add(ROWS[1])
    page = backend_context.Context(base_plugin.TBContext(data_provider=_provider(tmp_path)))
    asked = api_pb2.GetExperimentRequest()
    known = get_experiment.Handler(context.RequestContext(), page, "", asked).run()
    # All settings of all trainings, and first the one that differs.
    assert [row.name for row in known.hparam_infos] == ["fold", "kind", "norm", "rate"]
    assert known.metric_infos[0].name.tag == BEST
    request = api_pb2.ListSessionGroupsRequest(
        slice_size=9,
        allowed_statuses=[
            api_pb2.STATUS_UNKNOWN,
            api_pb2.STATUS_SUCCESS,
            api_pb2.STATUS_FAILURE,
            api_pb2.STATUS_RUNNING,
        ],
        col_params=[api_pb2.ColParams(metric=row.name) for row in known.metric_infos],
    )
    found = list_session_groups.Handler(context.RequestContext(), page, "", request).run()
    best = {
        group.sessions[0].name: [v.value for v in group.metric_values if v.name.tag == BEST]
        for group in found.session_groups
    }
    assert best == {"one": [pytest.approx(0.4)], "two": [pytest.approx(0.3)], "new": []}
    status = {group.sessions[0].name: group.sessions[0].status for group in found.session_groups}
    assert status["one"] == status["two"] == api_pb2.STATUS_SUCCESS
    assert status["new"] == api_pb2.STATUS_UNKNOWN


def test_where_nothing_is_held_out_there_is_no_score(tmp_path: Path) -> None:
    write_log(tmp_path, ROWS[:1], ROWS[0], NAMES, {"fold": "none"})
    assert sorted(_scalars(tmp_path)) == ["loss", "rate"]


def test_settings_become_flat() -> None:
    nested = {
        "rate": 0.5,
        "loss": {"terms": {"jaccard": 1}, "weights": {}},
        "on": True,
        "off": False,
        "bands": ["a", 2, None],
        "limit": None,
        "none": [],
        "name": "<script>",
    }
    assert flat_values(nested) == {
        "rate": 0.5,
        "loss.terms.jaccard": 1,
        "loss.weights": "none",
        "on": "yes",
        "off": "no",
        "bands": "a, 2, none",
        "limit": "none",
        "none": "none",
        "name": "<script>",
    }
