"""The table of all scenes: what each has, how it was aligned, and every problem found."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

Record = Mapping[str, Any]


def problems_of(record: Record, notes: Mapping[int, Sequence[str]]) -> list[str]:
    """What a person should know of a scene that can be used all the same.

    Args:
        record: The scene's record, with ``groups`` and ``offset``.
        notes: What was mended of its labels, by class code.
    """
    problems = []
    for group in record["groups"]:
        registration = group["registration"]
        if registration["status"] == "unaligned":
            problems.append(f"{group['name']} stays unaligned: {registration['note']}")
        if group["invalid"] > 0:
            problems.append(f"{group['name']}: {group['invalid']:.1%} of the pixels are invalid")
        constant = [
            name for name, band in group["bands"].items() if not band or band["min"] == band["max"]
        ]
        if constant:
            problems.append(f"{group['name']}: {', '.join(constant)} show nothing but one value")
    if record["offset"] is not None and record["offset"]["note"]:
        problems.append(f"not aligned to labels: {record['offset']['note']}")
    problems.extend(f"label of class {code}: {note}" for code in notes for note in notes[code])
    return problems


def catalogue_csv(records: Sequence[Record], groups: Sequence[str], codes: Sequence[int]) -> str:
    """CSV with one row per scene: sizes, alignment, area share of each class, problems."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    head = ["id", "role", "rows", "columns", "metres"]
    for name in groups:
        head += [f"{name} alignment", f"{name} right m", f"{name} down m", f"{name} correlation"]
    table.writerow([*head, *(f"share of {code}" for code in codes), "problems"])
    for record in records:
        rows, columns = record.get("shape", ("", ""))
        line = [record["id"], record["role"], rows, columns, record.get("metres", "")]
        found = {group["name"]: group["registration"] for group in record.get("groups", ())}
        for name in groups:
            one = found.get(name, {})
            keys = ("status", "right_metres", "down_metres", "correlation")
            line += [one.get(key, "") for key in keys]
        labels = record.get("labels") or {}
        line += [labels.get(str(code), {}).get("share", "") for code in codes]
        table.writerow([*line, "; ".join(record["problems"])])
    return text.getvalue()


def catalogue_lines(records: Sequence[Record]) -> list[str]:
    """A compact table for the terminal."""
    wide = max(len(record["id"]) for record in records)
    lines = []
    for record in records:
        shape = "x".join(map(str, record.get("shape", ())))
        classes = len([row for row in (record.get("labels") or {}).values() if row["parts"]])
        labels = f"{classes} classes" if record["role"] == "train" else ""
        problems = "; ".join(record["problems"])
        short = problems if len(problems) <= 90 else problems[:87] + "..."
        line = f"  {record['id']:<{wide}}  {record['role']:<6}  {shape:>9}  {labels:>10}  {short}"
        lines.append(line.rstrip())
    return lines
