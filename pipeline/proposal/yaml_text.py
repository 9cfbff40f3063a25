"""YAML as people write it: sections, comments that say why, short values on one line."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Mapping
from typing import Any, Final

import yaml

WIDTH: Final = 100


class YamlText:
    """Lines of a YAML file."""

    def __init__(self) -> None:
        self._lines: list[str] = []

    def comment(self, text: str, indent: int = 0, hanging: int = 0) -> None:
        """Add a comment, wrapped; what it quotes can't end the line."""
        prefix = " " * indent + "# "
        plain = re.sub(r"\s+", " ", "".join(c if c.isprintable() else "?" for c in text)).strip()
        self._lines += textwrap.wrap(
            plain,
            WIDTH,
            initial_indent=prefix,
            subsequent_indent=prefix + " " * hanging,
            break_long_words=False,
            break_on_hyphens=False,
        )

    def blank(self) -> None:
        """Add an empty line."""
        self._lines.append("")

    def section(self, name: str) -> None:
        """Begin a section."""
        if self._lines and self._lines[-1]:
            self.blank()
        self._lines.append(f"{name}:")

    def key(self, name: str, value: Any, indent: int = 2, reason: str | None = None) -> None:
        """Add a key with its value on one line; the reason stands before it."""
        if reason:
            self.comment(f"{reason[0].upper()}{reason[1:]}", indent)
        text = value if isinstance(value, str) and _is_plain(value) else flow(value)
        self._lines.append(f"{' ' * indent}{name}: {text}")

    def raw(self, text: str) -> None:
        """Add a line as it is."""
        self._lines.append(text)

    def text(self) -> str:
        """The whole file."""
        return "\n".join(self._lines) + "\n"


def flow(value: Any) -> str:
    """A value on one line."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{flow(key)}: {flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(flow(item) for item in value) + "]"
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, str):
        return _quoted(value)
    text: str = yaml.safe_dump(value, default_flow_style=True, width=10**6, allow_unicode=True)
    return text.removesuffix("\n").removesuffix("...").strip()


def _is_plain(text: str) -> bool:
    """Whether YAML reads a text after a key as it stands."""
    if not re.fullmatch(r"[A-Za-z/.][\w./{} -]*", text, re.ASCII) or text.endswith(" "):
        return False
    try:
        return bool(yaml.safe_load(f"key: {text}") == {"key": text})
    except yaml.YAMLError:
        return False


def _number(value: float) -> str:
    """A number that YAML reads as one: ``1.0e-3`` has a point, 10.0 needs none."""
    if value == int(value) and abs(value) < 1e15:
        return str(int(value))
    text = f"{value:.12g}"
    return text.replace("e", ".0e") if "e" in text and "." not in text else text


def _quoted(text: str) -> str:
    """A text, in quotes where YAML would take it for something else or a list would break it."""
    simple = re.fullmatch(r"[A-Za-z][A-Za-z0-9_./ -]*", text) and not text.endswith(" ")
    if simple and yaml.safe_load(text) == text:
        return text
    quoted: str = yaml.safe_dump(text, default_style='"', width=10**6, allow_unicode=True)
    return quoted.strip().removesuffix("...").strip()


def shown(things: Iterable[str], most: int = 8) -> str:
    """Things one after another, of many only the first."""
    rows = list(things)
    more = f" and {len(rows) - most} more" if len(rows) > most else ""
    return ", ".join(rows[:most]) + more


def counted(count: int, what: str) -> str:
    """A number of things in words."""
    return f"{count} {what}{'s' * (count != 1)}"
