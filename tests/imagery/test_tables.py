from __future__ import annotations

import csv
from pathlib import Path

import pytest

from pipeline.errors import DatasetError, ScoringError
from pipeline.imagery.tables import check_header, read_rows

COLUMNS = (("imageid", ""), ("text",))


def test_wanted_columns_by_any_of_their_names(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("\ufeffText, ,other\nhello,a,1\n\nworld,b,2\n", encoding="utf-8")
    assert list(read_rows(path, COLUMNS)) == [(2, ["a", "hello"]), (4, ["b", "world"])]


def test_fields_of_megabytes(tmp_path: Path) -> None:
    path, long = tmp_path / "t.csv", "1 " * 1_000_000
    path.write_text(f'ImageId,Text\na,"{long}"\n')
    before = csv.field_size_limit()
    assert list(read_rows(path, COLUMNS)) == [(2, ["a", long])]
    assert csv.field_size_limit() == before


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", r"has no column 'imageid' or ''"),
        (b"ImageId,Other\n", r"has no column 'text' \(its header: 'ImageId', 'Other'\)"),
        (b"ImageId,Text\na\n", "row 2: has 1 fields where the header has 2"),
        (b"ImageId,Text\n\xff\xfe,b\n", "is no table in UTF-8 CSV"),
        (b'ImageId,Text\n"a" b,c\n', "is no table in UTF-8 CSV"),
        (b'ImageId,Text\na,"never closed\n', "is no table in UTF-8 CSV"),
    ],
)
def test_what_is_no_table(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "t.csv").write_bytes(content)
    with pytest.raises(DatasetError, match=rf"t\.csv(: |, ){message}"):
        list(read_rows(tmp_path / "t.csv", COLUMNS))


def test_missing_table(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"t\.csv: no such table"):
        list(read_rows(tmp_path / "t.csv", COLUMNS))


def test_limit_of_fields_holds_while_tables_are_read_at_once_and_is_never_left_behind(
    tmp_path: Path,
) -> None:
    path, long = tmp_path / "t.csv", "1 " * 100_000
    path.write_text(f'ImageId,Text\na,"{long}"\nb,"{long}"\n')
    before = csv.field_size_limit()
    first, second = read_rows(path, COLUMNS), read_rows(path, COLUMNS)
    assert next(first)[0] == next(second)[0] == 2
    assert csv.field_size_limit() == before
    assert [number for number, _ in first] == [3]
    assert [number for number, _ in second] == [3]


def test_fields_beyond_the_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.imagery.tables.MAX_FIELD", 10)
    (tmp_path / "t.csv").write_text("ImageId,Text\na,12345678901\n")
    with pytest.raises(DatasetError, match="field larger than field limit"):
        list(read_rows(tmp_path / "t.csv", COLUMNS))


def test_other_errors_on_demand(tmp_path: Path) -> None:
    with pytest.raises(ScoringError, match="no such table"):
        check_header(tmp_path / "t.csv", COLUMNS, ScoringError)
    (tmp_path / "t.csv").write_text("ImageId,Text\n")
    check_header(tmp_path / "t.csv", COLUMNS, ScoringError)
