"""What is right and wrong in a patch, in numbers that people read."""

from __future__ import annotations

from pipeline.reporting.report.patch_facts import Patch


def errors_text(patch: Patch) -> str:
    """How much of the class is missed and false, as a sentence."""
    true, said = (patch.area(int(mask.sum())) for mask in (patch.true, patch.said))
    missed, false = (patch.area(int(mask.sum())) for mask in (patch.missed, patch.false))
    if not true:
        return f"False alarm: {area_text(false)} where there is none."
    parts = [f"missed {percent(missed / true)} of {area_text(true)}"] if missed else []
    if false:
        parts.append(f"{percent(false / said)} of {area_text(said)} found is false")
    text = "; ".join(parts) or f"all of {area_text(true)} found and nothing else"
    return f"{text[0].upper()}{text[1:]}."


def area_text(number: float, unit: str = "m²") -> str:
    """An area as people read it."""
    return f"{number:,.0f} {unit}" if number >= 10 else f"{number:.2g} {unit}"


def percent(share: float) -> str:
    """A part as people read it; what is not all or nothing is not called so."""
    value = 100 * share
    if 0 < value < 1:
        return "less than 1 %"
    return f"{min(value, 99 if share < 1 else 100):.0f} %"
