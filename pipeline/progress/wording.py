"""Progress in words: a line at the bottom of a terminal, and a line of a log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from pipeline.progress.task import Task

_SHORTEST, _LONGEST = 8, 32
"""Columns of a bar."""
_BETWEEN: Final = "  "
_MINUTE, _HOUR = 60, 3600


def printable(text: str) -> str:
    """Text whose control characters, which a terminal would obey, are question marks.

    Names and values come from data. Ends of lines stay.
    """
    return "".join(letter if letter.isprintable() or letter == "\n" else "?" for letter in text)


def spent(seconds: float) -> str:
    """A time as a clock shows it: ``0:22``, ``1:02:03``."""
    minutes, rest = divmod(int(seconds), _MINUTE)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def in_words(seconds: float) -> str:
    """A time for people: ``0.8 s``, ``22 s``, ``3 min``, ``1 h 5 min``."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    if round(seconds) < 2 * _MINUTE:
        return f"{seconds:.0f} s"
    minutes = round(seconds / _MINUTE)
    hours, rest = divmod(minutes, 60)
    return f"{hours} h {rest} min" if hours else f"{minutes} min"


def rate(each: float | None, unit: str) -> str:
    """How fast: ``12.1 steps/s`` or ``0.8 s/scene``; empty if nobody can tell."""
    if each is None or each <= 0:
        return ""
    if each >= 0.5:
        return f"{in_words(each)}/{unit}" if unit else f"{in_words(each)} each"
    many = f"{1 / each:.1f}" if each > 0.01 else f"{1 / each:.0f}"
    return f"{many} {unit}s/s" if unit else f"{many}/s"


@dataclass(frozen=True)
class _Parts:
    """What there is to be said of a task at a time."""

    what: str
    count: str
    rate: str
    spent: str
    left: str
    note: str

    @classmethod
    def of(cls, task: Task, now: float) -> _Parts:
        left = task.seconds_left(now)
        total = "" if task.total is None else f"/{task.total:.0f}"
        return cls(
            _one_line(task.what),
            f"{task.done:.0f}{total}",
            rate(task.pace.each(now), task.unit),
            spent(now - task.since),
            "" if left is None else f"{spent(left)} left",
            _one_line(task.note),
        )


def bar_lines(task: Task, now: float, width: int, plain: bool = False) -> list[Text]:
    """The lines of a task at the bottom of a terminal, none wider than it.

    Where it is narrow, the note gets a line of its own, and what is worth least is left out: the
    rate, the time that went by, the bar.

    Args:
        task: What is done.
        now: The time.
        width: Columns.
        plain: Whether the terminal knows ASCII only.
    """
    parts, room = _Parts.of(task, now), max(width - 1, 1)
    below = [] if not parts.note else [Text(_cut(f"  {parts.note}", room), style="dim")]
    bar = _SHORTEST if task.total else 0
    tries = (
        (bar, (parts.rate, parts.spent, parts.left, parts.note)),
        (bar, (parts.rate, parts.spent, parts.left)),
        (bar, (parts.spent, parts.left)),
        (bar, (parts.left,)),
        (0, (parts.left,)),
    )
    for least, others in tries:
        behind = _BETWEEN.join(text for text in (parts.count, *others) if text)
        free = room - cell_len(parts.what) - cell_len(behind) - len(_BETWEEN)
        free -= least + len(_BETWEEN) if least else 0
        if free >= 0:
            break
    what = _cut(parts.what, max(cell_len(parts.what) + min(free, 0), 1))
    line = Text(what + _BETWEEN)
    if least:
        share = min(task.done / task.total, 1.0) if task.total else 0.0
        line.append_text(_bar(share, min(least + free, _LONGEST), plain)).append(_BETWEEN)
    line.append(behind)
    line.truncate(room)
    return [line, *([] if parts.note in others else below)]


def quiet_line(tasks: Sequence[Task], now: float) -> str:
    """A line of a log about work within work: the outermost with its pace, then what is inside."""
    outer, *inner = tasks
    left, each = outer.seconds_left(now), outer.pace.each(now)
    total = "" if outer.total is None else f" of {outer.total:.0f}"
    unit = f" {outer.unit}s" if outer.unit and outer.unit not in outer.what else ""
    words = [
        f"{_one_line(outer.what)}: {outer.done:.0f}{total}{unit}",
        "" if each is None else rate(each, outer.unit),
        "" if left is None else f"about {in_words(left)} left",
        _one_line(outer.note),
        *(f"now {_one_line(task.what)}: {_Parts.of(task, now).count}" for task in inner),
    ]
    return ", ".join(word for word in words if word)


def _bar(share: float, width: int, plain: bool) -> Text:
    full = int(share * width)
    done, rest = ("#", "-") if plain else ("━", "─")
    return Text().append(done * full, style="green").append(rest * (width - full), style="dim")


def _one_line(text: str) -> str:
    return printable(text).replace("\n", "?")


def _cut(text: str, width: int) -> str:
    """Text that takes no more columns than these."""
    return text if cell_len(text) <= width else set_cell_size(text, max(width - 1, 0)) + "…"
