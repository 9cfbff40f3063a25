"""Files of search spaces that are wrong: what is named, and what must stay the same."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline.errors import ConfigError
from tests.search.test_space import SPACE, read_text


def _rows(**rows: Any) -> str:
    return yaml.safe_dump({"dimensions": rows}, sort_keys=False)


FAULTS: dict[str, tuple[str, str]] = {
    "no choice": (_rows(a={"default": 1}), r"dimension a: needs one of choice, .* it has none"),
    "two kinds": (
        _rows(**{"train.rate": {"choice": [1], "uniform": [0, 1], "default": 1}}),
        r"train\.rate: needs one of .* it has choice and uniform",
    ),
    "no default": (_rows(**{"train.batch": {"choice": [4]}}), r"default is missing; add it"),
    "empty": (_rows(**{"train.batch": {"choice": [], "default": 4}}), r"\[\] names nothing"),
    "twice": (
        _rows(**{"train.batch": {"choice": [4, 8, 4.0], "default": 4}}),
        r"train\.batch: choice: 4 stands there twice; remove one",
    ),
    "reversed": (
        _rows(**{"augment.rare": {"uniform": [1, 0], "default": 1}}),
        r"uniform: \[1, 0\] is reversed; write \[0, 1\]",
    ),
    "not finite": (
        "dimensions: {train.clip: {uniform: [0, .inf], default: 1}}",
        r"train\.clip: uniform: \[0, inf\] must be two finite numbers",
    ),
    "three bounds": (_rows(**{"train.rate": {"uniform": [0, 1, 2], "default": 1}}), "two finite"),
    "yes": (_rows(**{"train.rate": {"uniform": [False, True], "default": 1}}), "two finite"),
    "a point": (_rows(**{"augment.rare": {"uniform": [1, 1], "default": 1}}), "single value"),
    "log of zero": (
        _rows(**{"train.rate": {"loguniform": [0, 1], "default": 1}}),
        r"loguniform: 0 has no logarithm; raise it above 0, or use uniform",
    ),
    "step": (
        _rows(**{"network.width": {"uniform": [8, 50], "step": 8, "default": 16}}),
        r"step: 8 does not fit \[8, 50\]; .* whole steps apart: write \[8, 48\]",
    ),
    "step of a log": (
        _rows(**{"train.batch": {"loguniform": [6, 32], "step": 4, "default": 8}}),
        r"step: 4 does not fit \[6, 32\]; .* multiples of it: write \[8, 32\]",
    ),
    "large step": (
        _rows(**{"train.batch": {"loguniform": [1, 4], "step": 16, "default": 1}}),
        r"step: 16 does not fit \[1, 4\].*: lower it",
    ),
    "no step up": (
        _rows(**{"train.rate": {"uniform": [0.1, 1], "step": 0, "default": 1}}),
        "above 0",
    ),
    "step of a choice": (
        _rows(**{"train.batch": {"choice": [4], "step": 1, "default": 4}}),
        "step 1 is for ranges",
    ),
    "default outside": (
        _rows(**{"train.batch": {"choice": [4, 8], "default": 6}}),
        r"dimension train\.batch: default: train\.batch: 6 is none of its options 4, 8",
    ),
    "default between": (
        _rows(**{"network.width": {"uniform": [8, 48], "step": 8, "default": 20}}),
        r"20 is none of its steps of 8; the nearest is 24",
    ),
    "unknown parent": (
        _rows(**{"train.batch": {"choice": [4], "default": 4, "when": {"train.rate": 1}}}),
        r"when: train\.rate is no other dimension of the file; there are: none",
    ),
    "itself": (
        _rows(**{"train.batch": {"choice": [4], "default": 4, "when": {"train.batch": 4}}}),
        r"when: train\.batch is no other dimension",
    ),
    "below": (
        _rows(
            **{
                "train.batch": {"choice": [4], "default": 4, "when": {"train.optimizer": "sgd"}},
                "train.optimizer": {"choice": ["sgd"], "default": "sgd"},
            }
        ),
        r"train\.batch: when: train\.optimizer does not stand above it; move it up",
    ),
    "parent is a range": (
        _rows(
            **{
                "augment.rare": {"uniform": [0, 1], "default": 0.5},
                "train.batch": {"choice": [4], "default": 4, "when": {"augment.rare": 0.5}},
            }
        ),
        r"when: augment\.rare is no choice; make it one",
    ),
    "no option": (
        _rows(
            **{
                "train.optimizer": {"choice": ["sgd", "adam"], "default": "sgd"},
                "train.batch": {"choice": [4], "default": 4, "when": {"train.optimizer": ["sdg"]}},
            }
        ),
        r"when: train\.optimizer has no option 'sdg'; it has \"sgd\", \"adam\"",
    ),
    "no options": (
        _rows(
            **{
                "train.optimizer": {"choice": ["sgd"], "default": "sgd"},
                "train.batch": {"choice": [4], "default": 4, "when": {"train.optimizer": []}},
            }
        ),
        r"when: train\.optimizer has no option \[\]",
    ),
    "when of nothing": (
        _rows(**{"train.batch": {"choice": [4], "default": 4, "when": "x"}}),
        "must name a choice",
    ),
    "never": (
        _rows(
            **{
                "train.optimizer": {"choice": ["sgd", "adam"], "default": "sgd"},
                "train.d": {"choice": {"a": {}}, "default": "a"},
            }
        ).replace("train.d", "other")
        + """
  nested: {choice: {b: {train.clip: 1}}, default: b, when: {train.optimizer: sgd}}
  train.batch: {choice: [4], default: 4, when: {nested: b, train.optimizer: adam}}
