"""The version of the code that a stage's results depend on.

A result must be made again when the code that made it changes, and only then. So the version of
a stage is the hash of its module and of every module of this package that it imports, directly
or through others. Imports are read from the source, also those inside functions. Comments,
docstrings and layout don't count, and neither do modules that decide no number: the
configuration's values are part of a result's key themselves. Of other people's code, the versions
of the libraries that decide numbers count, where one of those modules imports them.
"""

from __future__ import annotations

import ast
import hashlib
import sys
from collections.abc import Collection, Iterator
from functools import cache
from importlib import metadata
from pathlib import Path

from pipeline.source_memory import Reading, SourceMemory

_ROOT = Path(__file__).parent
_PACKAGE = _ROOT.name
_NO_NUMBERS = (
    "artifacts",
    "chain",
    "code_version",
    "config",
    "errors",
    "files",
    "items",
    "locks",
    "machine",
    "progress",
    "search",
    "source_memory",
    "stages.asked",
    "stages.crew",
    "stages.currency",
    "stages.inputs",
    "stages.job",
    "stages.other_runs",
    "stages.preflight",
    "stages.prepare",
    "stages.search_report",
    "workers",
)
_SHOWN = (
    "learning.held_out_patches",
    "learning.training_log",
    "stages.patch_log",
    "stages.watch",
)
"""What people see of a training: no numbers, and neither has what is imported for it only."""
_FILES = {"reporting.page.rendering": ("reporting/page", "reporting/viewer/assets")}
"""By module, folders of other files that it makes its result of: styles, templates, scripts."""
LIBRARIES = {
    "albumentations": "albumentations",
    "cv2": "opencv-python-headless",
    "geopandas": "geopandas",
    "numpy": "numpy",
    "pyogrio": "pyogrio",
    "pyproj": "pyproj",
    "rasterio": "rasterio",
    "scipy": "scipy",
    "segmentation_models_pytorch": "segmentation-models-pytorch",
    "shapely": "shapely",
    "torch": "torch",
}
"""Libraries that decide numbers: name of the import, and of the package."""


def code_version(module: str) -> str:
    """SHA-256 over the sources that a module of this package uses.

    Args:
        module: Dotted name, such as ``pipeline.stages.tiles``.
    """
    total = hashlib.sha256()
    found = imported_by(module, _SHOWN)
    used = sorted(name for name in found if not _decides_nothing(name))
    for name in used:
        total.update(name.encode())
        total.update(_meaning(name).encode())
        for path in _other_files(name):
            total.update(path.name.encode())
            total.update(path.read_bytes())
    libraries = {top for name in used for top in _imported_tops(name)} & set(LIBRARIES)
    for library in sorted(libraries):
        total.update(f"{library} {_version(LIBRARIES[library])}".encode())
    _memory(_ROOT).save()
    return total.hexdigest()


def _other_files(module: str) -> list[Path]:
    """Files besides its source that a module makes its result of."""
    folders = _FILES.get(module.removeprefix(f"{_PACKAGE}."), ())
    found = (path for folder in folders for path in (_ROOT / folder).rglob("*"))
    return sorted(path for path in found if path.is_file() and path.suffix not in (".py", ".pyc"))


def _version(package: str) -> str:
    """Version of an installed package, without the build: torch's says which device it is for."""
    try:
        return metadata.version(package).partition("+")[0]
    except metadata.PackageNotFoundError:
        return "none"


def _decides_nothing(module: str) -> bool:
    names = (f"{_PACKAGE}.{name}" for name in (*_NO_NUMBERS, *_SHOWN))
    return any(module == name or module.startswith(f"{name}.") for name in names)


def _meaning(module: str) -> str:
    """The module's syntax tree as text, without its docstrings."""
    return _parsed(module)[0]


@cache
def _parsed(module: str) -> Reading:
    """The module's syntax tree as text, without its docstrings, and the names it imports.

    The text is empty where the module decides nothing.
    """
    source = _source(module)
    return _memory(_ROOT).reading(module, source, lambda: _read(module, source))


@cache
def _memory(root: Path) -> SourceMemory:
    """Reading hundreds of sources takes a second, as long as all else that most commands do."""
    reader = hashlib.sha256(f"{_source(__name__)} {sys.version}".encode()).hexdigest()
    return SourceMemory(root / "__pycache__" / "code_version.json", reader)


def _read(module: str, source: str) -> Reading:
    tree = ast.parse(source)
    names: set[str] = set()
    for node in _blocks(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            node.body = [line for line in node.body if not _is_text(line)]
        elif isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return "" if _decides_nothing(module) else ast.dump(tree), frozenset(names)


def _blocks(tree: ast.AST) -> Iterator[ast.AST]:
    """A module and all of its statements, at any depth: expressions, the most of it, are passed."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        for part in ("body", "orelse", "finalbody", "handlers", "cases"):
            inner = getattr(node, part, ())
            waiting.extend(inner if isinstance(inner, list) else ())


def _is_text(line: ast.stmt) -> bool:
    return (
        isinstance(line, ast.Expr)
        and isinstance(line.value, ast.Constant)
        and isinstance(line.value.value, str)
    )


def imported_by(module: str, ends: Collection[str] = ()) -> set[str]:
    """Names of the modules of this package that a module uses, itself included.

    Args:
        module: Dotted name.
        ends: Names within the package of modules whose own imports are not followed.
    """
    closed = {f"{_PACKAGE}.{name}" for name in ends}
    found: set[str] = set()
    waiting = [module]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting.extend(() if name in closed else _imports(name))
    return found


@cache
def _imports(module: str) -> tuple[str, ...]:
    inside = (name for name in _imported_names(module) if name.split(".")[0] == _PACKAGE)
    return tuple(name for name in inside if _file(name) is not None)


@cache
def _imported_tops(module: str) -> frozenset[str]:
    """First parts of all names that a module imports."""
    return frozenset(name.split(".")[0] for name in _imported_names(module))


def _imported_names(module: str) -> frozenset[str]:
    return _parsed(module)[1]


def _file(module: str) -> Path | None:
    path = _ROOT.parent.joinpath(*module.split("."))
    for candidate in (path.with_suffix(".py"), path / "__init__.py"):
        if candidate.is_file():
            return candidate
    return None


@cache
def _source(module: str) -> str:
    path = _file(module)
    if path is None:
        raise ModuleNotFoundError(f"no module {module} in {_ROOT}")
    return path.read_text()
