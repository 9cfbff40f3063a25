"""``python -m pipeline init FOLDER``: write a configuration for a folder of images and labels."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

from pipeline.config import load_config
from pipeline.errors import ConfigError, PipelineError
from pipeline.files import is_safe_name, write_bytes
from pipeline.progress import printable

CONFIGS: Final = Path("configs")


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("init", help="Look at a folder and write a configuration for it.")(init)


def init(
    folder: Annotated[Path, typer.Argument(help="Images and, if there are any, their labels.")],
    name: Annotated[
        str | None, typer.Option(help="configs/NAME.yaml; the folder's name by default.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
) -> None:
    """Look at a folder and write a configuration for it."""
    from pipeline.proposal.machine import this_machine  # noqa: PLC0415 - not needed for --help
    from pipeline.proposal.propose import propose  # noqa: PLC0415

    name = name or _safe(folder.resolve().name)
    if not is_safe_name(name):
        raise ConfigError(
            f"NAME={name!r}: the name of a configuration is made of letters, digits, '.', '_', '-'"
        )
    config, table = CONFIGS / f"{name}.yaml", CONFIGS / f"{name}.scenes.csv"
    for path in (config, table):
        if path.exists() and not force:
            raise ConfigError(
                f"{path}: is there already; use it as it is (make submission CONFIG={path} "
                f"DATA={folder}), name another with NAME=..., or replace it with FORCE=1 (--force)"
            )
    proposal = propose(folder, name, this_machine(), str(table.absolute()))
    if proposal.table is not None:
        write_bytes(table, proposal.table.encode())
    else:
        table.unlink(missing_ok=True)
    write_bytes(config, proposal.text.encode())
    for line in proposal.summary:
        typer.echo(printable(line))
    for line in proposal.questions:
        typer.echo(printable(f"ASK {line}"))
    typer.echo(f"written: {config}")
    try:
        load_config(config)
    except PipelineError as error:
        typer.echo(printable(f"edit it before you go on: {error}"))
        return
    typer.echo(f"next: make submission CONFIG={config}")


def _safe(name: str) -> str:
    """A folder's name as far as it can be that of a configuration."""
    kept = "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "_" for c in name)
    return kept.strip("._-")[:60] or "dataset"
