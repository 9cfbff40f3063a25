"""Mending a submission: what can be mended is, what can't is dropped, and all of it is said."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import shapely
from shapely import MultiPolygon

from pipeline.errors import SubmissionError
from pipeline.imagery.outlines import polygons_of
from pipeline.mapping.submissions.crossings import tangled
from pipeline.mapping.submissions.geometry_faults import outside_places
from pipeline.mapping.submissions.index import IndexedTable, indexed
from pipeline.mapping.submissions.loss import Loss, names_ground
from pipeline.mapping.submissions.order import not_there
from pipeline.mapping.submissions.output import written_table
from pipeline.mapping.submissions.reading import Reading, ground_of, read_text
from pipeline.mapping.submissions.repair_record import COLUMNS, Repair
from pipeline.mapping.submissions.rows import Key, SubmissionRow
from pipeline.mapping.submissions.terms import Terms
from pipeline.mapping.tables import EMPTY, HEADER, geometry_of
from pipeline.mapping.text import decimals_for, valid_text

_LOSSY: Final = frozenset({"not-finite", "not-a-number", "unreadable"})
_HARMLESS: Final = frozenset({"long-field", "many-vertices"})


@dataclass
class Repairs:
    """What was done to a table.

    Attributes:
        rows: Rows written.
        touched: Rows that were mended, added or dropped.
        notable: Repairs that changed an area by more than ``MOST_CHANGE``, or lost a row.
        loss: Ground before and after.
    """

    rows: int = 0
    touched: int = 0
    notable: list[Repair] = field(default_factory=list)
    loss: Loss = field(default_factory=Loss)


def report_path(path: Path) -> Path:
    """Where the table of repairs of a mended table goes: beside it."""
    name = path.name.removesuffix(".gz").removesuffix(".csv")
    return path.with_name(f"{name}.repairs.csv")


def repair_table(source: Path, out: Path, terms: Terms) -> Repairs:
    """Write a mended table, and beside it a table of what was done.

    Rows follow the sample, where one is known; what it lacks is dropped, what is missing is added
    without ground. Otherwise rows keep their order.

    Args:
        source: The submission, plain or packed.
        out: Where to; packed if its name ends with ``.gz``.
        terms: What the submission is held against.

    Raises:
        SubmissionError: If a table can't be read, the output would replace the input, or no ground
            at all would be left of a table that has some; nothing is written then.
    """
    done = Repairs()
    with (
        indexed(source) as table,
        written_table(report_path(out), (source,)) as report,
        written_table(out, (source,)) as file,
    ):
        rows, repairs = (csv.writer(target, lineterminator="\n") for target in (file, report))
        rows.writerow(HEADER)
        repairs.writerow(COLUMNS)
        for repair, text in _mended(table, terms, done.loss):
            if text is not None:
                rows.writerow((repair.scene, repair.code, text))
                done.rows += 1
            if repair.done:
                repairs.writerow(repair.cells)
                done.touched += 1
            if repair.note or text is None:
                done.notable.append(repair)
        if done.loss.is_all:
            raise SubmissionError(f"{source}: {done.loss}; nothing was written")
    return done


def mended_text(texts: list[str], extent: tuple[float, float] | None) -> tuple[str, Repair]:
    """Mend the geometries of one scene and class.

    Args:
        texts: Texts of its rows; several different ones are united.
        extent: Xmax and Ymin of the scene, if they are known.

    Returns:
        The text to write, and what was done, yet without scene and class.
    """
    different = list(dict.fromkeys(text.strip() for text in texts))
    done = [] if len(texts) == 1 else [f"{len(texts)} rows united, {len(different)} of them differ"]
    readings = [read_text(text) for text in different]
    before = sum(float(shapely.area(reading.parts).sum()) for reading in readings)
    needs = [need for reading in readings for need in _needs(reading, extent)]
    if not needs and len(readings) == 1:
        return different[0], Repair(0, "", "", tuple(done), before, before)
    done += dict.fromkeys(needs)
    lost = any(_is_lossy(reading) for reading in readings)
    whole = _united([ground_of(reading) for reading in readings])
    kept = _on_scene(whole, extent)
    try:
        text = valid_text(kept, decimals_for(kept))
    except SubmissionError as fault:
        text, done, lost = EMPTY, [*done, f"dropped: {fault}"], True
    after = float(shapely.area(geometry_of(text)))
    cut = float(shapely.area(whole) - shapely.area(kept))
    why = _why(readings, extent, cut) if cut > 0 or lost else None
    return text, Repair(0, "", "", tuple(done), before, after, cut, lost, why)


def _why(
    readings: Sequence[Reading], extent: tuple[float, float] | None, cut: float
) -> tuple[str, str] | None:
    """Why ground was lost, and an example."""
    past = (mark for reading in readings for mark in outside_places(reading.parts, extent))
    text = (mark for reading in readings for mark in reading.marks if mark.kind in _LOSSY)
    first = next(past if cut > 0 else text, None)
    if first is None:
        return None
    return "cut at the scene's edge" if cut > 0 else first.kind, first.message


def _mended(table: IndexedTable, terms: Terms, loss: Loss) -> Iterator[tuple[Repair, str | None]]:
    """Every row to write with its text, and every row that is dropped without one."""
    for row in table.unusable:
        why = row.marks[0].message if row.marks else "can't be read"
        kind = row.marks[0].kind if row.marks else "fields"
        _count_dropped(table.text_of(row), loss, kind, f"{why} (row {row.number})")
        yield _dropped(row, why), None
    codes = {code for _, code in terms.sample or ()}
    for key in terms.sample or table.places:
        rows = table.places.get(key, ())
        if rows:
            texts = table.texts(key)
            text, repair = mended_text(texts, terms.extent(key[0]))
            _count_mended(texts, repair, loss)
        else:
            text, repair = EMPTY, Repair(0, "", "", ("added without ground",))
        yield _named(repair, key, rows), text
    for key, rows in table.places.items():
        if terms.sample is not None and key not in terms.sample:
            why = not_there(key, codes)
            named = f"scene {key[0]}, class {key[1]} (row {rows[0].number})"
            _count_dropped(table.texts(key)[0], loss, why, named)
            yield _dropped(rows[0], why), None


def _count_mended(texts: Sequence[str], repair: Repair, loss: Loss) -> None:
    """Count the ground of a row that is written."""
    loss.had += repair.after > 0 or any(names_ground(text) for text in texts)
    loss.keep(repair.after)
    if repair.why is not None:
        loss.lose(repair.cut, *repair.why)


def _count_dropped(text: str, loss: Loss, reason: str, example: str) -> None:
    """Count the ground of a row that is not written, if it has any."""
    if names_ground(text):
        loss.had += 1
        loss.lose(float(shapely.area(read_text(text).parts).sum()), reason, example)


def _named(repair: Repair, key: Key, rows: Sequence[SubmissionRow]) -> Repair:
    """A repair with its row, scene and class, and with what was wrong around the geometry."""
    marks = dict.fromkeys(mark.kind for row in rows for mark in row.marks)
    number = rows[0].number if rows else 0
    return replace(
        repair, number=number, scene=key[0], code=str(key[1]), done=(*marks, *repair.done)
    )


def _dropped(row: SubmissionRow, why: str) -> Repair:
    return Repair(row.number, row.image, row.code, (f"row dropped: {why}",))


def _needs(reading: Reading, extent: tuple[float, float] | None) -> list[str]:
    """Names of what has to be mended; nothing if the text can be written as it stands."""
    names = [mark.kind for mark in reading.marks if mark.kind not in _HARMLESS]
    if not reading.valid:
        names.append("made valid")
    if extent is not None and any(outside_places(reading.parts, extent)):
        names.append("cut at the scene's edge")
    return names


def _is_lossy(reading: Reading) -> bool:
    """Whether polygons of a text were dropped, or will be."""
    if any(mark.kind in _LOSSY for mark in reading.marks):
        return True
    return not reading.valid and bool(tangled(reading.parts).any())


def _on_scene(whole: MultiPolygon, extent: tuple[float, float] | None) -> MultiPolygon:
    """What of valid polygons lies on their scene; all of it if the scene is not known."""
    if extent is None or not any(outside_places(shapely.get_parts(whole), extent)):
        return whole
    return polygons_of(shapely.intersection(whole, shapely.box(0, extent[1], extent[0], 0)))


def _united(geometries: list[Any]) -> MultiPolygon:
    if len(geometries) == 1:
        return polygons_of(geometries[0])
    return polygons_of(shapely.union_all(geometries))
