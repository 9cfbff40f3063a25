"""Rows of ``polygons.rules``: what settles classes against each other once each has its mask."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final, Literal, Self

from pydantic import Discriminator, Field, Tag, model_validator

from pipeline.config.base import Fraction, Metres, Section
from pipeline.config.features import NormalisedDifference

Codes = Annotated[tuple[int, ...], Field(min_length=1)]
Area = Annotated[float, Field(ge=0)]
Length = Annotated[float, Field(ge=0)]
Elongation = Annotated[float, Field(ge=1)]
Reach = Annotated[float, Field(ge=0, le=1000)]
Gap = Annotated[float, Field(gt=0, le=100)]
IndexName = Literal["NDVI", "NDWI", "EVI", "SAVI", "CCCI", "CCCI_product"]
SpectralIndex = IndexName | NormalisedDifference
MEASURES: Final = ("area", "length", "width", "elongation")
"""What a part is judged by; a row has ``min_`` and ``max_`` of each."""


class _Row(Section):
    """What rows of all kinds have in common."""

    name: Annotated[str, Field(min_length=1, max_length=120)] | None = None
    """How messages and reports call the row; made of its values where none is given."""
    on: bool = True
    """Whether the row is followed."""

    @model_validator(mode="before")
    @classmethod
    def _heed_yaml(cls, tree: Any) -> Any:
        """The key ``on``, which YAML 1.1 reads as the value true unless it stands in quotes."""
        if isinstance(tree, Mapping) and True in tree and "on" not in tree:
            return {"on" if key is True else key: value for key, value in tree.items()}
        return tree

    @model_validator(mode="after")
    def _check_codes(self) -> Self:
        for key, codes in self.codes().items():
            twice = sorted({code for code in codes if codes.count(code) > 1})
            if twice:
                raise ValueError(f"{key}: {twice[0]} stands there twice; remove one")
        return self

    def codes(self) -> dict[str, tuple[int, ...]]:
        """Class codes that the row names, by key."""
        found = {}
        for key in ("by", "of", "into", "to", "covered_by"):
            value = getattr(self, key, None)
            if value is not None:
                found[key] = value if isinstance(value, tuple) else (value,)
        return found

    @property
    def title(self) -> str:
        """The row's name, or a text made of its values."""
        return self.name or self._text()

    @abstractmethod
    def _text(self) -> str:
        """A text made of the row's values."""

    def _check_apart(self, one: str, two: str) -> None:
        """Raise ValueError if two keys name the same class."""
        codes = self.codes()
        common = set(codes.get(one, ())) & set(codes.get(two, ()))
        if common:
            raise ValueError(f"{one} and {two} both name {min(common)}; remove it from one of them")


class Clear(_Row):
    """Pixels of some classes are taken from others."""

    rule: Literal["clear"]
    by: Codes
    """Classes that win."""
    of: Codes
    """Classes that lose."""
    grow: Reach = 0
    """Metres by which the winners reach further; they gain no pixels themselves."""

    @model_validator(mode="after")
    def _check_row(self) -> Self:
        self._check_apart("by", "of")
        return self

    def _text(self) -> str:
        grown = f" within {self.grow:g} m" if self.grow else ""
        return f"clear {listed(self.of)} by {listed(self.by)}{grown}"


class Shape(_Row):
    """Parts of a class that have not its shape move to another class, or go."""

    rule: Literal["shape"]
    of: int
    into: int | None = None
    """Class of the parts that fail; null: they go."""
    min_area: Area = 0
    """Square metres."""
    max_area: Area | None = None
    min_length: Length = 0
    """Metres."""
    max_length: Length | None = None
    min_width: Length = 0
    """Metres: area over length."""
    max_width: Length | None = None
    min_elongation: Elongation = 1
    """Length over width."""
    max_elongation: Elongation | None = None
    border: Literal["ignore", "keep"] = "ignore"
    """Parts that touch the scene's border are judged as all others, or never fail."""

    @model_validator(mode="after")
    def _check_row(self) -> Self:
        self._check_apart("of", "into")
        if not self.limits():
            names = ", ".join(f"min_{name}" for name in MEASURES)
            raise ValueError(f"no part can fail; give one of {names}, or a max_ of these")
        for name in MEASURES:
            low, high = getattr(self, f"min_{name}"), getattr(self, f"max_{name}")
            if high is not None and low > high:
                raise ValueError(
                    f"min_{name}: {low:g} is above max_{name} {high:g}, so every part fails; "
                    "change one of them"
                )
        return self

    def limits(self) -> dict[str, float]:
        """The criteria that can fail, by key."""
        keys = [f"{end}_{name}" for name in MEASURES for end in ("min", "max")]
        defaults = {key: type(self).model_fields[key].default for key in keys}
        return {key: getattr(self, key) for key in keys if getattr(self, key) != defaults[key]}

    def _text(self) -> str:
        limits = ", ".join(f"{key} {value:g}" for key, value in self.limits().items())
        other = "" if self.into is None else f" or else {self.into}"
        kept = ", border keeps" if self.border == "keep" else ""
        return f"shape of {self.of}{other}: {limits}{kept}"