""",
        r"train\.batch: never applies, since its conditions exclude each other",
    ),
    "unknown key": (
        _rows(**{"network.dept": {"choice": [4], "default": 4}}),
        r"network\.dept is no key of a model row; did you mean network\.depth\?",
    ),
    "no section": (_rows(depth={"choice": [4], "default": 4}), r"did you mean network\.depth\?"),
    "section": (
        _rows(**{"augment.enrich": {"choice": [{"tint": 0.1}], "default": {"tint": 0.1}}}),
        r"augment\.enrich is a section; name one of its keys: augment\.enrich\.gain",
    ),
    "wrong value": (
        _rows(**{"train.optimizer": {"choice": ["adam", "adamx"], "default": "adam"}}),
        r'train\.optimizer: "adamx" is not allowed: Input should be \'sgd\'',
    ),
    "wrong bound": (
        _rows(**{"augment.rare": {"uniform": [0, 2], "default": 1}}),
        r"augment\.rare: 2 is not allowed: Input should be less than or equal to 1",
    ),
    "no step for whole numbers": (
        _rows(**{"network.depth": {"uniform": [2, 6], "default": 4}}),
        r"a value such as 3\.656 is not allowed: .* valid integer.*; set step",
    ),
    "half steps for whole numbers": (
        _rows(**{"network.depth": {"uniform": [2, 6], "step": 0.5, "default": 4}}),
        r"a value such as 2\.5 is not allowed",
    ),
    "plateau": (
        _rows(**{"train.schedule": {"choice": ["step", "plateau"], "default": "step"}}),
        r"plateau follows validations; a trial .* has no validations; remove it",
    ),
    "labelled plateau": (
        _rows(recipe={"choice": {"a": {"train.schedule": "plateau"}}, "default": "a"}),
        r"dimension recipe: choice a: train\.schedule: \"plateau\" is not allowed",
    ),
    "label with a wrong key": (
        _rows(recipe={"choice": {"a": {"train.bach": 4}}, "default": "a"}),
        r"choice a: train\.bach is no key .* did you mean train\.batch\?",
    ),
    "label without keys": (_rows(recipe={"choice": {"a": 4}, "default": "a"}), "must be the keys"),
    "label off": (
        "dimensions: {recipe: {choice: {off: {}, on: {train.batch: 4}}, default: off}}",
        r"the label False is no text; put it in quotes",
    ),
    "labels alike": (
        _rows(
            recipe={"choice": {"a": {"train.batch": 4}, "b": {"train.batch": 4.0}}, "default": "a"}
        ),
        r"choice: a and b set the same; remove one",
    ),
    "label sets twice": (
        _rows(
            m={
                "choice": {"a": {"train.loss.terms": {"dice": 1}, "train.loss.terms.focal": 1}},
                "default": "a",
            }
        ),
        r"choice a: train\.loss\.terms and train\.loss\.terms\.focal set the same key",
    ),
    "labels under a key": (
        _rows(**{"train.batch": {"choice": {"a": {"train.batch": 4}}, "default": "a"}}),
        r"needs a name of its own",
    ),
    "labels under capacity": (
        _rows(capacity={"choice": {"a": {"train.batch": 4}}, "default": "a"}),
        r"needs a name of its own",
    ),
    "set by two": (
        _rows(
            **{
                "train.loss.gamma": {"choice": [1, 2], "default": 2},
                "mixture": {
                    "choice": {"a": {}, "b": {"train.loss.gamma": 3}},
                    "default": "a",
                },
            }
        ),
        r"dimension mixture: sets train\.loss\.gamma, and dimension train\.loss\.gamma may set",
    ),
    "part set by two": (
        _rows(
            **{
                "train.loss.terms.focal": {"uniform": [0, 1], "default": 0.5},
                "mixture": {"choice": {"b": {"train.loss.terms": {"dice": 1}}}, "default": "b"},
            }
        ),
        r"sets train\.loss\.terms, and dimension train\.loss\.terms\.focal may set",
    ),
    "key of the other network": (
        _rows(
            **{
                "network.kind": {"choice": ["unet", "smp"], "default": "unet"},
                "network.depth": {"choice": [3, 4], "default": 4},
            }
        ),
        r"network\.depth: .* kind smp does not have.*with when: \{network\.kind: unet\}",
    ),
    "not JSON": (
        "dimensions: {network.encoder: {choice: [2020-01-01], default: x}}",
        r"datetime\.date\(2020, 1, 1\) can't be kept as JSON",
    ),
    "endless": (
        "dimensions: {features.indices: {choice: [&a [*a]], default: []}}",
        r"features\.indices: .* can't be kept as JSON",
    ),
    "endless default": (
        "dimensions: {features.indices: {choice: [[]], default: &a [*a]}}",
        r"default: .* can't be kept as JSON",
    ),
    "deep": ("dimensions: " + "[" * 5000, "nested too deeply"),
    "unknown word": (
        _rows(**{"train.batch": {"chioce": [4], "default": 4}}),
        r"dimension train\.batch chioce: unknown key; did you mean choice\?",
    ),
    "unknown section": ("dimension: {}", r"dimension: unknown key; did you mean dimensions\?"),
    "unknown limit": (
        SPACE.replace("parameters:", "weights:"),
        r"limits\.weights: unknown key; known keys: parameters, multiply_adds, memory",
    ),
    "limit of nothing": (SPACE.replace("2.0e+6", "0"), r"limits\.parameters: .* greater than 0"),
    "limit without end": (SPACE.replace("2.0e+6", ".nan"), r"limits\.parameters: .* nan"),
    "no dimension": ("dimensions: {}", "dimensions: there is none; name at least one"),
    "nothing": ("", "must hold keys and values, but it is None"),
    "list": ("- a", "must hold keys and values"),
    "list of dimensions": ("dimensions: [a]", r"dimensions: .* but it is \['a'\]"),
    "number for a dimension": ("dimensions: {train.batch: 4}", r"train\.batch: must hold keys"),
    "number for a name": (
        "dimensions: {4: {choice: [4], default: 4}}",
        r"dimension 4: Input should be a valid string",
    ),
    "key twice": (
        "dimensions:\n  train.clip: {choice: [4], default: 4}\n  train.clip: {choice: [8]}",
        r"(?s)the key train\.clip stands there twice.*line 2.*line 3",
    ),
    "label twice": (
        "dimensions: {m: {choice: {a: {}, a: {train.batch: 4}}, default: a}}",
        r"the key a stands there twice",
    ),
    "code": ("dimensions: !!python/object/apply:os.getcwd []", "can't be read as YAML"),
}
FIXED: dict[str, list[Any]] = {
    "name": ["a", "b"],
    "classes": [[1], [7]],
    "answers": [[1], [7]],
    "augment.folds": [2, 3],
    "augment.same_place": [[], [["1", "2"]]],
    "augment.seed": [0, 1],
    "train.minutes": [1, 2],
    "train.device": ["cpu", "cuda"],
    "train.seed": [0, 1],
    "train.steps": [5, 6],
    "train.validations": [1, 2],
    "predict.d4": [False, True],
    "transfer.trained": ["all", "decoder"],
    "transfer.run": ["a", "b"],
}


@pytest.mark.parametrize("case", FAULTS)
def test_what_is_wrong_is_named(tmp_path: Path, case: str) -> None:
    text, message = FAULTS[case]
    with pytest.raises(ConfigError, match=message) as caught:
        read_text(tmp_path, text)
    assert str(tmp_path / "space.yaml") in str(caught.value)


@pytest.mark.parametrize("key", FIXED)
def test_what_must_stay_the_same_is_no_dimension(tmp_path: Path, key: str) -> None:
    plain = _rows(**{key: {"choice": FIXED[key], "default": FIXED[key][0]}})
    labelled = _rows(other={"choice": {"a": {key: FIXED[key][0]}}, "default": "a"})
    for text in (plain, labelled):
        with pytest.raises(ConfigError, match=f"a trial must not change {re.escape(key)}"):
            read_text(tmp_path, text)
