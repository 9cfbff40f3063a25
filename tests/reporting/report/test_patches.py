"""The section of worst and best patches."""

from __future__ import annotations

import json
from dataclasses import asdict

from pipeline.reporting.page.blocks import Gallery, Group, Section, Table, Target, Text
from pipeline.reporting.report.patches import (
    HELD_OUT,
    LABELS,
    SOLUTION,
    ClassPatches,
    PatchRecord,
    patches_section,
)


def _record(scene: str, file: str) -> PatchRecord:
    return PatchRecord(scene, (4, 8, 68, 72), 0.25, "Missed 9 % of 8 m².", "Thin.", file)


def _class(code: int, right: int, patches: int = 1) -> ClassPatches:
    shown = [_record(f"s{code}", f"{code}-{number}") for number in range(2 * patches)]
    total = (right, 0, 10 - right)
    return ClassPatches(code, f"class {code}", total, tuple(shown[::2]), tuple(shown[1::2]))


def _pictures(classes: list[ClassPatches], size: int = 3) -> dict[str, bytes]:
    return {one.file: bytes(size) for row in classes for one in (*row.worst, *row.best)}


def _section(classes: list[ClassPatches], of: str = HELD_OUT, limit: float = 1e6) -> Section:
    return patches_section(classes, _pictures(classes), of, "about 64 pixels (128 m)", limit)


def _groups(section: Section) -> list[Group]:
    return [block for block in section.blocks if isinstance(block, Group)]


def test_classes_stand_from_the_lowest_on_and_the_first_two_are_open() -> None:
    section = _section([_class(code, right) for code, right in ((1, 9), (2, 3), (3, 5), (4, 1))])
    assert [(group.title, group.folded) for group in _groups(section)] == [
        ("class 4: Jaccard index 0.10", False),
        ("class 2: Jaccard index 0.30", False),
        ("class 3: Jaccard index 0.50", True),
        ("class 1: Jaccard index 0.90", True),
    ]


def test_a_patch_tells_where_it_is_and_why() -> None:
    worst, best = _groups(_section([_class(7, 3)]))[0].blocks
    assert isinstance(worst, Gallery)
    assert isinstance(best, Gallery)
    assert (worst.title, best.title) == ("Worst", "Best")
    (picture,) = worst.pictures
    assert picture.caption == ("s7, column 4, row 8: Jaccard index 0.25. Missed 9 % of 8 m². Thin.")
    assert picture.target == Target("s7", (4, 8, 68, 72), (7,), ("prediction", "truth"))
    assert "class 7: Missed 9 %" in picture.alt


def test_colours_are_named() -> None:
    (table,) = (block for block in _section([_class(7, 3)]).blocks if isinstance(block, Table))
    assert table.colours is not None
    assert len(table.colours) == len(table.rows) == 4


def test_it_says_whose_networks_predicted() -> None:
    def lead(of: str) -> str:
        block = _section([_class(7, 3)], of).blocks[0]
        assert isinstance(block, Text)
        return block.text

    assert "by networks that were not trained on it" in lead(HELD_OUT)
    assert "by the networks of another run, which may have been trained on them" in lead(LABELS)
    assert "scenes of the solution" in lead(SOLUTION)


def test_a_class_that_is_nowhere_is_named_and_one_without_errors_says_so() -> None:
    nowhere = ClassPatches(5, "Water", (0, 0, 0), (), ())
    right = ClassPatches(6, "Crops", (9, 0, 0), (), (_record("a", "x"),))
    section = _section([nowhere, right])
    (group,) = _groups(section)
    assert [block.title for block in group.blocks if isinstance(block, Gallery)] == [
        "Worst: nothing is wrong",
        "Best",
    ]
    assert section.blocks[-1] == Text("Nothing to show of Water.", "note")


def test_fewer_of_each_class_are_shown_where_the_page_would_grow_too_large() -> None:
    classes = [_class(code, code, patches=4) for code in (1, 2)]
    each = 30 * 4 / 3  # bytes of a picture in the page

    def shown(limit: float) -> list[int]:
        section = patches_section(classes, _pictures(classes, 30), HELD_OUT, "64", limit)
        galleries = [block for group in _groups(section) for block in group.blocks]
        return [len(one.pictures) for one in galleries if isinstance(one, Gallery)]

    assert shown(16 * each) == [4, 4, 4, 4]
    assert shown(16 * each - 1) == [3, 3, 3, 3]
    assert shown(0) == [1, 1, 1, 1], "one of each is always shown"


def test_records_come_back_from_json() -> None:
    row = _class(7, 3, patches=2)
    assert ClassPatches.from_json(json.loads(json.dumps(asdict(row)))) == row
