"""Which fields of which configuration sections the code reads: a small type inference over sources.

The type of an expression is the set of the package's classes that it can be or can contain: a
container counts as its elements, a union as all of its members. Types come from annotations,
calls, assignments and loops; what can't be told has no type, so a read of it counts for nothing.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

Types = frozenset[str]
Scope = dict[str, Types]
NOTHING: Types = frozenset()
RULE = "_check"
"""Methods whose names begin so state rules about a class's own fields, which is no use of them."""
_DEFINITIONS = ast.FunctionDef | ast.ClassDef


class Package:
    """The modules of a package by dotted name, and what their names mean."""

    def __init__(self, sources: dict[str, str]) -> None:
        self.trees = {module: _parsed(text) for module, text in sources.items()}
        self._names: dict[str, tuple[str, str]] = {}
        self._nodes: dict[str, ast.AST] = {}
        self._members: dict[tuple[str, str], Types] = {}
        for module, tree in self.trees.items():
            for node in ast.walk(tree):
                if isinstance(node, ast.ImportFrom) and node.module:
                    for alias in node.names:
                        local = f"{module}.{alias.asname or alias.name}"
                        self._names[local] = (node.module, alias.name)
            for line in tree.body:
                if isinstance(line, _DEFINITIONS):
                    self._nodes[f"{module}.{line.name}"] = line
                elif isinstance(line, ast.Assign) and isinstance(line.targets[0], ast.Name):
                    self._nodes[f"{module}.{line.targets[0].id}"] = line.value

    def resolve(self, module: str, name: str) -> tuple[str, ast.AST | None]:
        """Module and node of a name that a module uses; no node if it is not of this package."""
        seen = set()
        while (module, name) not in seen:
            seen.add((module, name))
            node = self._nodes.get(f"{module}.{name}")
            if node is not None:
                return module, node
            module, name = self._names.get(f"{module}.{name}", (module, name))
        return module, None

    def annotated(self, module: str, annotation: ast.AST | None) -> Types:
        """Classes that an annotation names, also through aliases."""
        if annotation is None:
            return NOTHING
        found: set[str] = set()
        for node in ast.walk(annotation):
            if isinstance(node, ast.Name):
                home, meaning = self.resolve(module, node.id)
                if isinstance(meaning, ast.ClassDef):
                    found.add(f"{home}.{meaning.name}")
                elif meaning is not None and not isinstance(meaning, ast.FunctionDef):
                    found |= self.annotated(home, meaning)
        return frozenset(found)

    def member(self, owner: str, name: str) -> Types:
        """Type of a class's field, property or method's result."""
        if (owner, name) not in self._members:
            self._members[owner, name] = self._member(owner, name)
        return self._members[owner, name]

    def _member(self, owner: str, name: str) -> Types:
        module, _, _ = owner.rpartition(".")
        node = self._nodes.get(owner)
        for line in ast.walk(node) if node is not None else ():
            if isinstance(line, ast.AnnAssign):
                target = line.target
                named = target.id if isinstance(target, ast.Name) else None
                named = target.attr if isinstance(target, ast.Attribute) else named
                if named == name:
                    return self.annotated(module, line.annotation)
            elif isinstance(line, ast.FunctionDef) and line.name == name:
                return self.annotated(module, line.returns)
        return self._set_by_init(module, node, name)

    def _set_by_init(self, module: str, node: ast.AST | None, name: str) -> Types:
        """Type of an attribute that ``__init__`` sets from an argument."""
        for method in node.body if isinstance(node, ast.ClassDef) else ():
            if isinstance(method, ast.FunctionDef) and method.name == "__init__":
                reader = _Reader(self, module)
                scope = reader.scope_of(method, {})
                for target, value in _assignments(method):
                    if isinstance(target, ast.Attribute) and target.attr == name:
                        return reader.type_of(value, scope)
        return NOTHING


