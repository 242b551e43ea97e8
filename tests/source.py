"""The project's own source, read: which modules there are, what each imports, spells and shows to others."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent
FLOORS = ("rules", "workers", "router")

MODULES = sorted(path for floor in FLOORS for path in (ROOT / floor).rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))


def name_of(path: Path) -> str:
    """The path as people write it, from the root of the repository."""
    return path.relative_to(ROOT).as_posix()


def tree_of(path: Path) -> ast.Module:
    """The file, parsed."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def modules_in(node: ast.stmt) -> list[str]:
    """The modules an import statement reaches; `from a import b` gives `a.b` where that is a module."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
        return [_deepest(node.module, alias.name) for alias in node.names]
    return []


def _deepest(module: str, name: str) -> str:
    below = ROOT.joinpath(*module.split("."), name)
    return f"{module}.{name}" if below.is_dir() or below.with_suffix(".py").is_file() else module


@cache
def imports_of(path: Path) -> frozenset[str]:
    """Every module the file imports, at the top or inside a function."""
    return frozenset(
        name for node in ast.walk(tree_of(path)) if isinstance(node, ast.stmt) for name in modules_in(node)
    )


def lazy_imports_of(path: Path) -> Iterator[str]:
    """The modules the file imports inside its functions."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            for inner in ast.walk(node):
                if isinstance(inner, ast.stmt):
                    yield from modules_in(inner)


def strings_of(path: Path) -> Iterator[str]:
    """Every string the file holds, but its docstrings."""
    tree = tree_of(path)
    prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose:
            yield node.value


def in_floor(floor: str) -> list[Path]:
    """The modules of one floor."""
    return [path for path in MODULES if path.is_relative_to(ROOT / floor)]


def public(tree: ast.Module | ast.ClassDef) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef]:
    """Functions and classes that others may call, methods too."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            yield node
            if isinstance(node, ast.ClassDef):
                yield from public(node)