class Near(_Row):
    """Parts of some classes stay only near others, or on open ground."""

    rule: Literal["near"]
    of: Codes
    to: Codes
    metres: Metres
    """A part that comes so near to a pixel of ``to`` stays."""
    ground: Fraction | None = None
    """So does a part of which this share lies on open ground; null: it does not help."""
    covered_by: tuple[int, ...] = ()
    """Classes without which ground is open."""

    @model_validator(mode="after")
    def _check_row(self) -> Self:
        self._check_apart("of", "to")
        self._check_apart("of", "covered_by")
        if (self.ground is None) != (not self.covered_by):
            raise ValueError(
                "ground and covered_by: open ground is what none of the classes covered_by covers; "
                "give both, or none"
            )
        return self

    def _text(self) -> str:
        ground = "" if self.ground is None else f" or {self.ground:g} on open ground"
        return f"{listed(self.of)} within {self.metres:g} m of {listed(self.to)}{ground}"


class Bridge(_Row):
    """Gaps in a class are closed where that joins what was apart."""

    rule: Literal["bridge"]
    of: Codes
    metres: Gap
    """Width of the widest gap that is closed."""

    def _text(self) -> str:
        return f"bridge gaps of {listed(self.of)} up to {self.metres:g} m"


class IndexRow(_Row):
    """A spectral index as another source of a class."""

    rule: Literal["index"]
    of: int
    index: SpectralIndex
    above: float | None = None
    """The index must be above this."""
    below: float | None = None
    """The index must be below this."""
    how: Literal["replace", "add", "within"]
    """The class is what the index finds; or that and what it was; or what is in both."""

    @model_validator(mode="after")
    def _check_row(self) -> Self:
        if self.above is None and self.below is None:
            raise ValueError("above or below: the index needs a threshold; give one of them")
        if self.above is not None and self.below is not None and self.above >= self.below:
            raise ValueError(
                f"above: {self.above:g} is not less than below {self.below:g}, so nothing is "
                "found; change one of them"
            )
        return self

    def _text(self) -> str:
        name = self.index if isinstance(self.index, str) else self.index.name
        above = "" if self.above is None else f" > {self.above:g}"
        below = "" if self.below is None else f" < {self.below:g}"
        verb = {"replace": "is", "add": "also", "within": "only"}[self.how]
        return f"{self.of} {verb} where {name}{above}{below}"


KINDS: Final[Mapping[str, type[_Row]]] = {
    "clear": Clear,
    "shape": Shape,
    "near": Near,
    "bridge": Bridge,
    "index": IndexRow,
}


def _kind(row: Any) -> str | None:
    """Tag of a row's type; with a blank, so that it is taken for no key of the file."""
    kind = row.get("rule") if isinstance(row, Mapping) else getattr(row, "rule", None)
    return f"{kind} row"


RuleRow = Annotated[
    Annotated[Clear, Tag("clear row")]
    | Annotated[Shape, Tag("shape row")]
    | Annotated[Near, Tag("near row")]
    | Annotated[Bridge, Tag("bridge row")]
    | Annotated[IndexRow, Tag("index row")],
    Discriminator(
        _kind,
        custom_error_type="rule",
        custom_error_message=f"must have the key rule, one of {', '.join(KINDS)}",
    ),
]


def listed(codes: Sequence[int]) -> str:
    """Codes as a text."""
    return ", ".join(map(str, codes))
