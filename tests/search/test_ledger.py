"""A ledger loses nothing, invents nothing, and says where it is damaged."""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import ArtifactError
from pipeline.search.entry import Cost, Entry, Point
from pipeline.search.ledger import open_ledger, read_ledger
from pipeline.search.line import _canonical, _checksum, to_line
from tests.search.kill_driver import FIRST, entry_of

ROOT = Path(__file__).parents[2]
COUNTS = st.integers(0, 2**63)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False) | st.integers()
MAYBE = st.none() | NUMBERS
SCALARS = st.none() | st.booleans() | NUMBERS | st.text()


@st.composite
def entries(draw: st.DrawFn) -> Entry:
    done = draw(st.booleans())
    return Entry(
        trial=draw(COUNTS),
        rung=draw(COUNTS),
        budget=draw(COUNTS),
        params=draw(st.dictionaries(st.text(), SCALARS | st.lists(SCALARS))),
        meaning=draw(st.text(max_size=5)),
        source=draw(st.sampled_from(["default", "warm", "proposed"])),
        seed=draw(COUNTS),
        ground=draw(st.text()),
        code=draw(st.text()),
        outcome="done" if done else draw(st.sampled_from(["failed", "rejected"])),
        reason=None if done else draw(st.text()),
        score=draw(NUMBERS) if done else None,
        folds=tuple(draw(st.lists(MAYBE))),
        classes=draw(st.dictionaries(st.text(), MAYBE)),
        history=tuple(draw(st.lists(st.builds(Point, COUNTS, NUMBERS, NUMBERS)))),
        parameters=draw(st.none() | COUNTS),
        multiply_adds=draw(st.none() | COUNTS),
        cost=draw(st.builds(Cost, NUMBERS, COUNTS, st.text())),
    )


