"""Tables on the terminal."""

import pytest

from pipeline.reporting.score_table import show_table


def test_cells(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [("1", "A rather long name of a class, that must not wrap", 0.5, None, 123456.0, 2e-7)]
    show_table(
        "Title", ("code", "class", "J", "none", "many", "few"), rows, ("", "mean", 0.25, "", "", "")
    )
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("Title")
    row = next(line for line in lines if "long name" in line)
    assert row.split()[-4:] == ["0.5000", "-", "1.235e+05", "2e-07"]
    assert "that must not wrap" in row
    assert "0.2500" in lines[-2]


def test_names_are_shown_as_they_stand_and_obeyed_by_no_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    name = "[bold]x[/] [link=a]:smile: \x1b[31m"
    show_table(name, ("code", name), [("1", name)], ("", name))
    out = capsys.readouterr().out
    assert out.count("[bold]x[/] [link=a]:smile: ?[31m") == 4
    assert "\x1b" not in out
