"""Tables that are written whole or not at all, plain or packed, and never over their input."""

from __future__ import annotations

import gzip
import io
import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, TextIO, cast

from pipeline.errors import SubmissionError
from pipeline.files import TEMPORARY, flush, flush_folder
from pipeline.imagery.tables import is_packed


def check_target(path: Path, inputs: Sequence[Path] = ()) -> None:
    """Check that a table may be written.

    Raises:
        SubmissionError: If it would replace an input or what is no file (a device), or there is
            no such folder.
    """
    for source in inputs:
        if path.exists() and source.exists() and path.samefile(source):
            raise SubmissionError(f"{path}: is an input itself; give the output another name")
    if not path.parent.is_dir() or (path.exists() and not path.is_file()):
        raise SubmissionError(f"{path}: can't be written; make its folder, or correct its name")


def check_targets(paths: Sequence[Path], inputs: Sequence[Path]) -> None:
    """Check that tables may be written, each under a name of its own.

    Raises:
        SubmissionError: As :func:`check_target`, or if two have the same name.
    """
    for path in paths:
        check_target(path, inputs)
    names = [path.resolve() for path in paths]
    for path, name in zip(paths, names, strict=True):
        if names.count(name) > 1:
            raise SubmissionError(
                f"{path}: is the name of two outputs (repairs are written beside --repair); give "
                "each another name"
            )


def check_new(paths: Sequence[Path], overwrite: bool) -> None:
    """Check that no table is there already, unless it may be replaced.

    Raises:
        SubmissionError: Naming the first one that is.
    """
    for path in paths:
        if path.exists() and not overwrite:
            raise SubmissionError(
                f"{path}: exists already; give the output another name, or replace it with "
                "--overwrite"
            )


@contextmanager
def written_table(path: Path, inputs: Sequence[Path] = ()) -> Iterator[TextIO]:
    """A table open for writing as a stream; it takes its name when all of it is on the disk.

    Args:
        path: Where to; packed if its name ends with ``.gz``.
        inputs: Files that it must not replace.

    Raises:
        SubmissionError: If it would replace an input, or there is no such folder.
    """
    check_target(path, inputs)
    temporary = path.with_name(f"{TEMPORARY}{path.name}-{os.getpid()}")
    try:
        with ExitStack() as stack:
            file = stack.enter_context(temporary.open("wb"))
            target: IO[bytes] = file
            if is_packed(path):  # without name and time, so that equal tables are equal files
                packed = gzip.GzipFile("", "wb", 6, file, mtime=0)
                target = cast(IO[bytes], stack.enter_context(packed))
            text = io.TextIOWrapper(target, encoding="utf-8", newline="")
            yield text
            text.flush()
            text.detach()
        flush(temporary)
        temporary.replace(path)
        flush_folder(path.parent)
    finally:
        temporary.unlink(missing_ok=True)
