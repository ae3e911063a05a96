"""Which modules an import of ours can reach in an installed tree.

Every import statement counts, also one in a function or in a `try`. What only type checkers read
does not count by itself; it tells where a package has a name from that it loads at the first use. A
text in our own code that is a module's full name counts as its import.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

__all__ = ["Reach", "Tree"]


@dataclass(frozen=True)
class Module:
    """A module's import statements.

    Attributes:
        name: Its full name.
        path: Its file.
    """

    name: str
    path: Path

    @property
    def is_package(self) -> bool:
        """Whether it can have modules in it."""
        return self.path.name == "__init__.py"

    @cached_property
    def statements(self) -> list[ast.stmt]:
        """What runs, of whatever depth: that for type checkers alone is left out."""
        return list(_running(self._parsed.body)) if self._parsed else []

    @cached_property
    def declared(self) -> dict[str, str]:
        """For each name that type checkers are told of, the module that it comes from."""
        found: dict[str, str] = {}
        for node in ast.walk(self._parsed) if self._parsed else ():
            if isinstance(node, ast.If) and _for_type_checkers(node.test):
                for inner in node.body:
                    if isinstance(inner, ast.ImportFrom):
                        source = self.absolute(inner)
                        found |= {entry.asname or entry.name: source for entry in inner.names}
        return found

    @cached_property
    def texts(self) -> set[str]:
        """Its constants that could be a module's name."""
        constants = (
            (node.value for node in ast.walk(self._parsed) if isinstance(node, ast.Constant))
            if self._parsed
            else ()
        )
        return {
            text
            for text in constants
            if isinstance(text, str) and all(part.isidentifier() for part in text.split("."))
        }

    def absolute(self, statement: ast.ImportFrom) -> str:
        """The full name of the module that it imports from."""
        if not statement.level:
            return statement.module or ""
        up = statement.level - self.is_package
        base = self.name.rsplit(".", up)[0] if up else self.name
        return f"{base}.{statement.module}" if statement.module else base

    @cached_property
    def _parsed(self) -> ast.Module | None:
        return ast.parse(self.path.read_bytes()) if self.path.suffix == ".py" else None


def _for_type_checkers(test: ast.expr) -> bool:
    return (isinstance(test, ast.Name) and test.id == "TYPE_CHECKING") or (
        isinstance(test, ast.Attribute) and test.attr == "TYPE_CHECKING"
    )


def _running(nodes: Iterable[ast.AST]) -> Iterator[ast.stmt]:
    for node in nodes:
        if isinstance(node, ast.If) and _for_type_checkers(node.test):
            yield from _running(node.orelse)
            continue
        if isinstance(node, ast.stmt):
            yield node
        yield from _running(ast.iter_child_nodes(node))


class Tree:
    """Folders that modules are imported from, in this order."""

    def __init__(self, folders: Iterable[Path]) -> None:
        self._folders = tuple(folders)
        self._found: dict[str, Module | None] = {}

    def find(self, name: str) -> Module | None:
        """The module of this name; None where there is none, and for a folder without a file."""
        if name not in self._found:
            self._found[name] = self._look(name)
        return self._found[name]

    def _look(self, name: str) -> Module | None:
        for folder in self._folders:
            path = folder.joinpath(*name.split("."))
            # A compiled module is found first, but what it imports can only be read beside it.
            for file in (path / "__init__.py", path.with_name(f"{path.name}.py")):
                if file.is_file():
                    return Module(name, file)
            for suffix in EXTENSION_SUFFIXES:
                file = path.with_name(path.name + suffix)
                if file.is_file():
                    return Module(name, file)
        return None


@dataclass
class Reach:
    """Follows imports.

    Attributes:
        tree: Where modules are found.
        own: The package whose texts count as imports.
        ends: Roots of modules whose own imports are not followed, such as the standard library's.
        empty: Packages that are imported empty, and filled at the first use of a name in them.
        modules: What was reached, by name.
    """

    tree: Tree
    own: str
    ends: frozenset[str] = frozenset()
    empty: frozenset[str] = frozenset()
    modules: dict[str, Module] = field(default_factory=dict)

    def follow(self, names: Iterable[str]) -> None:
        """Add these modules and all that they can reach."""
        waiting = list(names)
        entered = set[str]()
        while waiting:
            name = waiting.pop()
            if name in entered:
                continue
            entered.add(name)
            module = self.tree.find(name)
            if module is not None:
                self.modules[name] = module
                if name.partition(".")[0] not in self.ends:
                    waiting.extend(self._imports(module))
            waiting.extend(self._parents(name))

    def _parents(self, name: str) -> Iterator[str]:
        """The packages around a module, which its import runs too."""
        parts = name.split(".")
        for end in range(1, len(parts)):
            parent = ".".join(parts[:end])
            module = self.tree.find(parent)
            if parent in self.empty and module is not None:
                self.modules[parent] = module
            else:
                yield parent

    def _imports(self, module: Module) -> Iterator[str]:
        for statement in module.statements:
            if isinstance(statement, ast.Import):
                names = [entry.name for entry in statement.names]
            elif isinstance(statement, ast.ImportFrom):
                names = list(self._from(module.absolute(statement), statement.names))
            else:
                continue
            for name in names:
                package, _, _ = name.rpartition(".")
                if name in self.empty and module.name == package:
                    yield from self._parents(f"{name}.")
                else:
                    yield name
        if module.name.partition(".")[0] == self.own:
            yield from (text for text in module.texts if "." in text and self.tree.find(text))

    def _from(self, source: str, names: Iterable[ast.alias]) -> Iterator[str]:
        package = self.tree.find(source)
        for entry in names:
            submodule = f"{source}.{entry.name}"
            if self.tree.find(submodule) is not None:
                # the package around it comes with it, see _parents
                yield submodule
                continue
            yield source
            if package is not None and entry.name in package.declared:
                yield package.declared[entry.name]
