"""Compiles a program: its modules and those of the wheels that it imports, for any architecture, without a version.

The result is an uncompressed tar of what the program's folder holds, which pack.py completes. A module goes in compiled
alone (unchecked-hash pyc, PEP 552), its name in tracebacks is its path in the archive.
"""

import py_compile
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.archive import tar

# The C twin of a module whose Python is there too (mypyc makes such). The C would tie the program to one architecture.
_NATIVE = ".so"

# For type checkers and installers.
_UNUSED = (".pyi", "py.typed", "/RECORD", "/INSTALLER", "/REQUESTED", "/WHEEL")


@dataclass(frozen=True, slots=True)
class Source:
    """A file of the program: where it is, and its path below the import root."""

    file: Path
    path: str


def entries(start: Path, sources: Iterable[Source]) -> list[tar.Entry]:
    """Compiles `start` as the program's `__main__`, and what `sources` hold.

    Raises:
        ValueError: a native module without a twin in Python, or two files for one path.
        py_compile.PyCompileError: a source that is no Python.
    """
    ordered = sorted(sources, key=lambda source: source.path)
    _check(ordered)
    chosen = [
        Source(start, "__main__.py"),
        *(source for source in ordered if not source.path.endswith((*_UNUSED, _NATIVE))),
    ]
    with tempfile.TemporaryDirectory() as folder:
        files = [_entry(source, Path(folder) / "compiled") for source in chosen]
    return [*tar.parents(files), *files]


def _check(sources: list[Source]) -> None:
    paths = [source.path for source in sources]
    twice = sorted({path for path in paths if paths.count(path) > 1})
    alone = [path for path in paths if path.endswith(_NATIVE) and not _has_twin(path, set(paths))]
    problems = [f"{path}: from two places" for path in twice] + [
        f"{path}: native code, and no twin in Python" for path in alone
    ]
    if problems:
        raise ValueError("; ".join(problems))


def _has_twin(native: str, paths: set[str]) -> bool:
    """Whether `native` can be left out: its module is there as Python too, or it is what mypyc's modules share."""
    folder, _, name = native.rpartition("/")
    module = name.partition(".")[0]
    return module.endswith("__mypyc") or f"{folder}/{module}.py".lstrip("/") in paths


def _entry(source: Source, scratch: Path) -> tar.Entry:
    if not source.path.endswith(".py"):
        return tar.Entry(source.path, data=source.file.read_bytes())
    py_compile.compile(
        str(source.file),
        cfile=str(scratch),
        dfile=source.path,
        doraise=True,
        invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
    )
    return tar.Entry(source.path + "c", data=scratch.read_bytes())


def _path(short_path: str, roots: list[str]) -> str:
    """Returns the path below the import root of a file that Bazel calls `short_path` (`../` leads to other repositories)."""
    for root in roots:
        if short_path.startswith(f"../{root}/"):
            return short_path.removeprefix(f"../{root}/")
    return short_path


def main(request: dict[str, Any]) -> None:
    """Takes {start, files, roots, output}."""
    roots = request["roots"]
    sources = [Source(Path(file["path"]), _path(file["short_path"], roots)) for file in request["files"]]
    try:
        compiled = entries(Path(request["start"]), sources)
    except py_compile.PyCompileError as error:
        raise ValueError(str(error)) from None
    with Path(request["output"]).open("wb") as out:
        tar.write(compiled, out)
