"""What a run was last asked for, so that others can ask the same again."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

from pipeline.config import Config, load_config
from pipeline.files import to_json, write_bytes
from pipeline.items import read_object

ASKED: Final = ".asked"
"""File beside the stages' inputs; its time is when Make last began to compare them."""


@dataclass(frozen=True)
class Asked:
    """The options of a command.

    Attributes:
        config: File of the configuration, as it was named.
        run: Name of the run.
        data: Folder of raw files in place of ``dataset.folder``.
        overrides: Texts ``section.key=value``.
    """

    config: Path
    run: str
    data: Path | None = None
    overrides: tuple[str, ...] = ()

    def command(self, target: str, *overrides: str) -> str:
        """The command for a shell that makes a target with these options.

        Args:
            target: A target of Make.
            overrides: More of them, put over these.
        """
        words = [f"make {target}", f"CONFIG={_quoted(str(self.config))}"]
        if self.run != self.config.stem:
            words.append(f"RUN={_quoted(self.run)}")
        if self.data is not None:
            words.append(f"DATA={_quoted(str(self.data))}")
        if both := (*self.overrides, *overrides):
            words.append(f"SET={_quoted(shlex.join(both))}")
        return " ".join(words)

    def load(self, found: Path | None = None, tuned: Path | None = None) -> Config:
        """The configuration that is asked for.

        Args:
            found: File of what a search has found, if it is to be used.
            tuned: File of what tuning has found, likewise.

        Raises:
            ConfigError: If it can't be used.
        """
        return load_config(self.config, self.overrides, self.data, found, tuned)

    def to_json(self) -> dict[str, Any]:
        """All of it as JSON."""
        data = None if self.data is None else str(self.data)
        return {
            "config": str(self.config),
            "run": self.run,
            "data": data,
            "set": list(self.overrides),
        }

    @classmethod
    def read(cls, run: Path) -> Self | None:
        """What a run was last asked for; None if nothing tells, as in runs of older versions."""
        match read_object(run / "inputs" / ASKED):
            case {"config": str(config), "data": None | str() as data, "set": list(texts)}:
                overrides = tuple(text for text in texts if isinstance(text, str))
                return cls(Path(config), run.name, None if data is None else Path(data), overrides)
        return None


def note_asked(run: Path, asked: Asked | None, begins: bool) -> None:
    """Keep what a run is asked for.

    Args:
        run: Its folder.
        asked: The options; None if nobody knows them.
        begins: Whether this is where Make begins, so that the time of the file becomes now. What
            has the same options leaves it as it is otherwise.
    """
    path = run / "inputs" / ASKED
    data = b"" if asked is None else to_json(asked.to_json()).encode()
    if not path.exists() or path.read_bytes() != data:
        write_bytes(path, data)
    elif begins:
        path.touch()


def _quoted(text: str) -> str:
    """A value for Make on a shell's command line: Make takes a dollar for a variable of its own."""
    value = text.replace("$", "$$")
    if "'" in value and not set(value) & set('"\\$`!'):
        return f'"{value}"'  # easier to read than what quotes quotes
    return shlex.quote(value)