class _Reader:
    """Collects attribute reads of one module."""

    def __init__(self, package: Package, module: str) -> None:
        self._package, self._module = package, module
        self.reads: set[tuple[str, str]] = set()

    def scope_of(self, function: ast.FunctionDef | ast.Lambda, outer: Scope) -> Scope:
        """Types of a function's arguments, over those of the names around it."""
        names = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
        own = {row.arg: self._package.annotated(self._module, row.annotation) for row in names}
        return outer | own

    def visit(self, body: Iterable[ast.AST], scope: Scope, owner: str | None = None) -> None:
        """Read statements whose names have these types."""
        for node in body:
            if isinstance(node, ast.ClassDef):
                self.visit(node.body, scope, f"{self._module}.{node.name}")
            elif isinstance(node, ast.FunctionDef):
                if not (owner and node.name.startswith(RULE)):
                    inner = self.scope_of(node, scope)
                    if owner is not None and node.args.args:
                        inner[node.args.args[0].arg] = frozenset({owner})
                    self._bind(node, inner)
                    self.visit(node.body, inner)
            else:
                self._read(node, scope)

    def _bind(self, function: ast.FunctionDef, scope: Scope) -> None:
        """Add the types of a function's variables; twice, since they build on each other."""
        pairs = list(_assignments(function))
        for _ in range(2):
            for target, value in pairs:
                if isinstance(target, ast.Name):
                    known = scope.get(target.id, NOTHING)
                    scope[target.id] = known | self.type_of(value, scope)

    def _read(self, node: ast.AST, scope: Scope) -> None:
        if isinstance(node, ast.Lambda):
            scope = self.scope_of(node, scope)
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            self.visit([node], scope)
            return
        elif isinstance(node, ast.Call):
            self._read_call(node, scope)
            return
        elif isinstance(node, ast.Attribute):
            self.reads |= {(owner, node.attr) for owner in self.type_of(node.value, scope)}
        for child in ast.iter_child_nodes(node):
            self._read(child, scope)

    def _read_call(self, call: ast.Call, scope: Scope) -> None:
        """A lambda's arguments are elements of the other ones, as in ``min(rows, key=...)``."""
        elements = frozenset().union(*(self.type_of(one, scope) for one in call.args))
        for part in (call.func, *call.args, *(row.value for row in call.keywords)):
            if isinstance(part, ast.Lambda):
                self._read(part.body, scope | {row.arg: elements for row in part.args.args})
            else:
                self._read(part, scope)

    def type_of(self, node: ast.AST, scope: Scope) -> Types:
        """Classes that an expression can be or can contain."""
        if isinstance(node, ast.Name):
            return scope.get(node.id, NOTHING)
        if isinstance(node, ast.Attribute):
            owners = self.type_of(node.value, scope)
            if node.attr in ("values", "items"):
                return owners
            found = (self._package.member(owner, node.attr) for owner in owners)
            return frozenset().union(*found)
        if isinstance(node, ast.Call):
            return self._type_of_call(node, scope)
        parts: list[ast.AST] = list(ast.iter_child_nodes(node))
        if isinstance(node, ast.ListComp | ast.GeneratorExp | ast.SetComp):
            parts = [node.elt]
        elif isinstance(node, ast.DictComp):
            parts = [node.value]
        elif isinstance(node, ast.Compare | ast.JoinedStr | ast.Constant | ast.Lambda):
            parts = []
        return frozenset().union(*(self.type_of(part, scope) for part in parts))

    def _type_of_call(self, call: ast.Call, scope: Scope) -> Types:
        if isinstance(call.func, ast.Attribute):
            return self.type_of(call.func, scope)
        home, meaning = self._package.resolve(self._module, _name(call.func))
        if isinstance(meaning, ast.FunctionDef):
            return self._package.annotated(home, meaning.returns)
        if isinstance(meaning, ast.ClassDef):
            return frozenset({f"{home}.{meaning.name}"})
        return frozenset().union(*(self.type_of(one, scope) for one in call.args))


@cache
def _parsed(text: str) -> ast.Module:
    return ast.parse(text)


def _name(node: ast.AST) -> str:
    return node.id if isinstance(node, ast.Name) else ""


def _assignments(function: ast.AST) -> Iterator[tuple[ast.AST, ast.AST]]:
    """Targets and values, where a loop's variable has the value of what it runs over."""
    for node in ast.walk(function):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                yield from _split(target, node.value)
        elif isinstance(node, ast.For | ast.comprehension):
            yield from _split(node.target, node.iter)
        elif isinstance(node, ast.NamedExpr):
            yield node.target, node.value


def _split(target: ast.AST, value: ast.AST) -> Iterator[tuple[ast.AST, ast.AST]]:
    """Each part of a target with its part of the value, or with all of it if that has no parts."""
    if not isinstance(target, ast.Tuple):
        yield target, value
        return
    parts: list[ast.AST] = [value] * len(target.elts)
    if isinstance(value, ast.Tuple) and len(value.elts) == len(target.elts):
        parts = list(value.elts)
    elif isinstance(value, ast.Call) and _name(value.func) == "zip":
        parts = list(value.args)
    for part, one in zip(target.elts, parts, strict=False):
        yield from _split(part, one)


def field_reads(sources: dict[str, str]) -> set[tuple[str, str]]:
    """Every (class, attribute) that the modules of a package read, classes by dotted name.

    Args:
        sources: Text of every module by dotted name.
    """
    package = Package(sources)
    found: set[tuple[str, str]] = set()
    for module, tree in package.trees.items():
        reader = _Reader(package, module)
        reader.visit(tree.body, {})
        found |= reader.reads
    return found


def sources_of(folder: Path) -> dict[str, str]:
    """Text of every module of a package's folder by dotted name."""
    found = {}
    for path in sorted(folder.rglob("*.py")):
        parts = path.relative_to(folder.parent).with_suffix("").parts
        found[".".join(parts).removesuffix(".__init__")] = path.read_text()
    return found
