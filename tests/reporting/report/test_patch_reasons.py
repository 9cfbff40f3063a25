"""Every reason, on a patch that was made for it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from pipeline.reporting.report.patch_facts import Patch
from pipeline.reporting.report.patch_reasons import RULES, reasons, reasons_text
from pipeline.reporting.report.patch_words import area_text, errors_text, percent
from tests.reporting.report.made_patch import SIZE, made_patch, mask

FIELD = (8, 8, 24, 24)
"""256 pixels."""


def _never() -> Patch:
    return made_patch({0: mask(FIELD)}, {}, threshold=256 / 255)


def _no_data() -> Patch:
    valid = ~mask((0, 0, 32, 10))
    return made_patch({0: mask(FIELD) & valid}, {}, valid=valid)


def _border() -> Patch:
    """The upper five rows of a strip that comes in from above; the scene ends one row above."""
    return made_patch({0: mask((0, 8, 24, 12))}, {0: mask((4, 8, 24, 12))}, margins=(1, 9, 9, 9))


def _taken() -> Patch:
    return made_patch({0: mask(FIELD)}, {2: mask((8, 8, 24, 20))})


def _truly() -> Patch:
    return made_patch({1: mask((8, 8, 24, 12)), 2: mask((0, 0, 2, 2))}, {0: mask((8, 8, 24, 16))})


def _shifted() -> Patch:
    return made_patch({0: mask((8, 8, 16, 16))}, {0: mask((10, 7, 18, 15))})


def _outline() -> Patch:
    return made_patch({0: mask(FIELD)}, {0: mask((10, 9, 23, 22))})


def _merged() -> Patch:
    objects = [(8, 6, 12, 10), (8, 14, 12, 18), (8, 22, 12, 26)]
    return made_patch({0: mask(*objects)}, {0: mask((8, 6, 12, 26))})


def _split() -> Patch:
    return made_patch(
        {0: mask((8, 4, 14, 28))}, {0: mask((8, 4, 14, 8), (8, 14, 14, 18), (8, 24, 14, 28))}
    )


def _tiny() -> Patch:
    return made_patch({0: mask((2, 2, 4, 4), (10, 10, 12, 12), (20, 20, 23, 23))}, {})


def _faint() -> Patch:
    """What is missed is striped as all: 90, 100, 110 and 120, that is 105 +- 11.2."""
    stripes = np.tile(np.array([90, 100, 110, 120], np.uint8), SIZE // 4)
    picture = np.broadcast_to(stripes[None, :, None], (SIZE, SIZE, 3))
    return made_patch({0: mask(FIELD)}, {}, picture=picture)


def _thin() -> Patch:
    return made_patch({0: mask((10, 0, 12, 32))}, {})


def _taken_away() -> Patch:
    return made_patch({0: mask(FIELD)}, {}, probability=np.full((SIZE, SIZE), 0.71, np.float32))


def _added() -> Patch:
    nothing = np.full((SIZE, SIZE), 0.25, np.float32)
    return made_patch({}, {0: mask(FIELD)}, probability=nothing)


def _of_no_class() -> Patch:
    return made_patch({}, {0: mask(FIELD)}, probability=np.full((SIZE, SIZE), 0.9, np.float32))


def _near() -> Patch:
    return made_patch({}, {0: mask(FIELD)}, probability=np.full((SIZE, SIZE), 0.6, np.float32))


def _unseen() -> Patch:
    return made_patch({0: mask(FIELD)}, {}, probability=np.full((SIZE, SIZE), 0.12, np.float32))


CASES: dict[str, tuple[Callable[[], Patch], str]] = {
    "never": (_never, "No threshold was worth it, so the class is predicted nowhere."),
    "no data": (_no_data, "Of 31 % of the patch nothing is known."),
    # The strip's first four rows, all within five pixels of the border.
    "border": (_border, "Cut by the scene's border: 100 % of the error lies within 5 pixels"),
    "taken for another": (_taken, "75 % of the missed ground was taken for Water."),
    "truly another": (_truly, "50 % of the false ground is truly Track."),
    # sqrt(2^2 + 1) pixels of 2 m.
    "shifted": (
        _shifted,
        "Shifted by 2 down and 1 left pixels (4.5 m): moved back, its Jaccard index would be 1.00.",
    ),
    "merged": (_merged, "3 objects were found as 1."),
    "split": (_split, "1 object was found in 3 parts."),
    # 256 - 13 * 13 pixels are missed; two columns of those within two pixels are found.
    "outline": (_outline, "The outline only: 100 % of the error lies within 2 pixels of it."),
    "tiny": (_tiny, "Tiny objects: half of them take 16 m² or less, 4 pixels."),
    # Half of the pixels lie 5 from the mean, half of them 15: the median is 10 / 11.2.
    "faint": (
        _faint,
        "Low contrast: half of what was missed differs from its surroundings by less than 0.9 of "
        "their spread.",
    ),
    "thin": (_thin, "Thin: less than 6 m or 3 pixels wide."),
    "taken away": (
        _taken_away,
        "Cleaning, a rule or a smooth outline took away 100 % of what was missed: probability "
        "there 0.71 on average, threshold 0.50.",
    ),
    "added": (
        _added,
        "Cleaning, a rule or a smooth outline added 100 % of what is false: probability there 0.25 "
        "on average, threshold 0.50.",
    ),
    "of no class": (
        _of_no_class,
        "Is a label missing? The networks are sure of ground that is of no class: probability 0.90 "
        "on average, threshold 0.50.",
    ),
    "near the threshold": (
        _near,
        "A near thing: probability of what is false 0.60 on average, threshold 0.50.",
    ),
    "unseen": (_unseen, "Probability of what was missed 0.12 on average, threshold 0.50."),
}


def test_what_cleaning_did_is_told_of_its_own_ground() -> None:
    """Six of sixteen rows lie on the other side of the threshold than all together."""
    chance = np.full((SIZE, SIZE), 0.1, np.float32)
    top, left, _, right = FIELD
    chance[top : top + 6, left:right] = 0.7
    missed = reasons_text(made_patch({0: mask(FIELD)}, {}, probability=chance), 9)
    assert "outline took away 38 %" in missed
    assert "there 0.70 on average, threshold 0.50" in missed
    false = reasons_text(made_patch({}, {0: mask(FIELD)}, probability=0.8 - chance), 9)
    assert "outline added 38 %" in false
    assert "there 0.10 on average, threshold 0.50" in false
    unlikely = {rule.name: rule for rule in RULES}["near the threshold"]
    assert unlikely.measure(made_patch({}, {0: mask(FIELD)}, probability=chance)) == 0


def test_every_rule_has_its_case() -> None:
    assert list(CASES) == [rule.name for rule in RULES]


@pytest.mark.parametrize("name", CASES)
def test_its_case_tells_it_first(name: str) -> None:
    make, words = CASES[name]
    patch = make()
    assert reasons(patch)[0].name == name
    assert reasons_text(patch, most=1).startswith(words)


@pytest.mark.parametrize("name", CASES)
def test_a_right_patch_tells_nothing(name: str) -> None:
    (rule,) = (rule for rule in RULES if rule.name == name)
    right = made_patch({0: mask(FIELD)}, {0: mask(FIELD)})
    nothing = made_patch({}, {})
    assert rule.measure(right) < rule.limit
    assert rule.measure(nothing) < rule.limit


@pytest.mark.parametrize("name", CASES)
def test_measures_are_shares(name: str) -> None:
    for make, _ in CASES.values():
        (rule,) = (rule for rule in RULES if rule.name == name)
        assert 0 <= rule.measure(make()) <= 1


def test_two_of_different_kinds_are_told() -> None:
    """Thin and tiny are of one kind; the second that is told is another."""
    told = reasons(_tiny())
    assert [rule.name for rule in told] == ["tiny", "unseen"]
    assert reasons_text(_tiny()).count(". ") == 1


def test_a_question_ends_as_one() -> None:
    assert "?." not in reasons_text(_of_no_class())


def test_a_shift_of_what_enters_is_none() -> None:
    """A class that fills the patch lies nowhere else."""
    full = made_patch({0: mask((0, 0, 32, 32))}, {0: mask((0, 0, 32, 32))})
    assert full.shift[:2] == (0, 0)
    assert full.shift_gain == 0


def test_patches_of_few_pixels_are_measured() -> None:
    """A scene of one row: nothing to move, nothing around."""
    row = np.ones((1, 40), bool)
    patch = made_patch({}, {})
    thin = Patch(
        truth=np.stack([row, ~row, ~row]),
        found=np.stack([~row, ~row, ~row]),
        valid=row,
        place=0,
        names=patch.names,
        probability=np.zeros((1, 40), np.float32),
        threshold=0.5,
        picture=np.zeros((1, 40, 3), np.uint8),
        metres=1.0,
        margins=(0, 0, 0, 0),
    )
    assert reasons_text(thin).startswith("Cut by the scene's border")


def test_errors_by_hand() -> None:
    # 256 true, 169 found of them: 87 of 256 are missed; pixels have 4 m².
    assert errors_text(_outline()) == "Missed 34 % of 1,024 m²."
    # Of 64 true, 42 are found (6 x 7), and 22 of 64 found are not true.
    assert errors_text(_shifted()) == "Missed 34 % of 256 m²; 34 % of 256 m² found is false."
    assert errors_text(_near()) == "False alarm: 1,024 m² where there is none."
    right = made_patch({0: mask((0, 0, 1, 2))}, {0: mask((0, 0, 1, 2))})
    assert errors_text(right) == "All of 8 m² found and nothing else."


def test_what_is_nearly_all_is_not_called_all() -> None:
    assert [percent(share) for share in (0, 0.002, 0.994, 0.999, 1)] == [
        "0 %",
        "less than 1 %",
        "99 %",
        "99 %",
        "100 %",
    ]
    assert [area_text(area) for area in (1.234, 12.4, 1204.4)] == ["1.2 m²", "12 m²", "1,204 m²"]
