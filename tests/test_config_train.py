"""The section ``train``: combinations that can't be followed name value, rule and fix."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from pipeline.config.train import Train


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"nesterov": True}, "nesterov is a form of sgd's momentum, but optimizer is adamw"),
        (
            {"nesterov": True, "optimizer": "sgd", "momentum": 0},
            "momentum 0; set nesterov to false, or optimizer to sgd and momentum above 0",
        ),
        ({"optimizer": "adagrad", "momentum": 0.5}, "momentum 0.5 has no effect.*adagrad has none"),
        ({"warmup": 0.1}, r"warmup 0.1 has no effect: schedule one_cycle rises by itself; remove"),
        ({"schedule": "cosine", "drops": 3}, "drops 3 has no effect: schedule cosine"),
        ({"schedule": "plateau", "drops": 3}, "only step does"),
        ({"schedule": "linear", "drop_factor": 0.5}, r"drop_factor 0.5 .*\(or set it to 0.1\)"),
        ({"schedule": "step", "plateau": 3}, "plateau 3 has no effect"),
        (
            {"schedule": "plateau", "plateau": 1, "validations": 2},
            r"validations \(now 2\) to 3 or more, or choose schedule step",
        ),
        ({"swa": 0.2, "average": 0.9}, "average 0.9 and swa 0.2 .*; set one of them to 0"),
        ({"schedule": "step", "swa": 0.7, "warmup": 0.5}, "set warmup to at most 0.3"),
        ({"min_gain": 0.01}, "min_gain 0.01 has no effect: neither patience"),
        ({"momentum": 1.0}, "less than 1"),
        ({"optimizer": "lion"}, "'adagrad'"),
        ({"mining": 1.5}, "less than or equal to 1"),
        ({"accumulate": 0}, "greater than or equal to 1"),
        ({"max_norm": 0}, "greater than 0"),
        ({"drop_factor": 1}, "less than 1"),
    ],
)
def test_wrong_values_name_field_and_fix(values: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Train(**values)


@pytest.mark.parametrize(
    "values",
    [
        {"optimizer": "sgd", "nesterov": True},
        {"schedule": "plateau", "plateau": 1, "validations": 3, "min_gain": 0.01},
        {"schedule": "step", "drops": 3, "drop_factor": 0.5, "warmup": 0.1, "swa": 0.9},
        {"patience": 2, "min_gain": 0.01},
        {"optimizer": "adagrad", "momentum": 0.9},
    ],
)
def test_what_fits_together_survives_its_written_form(values: dict[str, Any]) -> None:
    made = Train(**values)
    assert Train(**made.model_dump(mode="json")) == made
