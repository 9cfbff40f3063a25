"""check, vote and diff on the command line."""

from __future__ import annotations

import csv
import os
import stat
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from pipeline.cli import app
from pipeline.errors import SubmissionError
from tests.mapping.submissions.tables import BOW_TIE, EMPTY, SQUARE, square, write_table


def run(*arguments: str | Path) -> Result:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def test_good_table(tmp_path: Path) -> None:
    path = write_table(tmp_path / "a.csv", ("a", 1, SQUARE), ("a", 2, EMPTY))
    done = run("check", path, "--sample", path)
    assert done.exit_code == 0
    assert "2 rows, 1 with ground; 0 errors, 0 notes" in done.stdout


def test_notes_are_no_errors(tmp_path: Path) -> None:
    path = write_table(tmp_path / "a.csv", ("a", 1, SQUARE.replace("1 0", "1e0 0")))
    done = run("check", path)
    assert done.exit_code == 0
    assert "note exponent: 1" in done.stdout


def test_errors_are_summed_up_and_written_whole(tmp_path: Path) -> None:
    path = write_table(tmp_path / "a.csv", *(("a", code, BOW_TIE) for code in range(5)))
    done = run("check", path, "--csv", tmp_path / "f.csv", "--repair", tmp_path / "b.csv")
    assert done.exit_code == 1
    assert "error self-crossing: 5" in done.stdout
    assert "... and 2 more" in done.stdout
    assert "(scene a, class 4): made valid; area 0 -> 0.5" in done.stdout
    with (tmp_path / "f.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["row"], row["x"], row["y"]) for row in rows] == [
        (str(number), "0.5", "-0.5") for number in range(2, 7)
    ]
    assert run("check", tmp_path / "b.csv").exit_code == 0


def test_grid_sizes(tmp_path: Path) -> None:
    path = write_table(tmp_path / "a.csv", ("a", 1, square(1)))
    (tmp_path / "grid.csv").write_text(",Xmax,Ymin\na,1.5,-2\n")
    done = run("check", path, "--grid-sizes", tmp_path / "grid.csv")
    assert done.exit_code == 1
    assert "0.5 past the scene" in done.stdout


def test_outputs_are_refused_before_anything_is_read(tmp_path: Path) -> None:
    path = write_table(tmp_path / "a.csv", ("a", 1, SQUARE))
    for option in ("--repair", "--csv", "--sample"):
        others = ("--repair", path) if option == "--sample" else ()
        with pytest.raises(SubmissionError, match="is an input itself"):
            run("check", path, option, path, *others)
    with pytest.raises(SubmissionError, match="make its folder"):
        run("check", path, "--repair", tmp_path / "none" / "b.csv")
    for name in ("b.csv", "b.repairs.csv"):
        with pytest.raises(SubmissionError, match="name of two outputs"):
            run("check", path, "--repair", tmp_path / "b.csv", "--csv", tmp_path / name)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(SubmissionError, match="can't be written"):
        run("check", path, "--csv", tmp_path / "pipe")
    (tmp_path / "b.repairs.csv").hardlink_to(path)
    with pytest.raises(SubmissionError, match="is an input itself"):
        run("check", path, "--repair", tmp_path / "b.csv")
    assert SQUARE in path.read_text()
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)


def test_tables_of_a_configuration_are_inputs_too(tmp_path: Path) -> None:
    path = write_table(tmp_path / "a.csv", ("a", 1, SQUARE))
    for name in ("sample_submission.csv", "grid_sizes.csv"):
        (tmp_path / name).write_text("kept")
        options = ("--config", "configs/dstl.yaml", "--data", tmp_path)
        with pytest.raises(SubmissionError, match="is an input itself"):
            run("check", path, *options, "--repair", tmp_path / name)
        assert (tmp_path / name).read_text() == "kept"


def test_what_a_table_holds_is_no_command_to_a_terminal(tmp_path: Path) -> None:
    path = write_table(tmp_path / "a.csv", ("a\x1b[2J\x00\r", 1, BOW_TIE), ("a", 1, BOW_TIE))
    shown = run("check", path, "--repair", tmp_path / "b.csv").stdout
    assert "scene-id" in shown
    assert "row dropped" in shown
    assert all(line.isprintable() for line in shown.splitlines())


