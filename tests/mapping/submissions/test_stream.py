"""Records of any table, however broken, with the place of each."""

import gzip
import io
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import SubmissionError
from pipeline.mapping.submissions import stream
from pipeline.mapping.submissions.stream import Record, opened, records, unpacked


def parted(data: bytes) -> list[Record]:
    return list(records(io.BytesIO(data)))


def test_records_have_their_number_and_place() -> None:
    found = parted(b'a,1,"x\ny"\n\nb,2,z\r\nc,3,"q"')
    assert [(one.number, one.offset, one.length) for one in found] == [
        (1, 0, 10),
        (3, 11, 7),
        (4, 18, 7),
    ]
    assert [one.data for one in found] == [b'a,1,"x\ny"', b"b,2,z", b'c,3,"q"']
    assert [one.windows for one in found] == [False, True, False]


def test_open_quote_does_not_swallow_the_rows_after_it() -> None:
    found = parted(b'a,1,"POLYGON ((0 0,\n1 1))\nb,2,"x"\nc,3,"y\n')
    assert [one.data for one in found] == [b'a,1,"POLYGON ((0 0,\n1 1))', b'b,2,"x"', b'c,3,"y']
    assert [one.open_quote for one in found] == [True, False, True]


def test_record_that_is_too_long_is_not_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "MOST_RECORD", 1000)
    monkeypatch.setattr(stream, "_PIECE", 300)
    long = b'a,1,"' + b"1 2, " * 900 + b'"\n'
    found = parted(long + b"b,2,x\n")
    assert [one.too_long for one in found] == [True, False]
    assert len(found[0].data) == 200
    assert found[1].offset == found[0].length == len(long)


def test_packed_tables_are_streams_too(tmp_path: Path) -> None:
    packed = tmp_path / "a.csv.gz"
    packed.write_bytes(gzip.compress(b"h\nrow\n"))
    with opened(packed) as file:
        assert [one.data for one in records(file)] == [b"h", b"row"]
    with unpacked(packed) as plain:
        assert plain.read_bytes() == b"h\nrow\n"
    assert not plain.exists()


@pytest.mark.parametrize("data", [b"no gzip", gzip.compress(b"h\n" * 999, mtime=0)[:-12]])
def test_damaged_packing_is_one_error(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "a.csv.gz"
    path.write_bytes(data)
    with pytest.raises(SubmissionError, match="can't be unpacked"), opened(path) as file:
        list(records(file))


def test_missing_table(tmp_path: Path) -> None:
    with pytest.raises(SubmissionError, match="no such table"), opened(tmp_path / "x.csv"):
        pass


@given(st.binary(max_size=60).map(lambda data: data.replace(b"\x00", b'"')))
def test_every_byte_belongs_to_one_record_or_an_empty_line(data: bytes) -> None:
    end = 0
    for one in parted(data):
        assert not data[end : one.offset].strip()
        assert data[one.offset : one.offset + one.length].rstrip(b"\r\n") == one.data
        end = one.offset + one.length
    assert not data[end:].strip()


def test_packed_table_that_would_fill_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress(bytes(5000)))
    monkeypatch.setattr(stream, "_PIECE", 1000)
    monkeypatch.setattr(stream, "MOST_UNPACKED", 5000)
    with unpacked(path) as plain:
        assert plain.stat().st_size == 5000
    monkeypatch.setattr(stream, "MOST_UNPACKED", 4999)
    message = r"a\.csv\.gz: holds more than 4,999 bytes"
    with pytest.raises(SubmissionError, match=message), unpacked(path):
        pass
    monkeypatch.setattr(stream, "MOST_UNPACKED", 2**32)
    free = SimpleNamespace(free=9998)
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: free)
    with pytest.raises(SubmissionError, match=message), unpacked(path):
        pass
