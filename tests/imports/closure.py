"""Follows the imports of a Python module through the files of a workspace, without running anything."""

import ast
import sys
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field


@dataclass
class Closure:
    """What a module imports, directly or not. Files are paths from the workspace's root."""

    files: set[str] = field(default_factory=set)
    foreign: dict[str, str] = field(default_factory=dict)
    """Top-level modules that are neither in the files nor in the standard library, each with a file that imports it."""
    missing: dict[str, str] = field(default_factory=dict)
    """Modules of packages that are in the files, but are not there themselves; each with a file that imports it."""
    texts: set[str] = field(default_factory=set)
    """Every string constant: whatever is read by name has its name among them."""


def closure(module: str, files: Collection[str], read: Callable[[str], str]) -> Closure:
    """Returns what `module` imports.

    Imports in functions count, those for type checkers alone do not. Of a package that is imported from, its `__init__.py`
    is imported too. `read` gives the text of one of `files`.
    """
    found = Closure()
    waiting = [(module, "")]
    while waiting:
        name, importer = waiting.pop()
        for path in _imported(name, importer, files, found):
            if path not in found.files:
                found.files.add(path)
                tree = ast.parse(read(path))
                found.texts |= {
                    n.value for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str)
                }
                waiting += [(wanted, path) for wanted in _imports(tree, path, files, read)]
    return found


def _imported(name: str, importer: str, files: Collection[str], found: Closure) -> Iterator[str]:
    """The files that importing `name` runs: of the packages that it lies in, and its own."""
    parts = name.split(".")
    for depth in range(1, len(parts) + 1):
        prefix = ".".join(parts[:depth])
        kind, path = _find(prefix, files)
        if path:
            yield path
        elif kind is None and depth > 1:
            found.missing.setdefault(prefix, importer)
            return
        elif kind is None:
            if prefix not in sys.stdlib_module_names:
                found.foreign.setdefault(prefix, importer)
            return


def _find(module: str, files: Collection[str]) -> tuple[str | None, str]:
    """What `module` is ("module", "package", "namespace" or None), and the file that importing it runs."""
    place = module.replace(".", "/")
    if f"{place}/__init__.py" in files:
        return "package", f"{place}/__init__.py"
    if f"{place}.py" in files:
        return "module", f"{place}.py"
    return ("namespace" if any(file.startswith(f"{place}/") for file in files) else None), ""


def _imports(tree: ast.Module, path: str, files: Collection[str], read: Callable[[str], str]) -> Iterator[str]:
    for node in _run(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = _base(node, path)
            yield base
            kind, file = _find(base, files)
            bound = _bound(ast.parse(read(file))) if kind == "package" else set()
            for alias in node.names:
                inner = f"{base}.{alias.name}"
                if kind == "namespace" or (kind == "package" and (alias.name not in bound or _find(inner, files)[0])):
                    yield inner


def _run(node: ast.AST) -> Iterator[ast.AST]:
    """All nodes below but those under `if TYPE_CHECKING:`."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and ast.unparse(child.test).rpartition(".")[2] == "TYPE_CHECKING":
            for other in child.orelse:
                yield other
                yield from _run(other)
        else:
            yield child
            yield from _run(child)


def _base(node: ast.ImportFrom, path: str) -> str:
    """The absolute name of the package or module that is imported from (PEP 328)."""
    package = path.split("/")[: -node.level] if node.level else []
    return ".".join([*package, *([node.module] if node.module else [])])


def _bound(tree: ast.Module) -> set[str]:
    """The names that a module's own statements bind."""
    bound = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            bound.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            bound.add(node.id)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            bound |= {(alias.asname or alias.name).partition(".")[0] for alias in node.names}
    return bound
