"""The house rules that a reader relies on: imports run one way, every config field is used."""

from __future__ import annotations

import ast
import re
import shutil
from importlib import metadata
from pathlib import Path

import pytest
from pydantic import BaseModel

from pipeline import code_version as code_module
from pipeline.chain import CHAIN
from pipeline.code_version import code_version, imported_by
from pipeline.config import Config
from pipeline.config.faults import models_in
from pipeline.config.models import INHERITED
from tests.field_reads import field_reads, sources_of

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "pipeline"
FLOORS = (
    {"source_memory"},
    {"errors", "progress", "code_version", "chain"},
    {"machine", "locks"},
    {"files"},
    {"items"},
    {"artifacts", "config"},
    {"workers"},
    {"search"},
    {"imagery"},
    {"learning"},
    {"mapping"},
    {"proposal"},
    {"reporting"},
    {"stages"},
    {"table_commands", "init_command", "status_command", "compare_command"},
    {"cli"},
    {"__main__"},
)


def _floor(module: str) -> int:
    part = module.split(".")[1]
    return next(level for level, names in enumerate(FLOORS) if part in names)


def _modules() -> dict[str, Path]:
    found = {}
    for path in PACKAGE.rglob("*.py"):
        if path != PACKAGE / "__init__.py":
            parts = path.relative_to(ROOT).with_suffix("").parts
            found[".".join(parts).removesuffix(".__init__")] = path
    return found


def _imports(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
    return {name for name in names if name.startswith("pipeline.") and name.count(".") > 0}


def test_imports_run_one_way() -> None:
    wrong = [
        f"{module} imports {name}"
        for module, path in _modules().items()
        for name in _imports(path)
        if name != "pipeline.__version__" and _floor(name) > _floor(module)
    ]
    assert not wrong


def test_no_module_imports_itself_through_others() -> None:
    graph = {
        module: {name for name in imported_by(module) if name != module} for module in _modules()
    }
    cycles = [
        (one, two)
        for one in graph
        for two in graph[one]
        if two in graph
        and one in graph[two]
        and not one.startswith(two)
        and not two.startswith(one)
    ]
    assert not cycles


def test_what_decides_nothing_stays_out_of_the_versions_of_stages() -> None:
    """The package itself holds the project's version: a stage is not old for another of these."""
    for row in CHAIN:
        assert "pipeline" not in imported_by(row.module)


def test_every_stage_has_its_module_and_make_target() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for row in CHAIN:
        assert (PACKAGE / "stages" / f"{row.name}.py").exists()
        assert re.search(rf"^{row.name}: ## ", makefile, re.MULTILINE)
        assert f"$(R)/{row.name}/manifest.json: $(R)/inputs/{row.name}.json" in makefile


def test_every_stage_reads_only_earlier_stages() -> None:
    names = [row.name for row in CHAIN]
    for position, row in enumerate(CHAIN):
        assert set(row.upstream) <= set(names[:position])


def _sections(model: type[BaseModel]) -> dict[str, set[str]]:
    found = {f"{model.__module__}.{model.__name__}": set(model.model_fields)}
    for field in model.model_fields.values():
        for inner in models_in(field.annotation):
            found |= _sections(inner)
    return found


def _unused(sections: dict[str, set[str]], sources: dict[str, str]) -> list[str]:
    """Fields that nothing reads; ``kind`` is read by the configuration's library.

    Sections at the top that rows of ``models`` start from are read by ``models.filled`` as keys.
    """
    reads = field_reads(sources)
    starts = {("pipeline.config.model.Config", name) for name in INHERITED}
    return sorted(
        f"{section.rpartition('.')[2]}.{name}"
        for section, names in sections.items()
        for name in names - {"kind"}
        if (section, name) not in reads and (section, name) not in starts
    )


def test_every_declared_field_is_used() -> None:
    assert not _unused(_sections(Config), sources_of(PACKAGE))


def test_field_that_nothing_reads_is_found() -> None:
    """Also where fields of other sections with the same name are read, or a rule mentions it."""
    sections, sources = _sections(Config), sources_of(PACKAGE)
    sections["pipeline.config.mapping.Predict"].add("seed")
    sections["pipeline.config.train.Train"].add("d4")
    sources["pipeline.config.mapping"] = sources["pipeline.config.mapping"].replace(
        "class Evaluate(",
        "    seed: int = 0\n    def _check(self):\n        self.seed\nclass Evaluate(",
    )
    assert _unused(sections, sources) == ["Predict.seed", "Train.d4"]
    used = "from pipeline.config import Config\ndef f(config: Config): return config.predict.seed"
    assert _unused(sections, {**sources, "pipeline.fake": used}) == ["Train.d4"]


def test_input_is_never_checked_by_assert() -> None:
    found = [
        str(path)
        for path in PACKAGE.rglob("*.py")
        if any(isinstance(node, ast.Assert) for node in ast.walk(ast.parse(path.read_text())))
    ]
    assert not found


def test_code_version_follows_imports() -> None:
    modules = imported_by("pipeline.stages.scenes")
    assert "pipeline.stages.scenes" in modules
    assert "pipeline.artifacts" in modules
    assert "pipeline.stages.train" not in modules
    assert code_version("pipeline.stages.scenes") != code_version("pipeline.chain")


def test_code_version_of_a_page_follows_its_styles_and_scripts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ("score", "report")
    found = [path.name for path in code_module._other_files("pipeline.reporting.page.rendering")]
    assert {"page.css", "viewer.css", "page.html.j2", "95-start.js"} <= set(found)
    copy = shutil.copytree(PACKAGE, tmp_path / "pipeline")
    before = {name: code_version(f"pipeline.stages.{name}") for name in names}
    monkeypatch.setattr(code_module, "_ROOT", copy)
    assert before == {name: code_version(f"pipeline.stages.{name}") for name in names}
    with (copy / "reporting" / "page" / "page.css").open("a") as file:
        file.write("p { color: red; }")
    after = {name: code_version(f"pipeline.stages.{name}") for name in names}
    assert [name for name in names if after[name] != before[name]] == ["report"]


def test_code_version_follows_libraries(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("scenes", "train")
    before = {name: code_version(f"pipeline.stages.{name}") for name in names}
    monkeypatch.setattr(metadata, "version", lambda package: "2" if package == "torch" else "1")
    one = {name: code_version(f"pipeline.stages.{name}") for name in names}
    monkeypatch.setattr(metadata, "version", lambda package: "3+cpu" if package == "torch" else "1")
    two = {name: code_version(f"pipeline.stages.{name}") for name in names}
    assert not set(before.values()) & set(one.values())
    assert [name for name in names if one[name] != two[name]] == ["train"]
    monkeypatch.setattr(metadata, "version", lambda package: "3" if package == "torch" else "1")
    assert code_version("pipeline.stages.train") == two["train"], "the build is no other version"


def test_code_version_leaves_out_what_people_see(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "pipeline.stages.watch" in imported_by("pipeline.stages.train")
    before = code_version("pipeline.stages.train")
    meaning = code_module._meaning
    monkeypatch.setattr(
        code_module, "_meaning", lambda name: meaning(name) + name * ("watch" in name)
    )
    assert code_version("pipeline.stages.train") == before
