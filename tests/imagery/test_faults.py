from __future__ import annotations

import pytest

from pipeline.errors import DatasetError, ImageryError, LabelError
from pipeline.imagery.faults import SHOWN, Faults


def test_faults_are_reported_together() -> None:
    faults = Faults()
    with faults.gather():
        raise ImageryError("one")
    with faults.gather():
        raise LabelError("two\nthree")
    with pytest.raises(DatasetError, match=r"^one\ntwo\nthree$"):
        faults.report(DatasetError)


def test_long_lists_are_cut() -> None:
    faults = Faults([str(number) for number in range(SHOWN + 5)])
    with pytest.raises(LabelError) as caught:
        faults.report(LabelError)
    lines = str(caught.value).split("\n")
    assert len(lines) == SHOWN + 1
    assert lines[-1] == "... and 5 more"


def test_no_faults_no_error_and_bugs_pass_through() -> None:
    faults = Faults()
    faults.report(DatasetError)
    with pytest.raises(ZeroDivisionError), faults.gather():
        _ = 1 / 0
