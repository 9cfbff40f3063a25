"""What can be wrong with a submission: every kind is a row of a table, and every finding."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal

Severity = Literal["error", "note"]

COLUMNS: Final = ("kind", "severity", "row", "scene", "class", "x", "y", "message", "fix")
"""Columns of a table of findings."""


@dataclass(frozen=True)
class Kind:
    """One kind of problem.

    Attributes:
        name: Short name.
        severity: An error would cost the submission or ground; a note is accepted everywhere.
        fix: What to do about it.
    """

    name: str
    severity: Severity
    fix: str


_ROWS: Final[tuple[tuple[str, Severity, str], ...]] = (
    # The file.
    ("byte-order-mark", "error", "save as UTF-8 without a mark; --repair drops it"),
    ("line-ends", "note", "write '\\n'; --repair does"),
    ("header", "error", "write ImageId,ClassType,MultipolygonWKT; --repair does"),
    ("encoding", "error", "save as UTF-8; --repair drops the row"),
    (
        "quotes",
        "error",
        "put one pair of quotes around the geometry; --repair does, or drops the row",
    ),
    ("index-column", "error", "leave the running number out; --repair drops that column"),
    ("fields", "error", "three fields, the geometry in quotes; --repair quotes what it can read"),
    ("field-size", "error", "simplify the polygons; --repair drops the row"),
    ("long-field", "note", "simplify the polygons if this is not meant"),
    # The rows.
    ("scene-id", "error", "correct the id; --repair drops the row"),
    ("class-code", "error", "correct the code; --repair drops the row"),
    (
        "key-form",
        "error",
        "write id and code without blanks, leading zeros and .0 (1, not 1.0), as the sample does; "
        "--repair does",
    ),
    ("missing", "error", "add the row; --repair adds it as MULTIPOLYGON EMPTY"),
    ("extra", "error", "remove the row; --repair does"),
    ("duplicate", "error", "keep one row; --repair drops equal rows and unites others"),
    ("order", "error", "keep the sample's order; --repair does"),
    ("no-extent", "error", "add the scene to the grid sizes, or correct its id"),
    # The text of a geometry.
    ("blank", "error", "write MULTIPOLYGON EMPTY; --repair does"),
    ("empty-form", "error", "write MULTIPOLYGON EMPTY; --repair does"),
    ("empty-part", "error", "leave empty parts out; --repair does"),
    ("geometry-type", "error", "write a MULTIPOLYGON; --repair keeps the polygons alone"),
    ("collection", "error", "write a MULTIPOLYGON; --repair keeps its polygons"),
    ("dimension", "error", "write x and y alone; --repair does"),
    ("unclosed-ring", "error", "repeat the first point at the end; --repair does"),
    ("short-ring", "error", "a ring has four points at least; --repair drops the ring"),
    ("not-finite", "error", "correct the coordinates; --repair drops the polygon"),
    ("not-a-number", "error", "correct the coordinates; --repair drops the polygon"),
    ("unreadable", "error", "correct the text; --repair keeps the rings that can be read"),
    ("exponent", "note", "write plain decimals; --repair does"),
    ("many-vertices", "note", "simplify the polygons if this is not meant"),
    # The geometry.
    ("self-crossing", "error", "split the polygon there; --repair splits it into its lobes"),
    ("self-touch", "error", "split the polygon there; --repair does"),
    ("hole-outside", "error", "keep holes inside their shell; --repair does"),
    ("nested-holes", "error", "make it a part of its own; --repair mends the polygon"),
    ("split-interior", "error", "split the polygon there; --repair does"),
    ("invalid", "error", "mend the polygon; --repair does"),
    ("duplicate-part", "error", "keep the part once; --repair does"),
    ("overlapping-parts", "error", "unite the parts; --repair does"),
    ("shared-edge", "error", "unite the parts; --repair does"),
    ("outside", "error", "x in [0, Xmax], y in [Ymin, 0]; --repair cuts at the scene's edge"),
    (
        "positive-y",
        "error",
        "check sign and units; with --grid-sizes --repair cuts at the scene's edge",
    ),
    ("huge-coordinate", "error", "check the units; --repair cuts at the scene's edge, if known"),
)
KINDS: Final = {name: Kind(name, severity, fix) for name, severity, fix in _ROWS}
"""All kinds by name, in the order of a summary."""


@dataclass(frozen=True)
class Mark:
    """A problem of one text or geometry, before it is known whose it is.

    Attributes:
        kind: Name of a row of ``KINDS``.
        message: What is wrong there.
        x: Place, map units; None where it has none.
        y: Place, map units.
    """

    kind: str
    message: str
    x: float | None = None
    y: float | None = None


@dataclass(frozen=True)
class Finding:
    """One problem of a submission.

    Attributes:
        kind: What is wrong.
        row: Row as a spreadsheet counts, the header being row 1; of the sample for a missing row.
        scene: Scene as it stands there, or nothing.
        code: Class as it stands there, or nothing.
        x: Place, map units; None where it has none.
        y: Place, map units.
        message: What is wrong there, in words.
    """

    kind: Kind
    row: int
    scene: str
    code: str
    x: float | None
    y: float | None
    message: str

    @classmethod
    def of(cls, mark: Mark, row: int, scene: str = "", code: str = "") -> Finding:
        """A mark with the row that it belongs to."""
        return cls(KINDS[mark.kind], row, scene, code, mark.x, mark.y, mark.message)

    @property
    def is_error(self) -> bool:
        """Whether it would cost the submission or ground."""
        return self.kind.severity == "error"

    @property
    def cells(self) -> tuple[str, ...]:
        """Cells of a table of findings, as ``COLUMNS`` names them."""
        x, y = ("" if value is None else f"{value:.17g}" for value in (self.x, self.y))
        kind = self.kind
        named = (kind.name, kind.severity, str(self.row), self.scene, self.code, x, y)
        return (*named, self.message, kind.fix)

    def __str__(self) -> str:
        place = "" if self.x is None or self.y is None else f" at ({self.x:.10g}, {self.y:.10g})"
        return f"row {self.row}: {self.message}{place}{whose(self.scene, self.code)}"


def whose(scene: str, code: str) -> str:
    """Scene and class in brackets, after a blank; nothing of what is not known."""
    named = [f"{name} {value}" for name, value in (("scene", scene), ("class", code)) if value]
    return f" ({', '.join(named)})" if named else ""


@dataclass
class Tally:
    """Findings counted by kind; only the first few of each are kept.

    Attributes:
        shown: How many of a kind are kept.
        counts: Number of findings by kind.
        first: The first of each kind.
    """

    shown: int = 3
    counts: dict[str, int] = field(default_factory=dict)
    first: dict[str, list[Finding]] = field(default_factory=dict)

    def add(self, finding: Finding) -> None:
        """Count one."""
        name = finding.kind.name
        self.counts[name] = self.counts.get(name, 0) + 1
        kept = self.first.setdefault(name, [])
        if len(kept) < self.shown:
            kept.append(finding)

    def total(self, severity: Severity) -> int:
        """Number of findings of a severity."""
        return sum(n for name, n in self.counts.items() if KINDS[name].severity == severity)

    def lines(self) -> list[str]:
        """A summary: each kind with its number, its fix and its first findings."""
        text = []
        for name, kind in KINDS.items():
            count = self.counts.get(name, 0)
            if not count:
                continue
            text.append(f"{kind.severity} {name}: {count} ({kind.fix})")
            kept = self.first[name]
            text += [f"  {finding}" for finding in kept]
            if count > len(kept):
                text.append(f"  ... and {count - len(kept)} more")
        return text