@contextmanager
def some_file() -> Iterator[Path]:
    """A file of an example: a test's own folder would be shared by all of its examples."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder) / "search" / "ledger.jsonl"


def _written(path: Path, count: int) -> bytes:
    """A file as a ledger of so many trials leaves it."""
    data = b"".join(to_line(entry_of(trial)) for trial in range(count))
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
    return data


def _forged(**changes: Any) -> bytes:
    """The line of an entry with other fields, and the checksum that fits them."""
    text = json.dumps({**FIRST.to_json(), **changes}, sort_keys=True, separators=(",", ":"))
    return f'{{"sha256":"{_checksum(text)}","entry":{text}}}\n'.encode()


@given(st.lists(entries(), max_size=5, unique_by=lambda entry: (entry.trial, entry.budget)))
@settings(deadline=None, max_examples=50)
def test_what_was_appended_is_read_back(wanted: list[Entry]) -> None:
    with some_file() as path:
        ledger = open_ledger(path)
        for number, entry in enumerate(wanted):
            ledger.append(entry)
            assert len(path.read_bytes().splitlines()) == number + 1
        assert ledger.entries == wanted
        assert open_ledger(path).entries == read_ledger(path) == wanted


def test_an_appended_entry_is_what_will_be_read(tmp_path: Path) -> None:
    """Or a search that goes on would see other values than one without a break."""
    ledger = open_ledger(tmp_path / "ledger")
    ledger.append(replace(FIRST, params={"features.indices": ("ndvi", "ndwi")}))
    assert ledger.entries[0].params == {"features.indices": ["ndvi", "ndwi"]}
    assert open_ledger(tmp_path / "ledger").entries == ledger.entries


@pytest.mark.parametrize("content", [None, b""])
def test_no_file_and_an_empty_one_have_no_entries(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "ledger"
    if content is not None:
        path.write_bytes(content)
    ledger = open_ledger(path)
    assert ledger.entries == read_ledger(path) == []
    ledger.append(FIRST)
    assert open_ledger(path).entries == [FIRST]


def test_line_torn_at_any_byte_is_cut_off(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "fsync", lambda handle: None)  # a thousand times
    path = tmp_path / "ledger"
    data = _written(path, 3)
    start = data[:-1].rfind(b"\n") + 1
    for end in range(start + 1, len(data) - 1):
        path.write_bytes(data[:end])
        assert read_ledger(path) == [entry_of(0), entry_of(1)]
        assert path.read_bytes() == data[:end], "a reader must not touch what a search writes"
        ledger = open_ledger(path)
        assert ledger.entries == [entry_of(0), entry_of(1)]
        assert path.read_bytes() == data[:start]
        told = capsys.readouterr().err
        assert told.count("\n") == 1
        assert str(path) in told
        assert "runs again" in told
        ledger.append(entry_of(2))
        assert path.read_bytes() == data


def test_line_that_lacks_only_its_newline_is_kept(tmp_path: Path) -> None:
    """Editors take it away; and a trial may have been hours of work."""
    path = tmp_path / "ledger"
    data = _written(path, 3)
    path.write_bytes(data[:-1])
    ledger = open_ledger(path)
    assert path.read_bytes() == data
    ledger.append(entry_of(3))
    assert open_ledger(path).entries == [entry_of(trial) for trial in range(4)]


@given(st.data())
@settings(deadline=None, max_examples=300)
def test_damage_of_any_byte_is_named(data: st.DataObject) -> None:
    with some_file() as path:
        whole = bytearray(_written(path, 3))
        place = data.draw(st.integers(0, len(whole) - 2), "byte")
        line = whole[:place].count(b"\n") + 1
        whole[place] ^= data.draw(st.integers(1, 255), "flipped bits")
        path.write_bytes(whole)
        with pytest.raises(ArtifactError, match=rf"ledger.jsonl, line {line}: damaged") as caught:
            open_ledger(path)
        assert "move the file away" in str(caught.value)
        assert path.read_bytes() == whole, "what is damaged is left for a person to look at"


def test_value_that_was_changed_by_hand_is_found(tmp_path: Path) -> None:
    path = tmp_path / "ledger"
    path.write_bytes(_written(path, 3).replace(b'"score":0.25,"seed"', b'"score":0.95,"seed"'))
    with pytest.raises(ArtifactError, match="line 1: damaged, its checksum does not match"):
        open_ledger(path)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"trial": True}, "trial is True"),
        ({"trial": -1}, "trial is -1"),
        ({"rung": 1.0}, "rung is 1.0, not a whole number"),
        ({"budget": "40"}, "budget is '40'"),
        ({"params": []}, r"params is \[\], not an object"),
        ({"source": "guessed"}, "source is 'guessed', not one of default, warm, proposed"),
        ({"source": ["default"]}, "source is"),
        ({"outcome": "won"}, "outcome is 'won'"),
        ({"seed": None}, "seed is None"),
        ({"ground": 1}, "ground is 1, not a text"),
        ({"score": None}, "score is None, but outcome is 'done'"),
        ({"score": True}, "score is True, not a number"),
        ({"score": float("nan")}, "not finite"),
        ({"params": {"x": float("inf")}}, "not finite"),
        ({"outcome": "failed"}, "score is 0.25, but outcome is 'failed'"),
        ({"outcome": "failed", "score": None}, "reason is None, but outcome is 'failed'"),
        ({"reason": "tired"}, "reason is 'tired', but outcome is 'done'"),
        ({"folds": {"0": 1}}, "folds is .*, not a list"),
        ({"folds": [0.5, "0.5"]}, "folds is .*, not a list of numbers"),
        ({"classes": [0.5]}, "classes is .*, not an object"),
        ({"classes": {"1": False}}, "classes is .*, not an object of numbers"),
        ({"history": None}, "history is None"),
        ({"history": [3]}, "a point of history is 3, not an object"),
        ({"history": [{"step": 1, "loss": 0.5}]}, "a point of history has no score"),
        ({"history": [{"step": 1, "loss": "x", "score": 0.5}]}, "loss is 'x', not a number"),
        ({"parameters": 1.5}, "parameters is 1.5"),
        ({"cost": 3}, "cost is 3"),
        ({"cost": {"seconds": 1}}, "cost has no finished, peak_bytes"),
        ({"colour": "red"}, "entry has 'colour', which no entry has"),
    ],
)
def test_field_that_no_search_writes_is_named(
    tmp_path: Path, changes: dict[str, Any], words: str
) -> None:
    path = tmp_path / "ledger"
    path.write_bytes(to_line(entry_of(5)) + _forged(**changes))
    with pytest.raises(ArtifactError, match=f"line 2: damaged, .*{words}"):
        open_ledger(path)


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"null",
        b"[]",
        b'{"entry":{}}',
        b'{"sha256":1,"entry":NaN}',
        b"[" * 100_000,
        b'{"sha256":"","entry":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b"trial,score",
        "\ufeff{}".encode("utf-16"),
        b"\0" * 100,
        _forged()[:-1] + b" ",
        _forged().replace(b",", b", ")[:-1],
        _forged()[:-1] + b"\r",
    ],
)
def test_file_of_another_format_is_refused(tmp_path: Path, line: bytes) -> None:
    path = tmp_path / "ledger"
    path.write_bytes(line + b"\n")
    with pytest.raises(ArtifactError, match="line 1: damaged"):
        open_ledger(path)


def test_entry_without_a_field_is_refused(tmp_path: Path) -> None:
    text = _canonical({name: x for name, x in FIRST.to_json().items() if name != "score"})
    path = tmp_path / "ledger"
    path.write_text(f'{{"sha256":"{_checksum(text)}","entry":{text}}}\n')
    with pytest.raises(ArtifactError, match="line 1: damaged, entry has no score"):
        open_ledger(path)


@pytest.mark.parametrize("end", [b"\n", b""])
def test_repeated_trial_is_refused(tmp_path: Path, end: bytes) -> None:
    path = tmp_path / "ledger"
    data = _written(path, 2)
    path.write_bytes(data + to_line(replace(entry_of(0), score=0.5))[:-1] + end)
    with pytest.raises(ArtifactError, match="line 3: damaged, it repeats trial 0 at 40 steps"):
        open_ledger(path)
    ledger = open_ledger(tmp_path / "other")
    ledger.append(FIRST)
    ledger.append(replace(FIRST, rung=1, budget=120))
    with pytest.raises(ValueError, match="trial 0 at 120 steps already"):
        ledger.append(replace(FIRST, budget=120))


@pytest.mark.parametrize(
    "changes", [{"score": float("nan")}, {"score": None}, {"trial": -1}, {"params": {"x": {1}}}]
)
def test_what_could_not_be_read_is_not_written(tmp_path: Path, changes: dict[str, Any]) -> None:
    path = tmp_path / "ledger"
    ledger = open_ledger(path)
    ledger.append(entry_of(1))
    before = path.read_bytes()
    with pytest.raises((ValueError, TypeError)):
        ledger.append(replace(FIRST, **changes))
    assert path.read_bytes() == before
    assert ledger.entries == [entry_of(1)]
    ledger.append(FIRST)
    assert open_ledger(path).entries == [entry_of(1), FIRST]


def test_second_writer_is_found(tmp_path: Path) -> None:
    path = tmp_path / "ledger"
    one, two = open_ledger(path), open_ledger(path)
    one.append(entry_of(0))
    with pytest.raises(ArtifactError, match="one process at a time"):
        two.append(entry_of(0))
    assert open_ledger(path).entries == [entry_of(0)]


def test_folder_in_its_place_is_named(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="can't be read"):
        open_ledger(tmp_path)


def _appending(path: Path, limit: int = 0) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.search.kill_driver", str(path), str(limit)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def test_full_disk_costs_only_the_entry_that_did_not_fit(tmp_path: Path) -> None:
    path = tmp_path / "ledger"
    lines = [to_line(entry_of(trial)) for trial in range(6)]
    for fitting, more in ((3, 1), (4, 0), (5, len(lines[5]) - 1)):  # a part fits, or nothing does
        limit = sum(map(len, lines[:fitting])) + more
        process = _appending(path, limit)
        told, _ = process.communicate(timeout=60)
        assert process.returncode == 0
        assert re.search(
            rf"started\n{fitting} {re.escape(str(path))}: .*none of the {fitting} ", told
        )
        assert ("bytes were written" in told) == (more > 0)
        assert path.read_bytes() == b"".join(lines[:fitting])
    assert open_ledger(path).entries == [entry_of(trial) for trial in range(5)]


@pytest.mark.slow
def test_killed_at_any_moment_a_ledger_is_what_it_was_so_far(tmp_path: Path) -> None:
    path = tmp_path / "ledger"
    chance = random.Random(0)
    sizes = [0]
    for _ in range(8):
        process = _appending(path)
        assert process.stdout is not None
        assert process.stdout.readline() == "started\n"
        time.sleep(chance.uniform(0.02, 0.3))
        process.kill()
        process.communicate()
        found = read_ledger(path)
        assert found == [entry_of(trial) for trial in range(len(found))]
        sizes.append(len(found))
    assert sizes == sorted(sizes)
    assert sizes[-1] > sizes[1] > 0