def test_vote_and_diff(tmp_path: Path) -> None:
    one = write_table(tmp_path / "one.csv", ("a", 1, square(0, 2)), ("b", 1, SQUARE))
    two = write_table(tmp_path / "two.csv", ("a", 1, square(1, 2)), ("c", 1, SQUARE))
    out = tmp_path / "out.csv.gz"
    done = run("vote", out, one, two, one, "--weights", "1,3,1", "--share", "0.5")
    assert done.exit_code == 0
    assert "1 row missing in a table" in done.stdout
    assert "1 row not in" in done.stdout
    assert "2 rows, 1 with ground, of 3 tables" in done.stdout
    done = run("diff", one, out, "--csv", tmp_path / "d.csv")
    assert done.exit_code == 0
    assert "2 rows compared, 0 in one table only; scenes that differ: 2" in done.stdout
    with (tmp_path / "d.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [float(row["iou"]) for row in rows] == pytest.approx([1 / 3, 0])


def test_a_vote_of_one_table_or_over_a_table_is_refused(tmp_path: Path) -> None:
    mine = write_table(tmp_path / "mine.csv", ("a", 1, SQUARE))
    other = write_table(tmp_path / "other.csv", ("a", 1, square(5)))
    before = mine.read_bytes()
    with pytest.raises(SubmissionError, match=r"needs 2 tables at least.*vote OUT A B"):
        run("vote", mine, other)
    with pytest.raises(SubmissionError, match=r"exists already.*--overwrite"):
        run("vote", mine, other, other)
    assert mine.read_bytes() == before
    assert run("vote", mine, other, other, "--overwrite").exit_code == 0
    assert "6.0000000000 -1.0000000000" in mine.read_text()


@pytest.mark.parametrize("name", ["out.csv", "out.repairs.csv"])
def test_a_repair_replaces_nothing_unasked(tmp_path: Path, name: str) -> None:
    path = write_table(tmp_path / "a.csv", ("a", 1, BOW_TIE))
    (tmp_path / name).write_text("kept")
    with pytest.raises(SubmissionError, match=f"{name}: exists already.*--overwrite"):
        run("check", path, "--repair", tmp_path / "out.csv")
    assert (tmp_path / name).read_text() == "kept"
    run("check", path, "--repair", tmp_path / "out.csv", "--overwrite")
    assert (tmp_path / name).read_text() != "kept"


def mended_with_grid_sizes(folder: Path, *rows: tuple[str, int, str]) -> Path:
    path = write_table(folder / "a.csv", *rows)
    (folder / "grid.csv").write_text(",Xmax,Ymin\na,2,-2\n")
    run("check", path, "--grid-sizes", folder / "grid.csv", "--repair", folder / "out.csv")
    return folder / "out.csv"


ABOVE = "POLYGON ((0 0, 1 0, 1 1, 0 1, 0 0))"
PIXELS = "POLYGON ((500 500, 900 500, 900 900, 500 500))"


@pytest.mark.parametrize(("wkt", "why"), [(ABOVE, "wrong sign"), (PIXELS, "look like pixels")])
def test_a_repair_that_loses_all_ground_writes_nothing(tmp_path: Path, wkt: str, why: str) -> None:
    with pytest.raises(SubmissionError, match=f"ALL of the ground is lost: 0 of 2 rows.*{why}"):
        mended_with_grid_sizes(tmp_path, ("a", 1, wkt), ("a", 2, wkt), ("a", 3, EMPTY))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.csv", "grid.csv"]


def test_a_repair_that_loses_most_ground_says_so(tmp_path: Path) -> None:
    rows = [("a", 1, ABOVE), ("a", 2, ABOVE), ("a", 3, SQUARE)]
    with pytest.raises(SubmissionError, match=r"MORE THAN HALF.*1 of 3 rows.*33.3% of the area"):
        mended_with_grid_sizes(tmp_path, *rows)
    assert SQUARE in (tmp_path / "out.csv").read_text()


def test_a_repair_that_loses_half_of_the_ground_is_a_repair(tmp_path: Path) -> None:
    out = mended_with_grid_sizes(tmp_path, ("a", 1, ABOVE), ("a", 3, SQUARE))
    assert SQUARE in out.read_text()


def test_one_is_no_plural_and_what_is_not_checked_is_said(tmp_path: Path) -> None:
    path = write_table(tmp_path / "a.csv", ("a", 1, BOW_TIE))
    (tmp_path / "grid.csv").write_text(",Xmax,Ymin\na,2,-2\n")
    shown = run("check", path).stdout
    assert "1 row, 1 with ground; 1 error, 0 notes" in shown
    assert "no extent is checked" in shown
    shown = run("check", path, "--grid-sizes", tmp_path / "grid.csv").stdout
    assert "no extent is checked" not in shown
