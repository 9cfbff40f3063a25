"""Why a stage is old, by what it was made from."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline.stages.standing.reasons import reasons


def _ground(inputs: dict[str, Any], **upstream: dict[str, str]) -> dict[str, Any]:
    return {"inputs": inputs, "upstream": upstream}


@pytest.mark.parametrize(
    ("before", "now", "told"),
    [
        ({"code": "1"}, {"code": "1"}, []),
        ({"code": "1"}, {"code": "2"}, ["code of the stage changed"]),
        (
            {"files": {"a.tif": [1, 5], "b.tif": [1, 5], "c.tif": [1, 5], "d.tif": [1, 5]}},
            {"files": {"a.tif": [2, 6], "b.tif": [3, 6], "c.tif": [1, 6], "e.tif": [1, 5]}},
            [
                "2 raw files changed: a.tif, b.tif",
                "1 raw file written again, of the same size: c.tif",
                "1 raw file added: e.tif",
                "1 raw file removed: d.tif",
            ],
        ),
        (
            {"files": {}},
            {"files": {f"{n}.tif": [1, 1] for n in range(5)}},
            ["5 raw files added: 0.tif, 1.tif, 2.tif and 2 more"],
        ),
        ({"files": {"a": [1, 1], "b": [1, 1]}}, {"files": {}}, ["all 2 raw files are gone"]),
        (
            {"sources": {"roads": 1}, "trained": {"train": 1}, "runs": {"b": 1}},
            {"sources": {"roads": 2}, "trained": {"train": 2}, "runs": {"c": 1}},
            [
                "weights that roads starts from changed",
                "`train` of the run that has the networks changed",
                "predictions of run b changed",
                "predictions of run c changed",
            ],
        ),
        ({"reads": {"s.yaml": 1}}, {"reads": {"s.yaml": 2}}, ["s.yaml changed"]),
    ],
)
def test_inputs(before: dict[str, Any], now: dict[str, Any], told: list[str]) -> None:
    assert reasons(_ground(before), _ground(now)) == told


def test_items_of_the_stages_before() -> None:
    before = _ground({}, tiles={"a": "1", "b": "1"}, augment={"plan": "1"}, tune={"found": "1"})
    now = _ground({}, tiles={"a": "2", "c": "1"}, augment={"plan": "1"}, score={"table": "1"})
    assert reasons(before, now) == [
        "1 item of tiles changed: a",
        "1 item of tiles added: c",
        "1 item of tiles removed: b",
        "score is new",
        "tune is no more",
    ]
    assert reasons(now, now) == []


@pytest.mark.parametrize("strange", [{}, {"inputs": 3, "upstream": []}, {"inputs": {"files": 3}}])
def test_a_record_that_makes_no_sense_is_no_error(strange: dict[str, Any]) -> None:
    assert reasons(strange, _ground({"code": "1"})) == ["code of the stage changed"]
