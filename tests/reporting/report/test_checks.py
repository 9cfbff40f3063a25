"""What the checks before a training found."""

from __future__ import annotations

from pipeline.reporting.page.blocks import Group, Picture, Table, Text
from pipeline.reporting.report.checks import CheckedModel, checks_section

OK = ("folds", "ok", "all 2 classes in all 2 folds", "")
BAD = ("rate", "warning", "train.rate 1 diverges", "lower <it>")


def test_findings_and_pictures_of_each_model() -> None:
    models = [
        CheckedModel("roads", (BAD, OK), (("rates", b"webp", 960),)),
        CheckedModel("water", (OK,), ()),
    ]
    lead, table, group = checks_section(models).blocks
    assert lead == Text(
        "make sanity made 3 checks: 1 of them found something to look at.", "warning"
    )
    assert isinstance(table, Table)
    assert table.rows == (
        ("rate", "roads", "warning", "train.rate 1 diverges", "lower <it>"),
        ("folds", "roads", "ok", "all 2 classes in all 2 folds", None),
        ("folds", "water", "ok", "all 2 classes in all 2 folds", None),
    )
    assert isinstance(group, Group)
    assert group.blocks == (
        Picture(
            b"webp",
            "webp",
            "Loss against the learning rate while the rate rises. Model roads.",
            width=960,
        ),
    )


def test_nothing_wrong_is_told() -> None:
    section = checks_section([CheckedModel("all", (OK,), ())])
    assert section.blocks[0] == Text("make sanity made 1 check: nothing is wrong.")
