"""Rules about the source that no linter holds."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LAYERS = ("core", "adapters", "entrypoints")
FORBIDDEN_IN_CORE = {"eval", "exec", "input", "now", "open", "print", "today", "utcnow"}
"""Names whose call reads a clock, or reads or writes anything else."""
EXCEPTION = re.compile(
    r"#\s*(noqa\b(:[A-Z\d,\s]*\d)?|(type|pyright):\s*ignore(\[[^]]*\])?"
    r"|pragma:\s*no (cover|branch))"
)


def modules(*folders: str) -> list[Path]:
    """Every Python file of these folders of the repository."""
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def called(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """The last name of everything that is called, and the line where."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            match node.func:
                case ast.Name(name) | ast.Attribute(attr=name):
                    yield name, node.lineno
                case _:
                    pass


def parse(path: Path) -> ast.Module:
    """The syntax tree of a file."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


@pytest.mark.parametrize("path", modules("core"), ids=lambda path: path.name)
def test_core_reads_no_clock_and_does_no_io(path: Path) -> None:
    """The core is told what time it is and what was read."""
    found = [f"line {line}: {name}()" for name, line in called(parse(path))]
    assert [entry for entry in found if entry.split()[-1][:-2] in FORBIDDEN_IN_CORE] == []


@pytest.mark.parametrize("layer", LAYERS)
def test_relative_imports_stay_inside_their_layer(layer: str) -> None:
    """Across layers an import is absolute: otherwise a type checker sees the file twice."""
    leaving = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in modules(layer)
        for node in ast.walk(parse(path))
        if isinstance(node, ast.ImportFrom) and node.level >= len(path.relative_to(ROOT).parts)
    ]
    assert leaving == []


@pytest.mark.parametrize("layer", LAYERS)
def test_no_module_bears_the_name_of_a_library_that_it_imports(layer: str) -> None:
    """`waitress.py` that imports waitress reads as if it imported itself."""
    own_name = [
        str(path.relative_to(ROOT))
        for path in modules(layer)
        for node in ast.walk(parse(path))
        if path.stem
        in (
            {alias.name.partition(".")[0] for alias in node.names}
            if isinstance(node, ast.Import)
            else {(node.module or "").partition(".")[0]}
            if isinstance(node, ast.ImportFrom) and node.level == 0
            else set[str]()
        )
    ]
    assert own_name == []


def test_every_exception_from_a_rule_says_why() -> None:
    """A suppression carries its reason on its own line."""
    silent: list[str] = []
    for path in modules(*LAYERS, "src/k8s_heartbeat", "tests"):
        source = io.StringIO(path.read_text(encoding="utf-8"))
        for token in tokenize.generate_tokens(source.readline):
            reason, found = EXCEPTION.subn("", token.string)
            if token.type == tokenize.COMMENT and found and len(reason.split()) < 3:
                silent.append(f"{path.relative_to(ROOT)}:{token.start[0]}")
    assert silent == []
