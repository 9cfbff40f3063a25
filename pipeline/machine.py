"""What machine this is, as manifests record it: found in files of the system, nothing is loaded."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterable, Iterator
from importlib import metadata
from pathlib import Path
from typing import Any, Final

from pipeline.code_version import LIBRARIES

_PACKAGE: Final = "scene-to-polygon"
_GIB: Final = 2**30
_PROC: Final = Path("/proc")
_MEMORY_LIMIT: Final = Path("/sys/fs/cgroup/memory.max")
_GIT: Final = Path(__file__).parent.parent / ".git"


def this_machine() -> dict[str, Any]:
    """Processor, memory, graphics cards, system and versions, as JSON.

    Returns:
        ``cpu`` (model; empty if nobody tells), ``cores`` that this process may use, ``memory_gib``,
        ``gpus`` (models), ``platform``, ``python``, ``libraries`` (version by package),
        ``pipeline`` (version) and ``commit`` (of the repository; empty without one).
    """
    return {
        "cpu": _processor(),
        "cores": _cores(),
        "memory_gib": round(_memory() / _GIB, 1),
        "gpus": _graphics_cards(),
        "platform": f"{platform.system()} {platform.release()} {platform.machine()}",
        "python": platform.python_version(),
        "libraries": dict(_versions(sorted(set(LIBRARIES.values())))),
        "pipeline": dict(_versions([_PACKAGE])).get(_PACKAGE, ""),
        "commit": commit(_GIT),
    }


def _processor() -> str:
    for line in _text(_PROC / "cpuinfo").splitlines():
        name, _, value = line.partition(":")
        if name.strip().lower() in ("model name", "hardware"):
            return value.strip()
    return platform.processor()


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _memory() -> int:
    """Bytes of memory: the machine's, or what a container may use of it."""
    try:
        whole = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError, AttributeError):
        return 0
    limit = _text(_MEMORY_LIMIT).strip()
    return min(whole, int(limit)) if limit.isdecimal() else whole


def _graphics_cards() -> list[str]:
    """Models of the graphics cards, as the driver's files or a torch that is at work tell."""
    found = []
    for path in sorted((_PROC / "driver" / "nvidia" / "gpus").glob("*/information")):
        names = [line for line in _text(path).splitlines() if line.startswith("Model:")]
        found += [line.partition(":")[2].strip() for line in names]
    torch = sys.modules.get("torch")
    if not found and torch is not None and torch.cuda.is_initialized():
        cards = range(torch.cuda.device_count())
        found = [torch.cuda.get_device_name(number) for number in cards]
    return found


def _versions(packages: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Those of the packages that are installed."""
    for package in packages:
        try:
            yield package, metadata.version(package)
        except metadata.PackageNotFoundError:
            continue


def commit(git: Path) -> str:
    """The commit that a repository's working tree came from; empty if that can't be told.

    Args:
        git: The folder ``.git``.
    """
    head = _text(git / "HEAD").strip()
    name = head.removeprefix("ref: ")
    if name == head:
        return head
    found = _text(git / name).strip()
    if found:
        return found
    rows = (line.split() for line in _text(git / "packed-refs").splitlines())
    return next((row[0] for row in rows if row[1:] == [name]), "")


def _text(path: Path) -> str:
    """What a small file holds; nothing if it can't be read."""
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""
