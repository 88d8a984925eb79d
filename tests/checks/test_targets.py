"""Every test file is run by a target of its package, and what tests use of the machine is an input of theirs."""

import builtins
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path, PurePosixPath
from types import CodeType
from typing import Any
from unittest.mock import MagicMock


def names(code: CodeType) -> set[str]:
    """Returns every name that `code` uses, the code within it included."""
    inner = [constant for constant in code.co_consts if isinstance(constant, CodeType)]
    return {*code.co_names, *(name for part in inner for name in names(part))}


def sources_of_targets(build: Path) -> set[str]:
    """Returns the file names that stand in `srcs` of any target of a BUILD file.

    Starlark's grammar is Python's: the file is run, with a recorder for every rule and macro.
    """
    found: set[str] = set()

    def record(*_: Any, srcs: Iterable[Any] = (), **__: Any) -> None:
        found.update(source for source in srcs if isinstance(source, str))

    def glob(include: Sequence[str] = (), exclude: Sequence[str] = (), **_: Any) -> list[str]:
        files = [path for pattern in include for path in build.parent.glob(pattern) if path.is_file()]
        paths = sorted({str(path.relative_to(build.parent)) for path in files})
        return [path for path in paths if not any(PurePosixPath(path).match(pattern) for pattern in exclude)]

    code = compile(build.read_text(), str(build), "exec")
    recorders = {name: MagicMock(side_effect=record) for name in names(code) - set(dir(builtins))}
    exec(code, {**recorders, "glob": glob})
    return found


def package_of(file: PurePosixPath, builds: set[PurePosixPath]) -> PurePosixPath | None:
    """Returns the nearest folder at or above a file's that has a BUILD file."""
    return next((folder for folder in file.parents if folder / "BUILD" in builds), None)


def test_every_test_file_is_run_by_a_target(workspace: Path, sources: Mapping[str, Sequence[str]]) -> None:
    builds = {PurePosixPath(path) for path in sources["starlark"] if PurePosixPath(path).name == "BUILD"}
    files = [PurePosixPath(path) for path in sources["python"] if PurePosixPath(path).match("test_*.py")]
    assert files
    forgotten = []
    for file in files:
        package = package_of(file, builds)
        run = sources_of_targets(workspace / package / "BUILD") if package is not None else set()
        if package is None or str(file.relative_to(package)) not in run:
            forgotten.append(str(file))
    assert forgotten == []


def test_every_program_that_is_installed_for_the_tests_is_an_input_of_them(workspace: Path) -> None:
    listed = re.search("^programs='(.*)'$", (workspace / "test").read_text(), re.MULTILINE)
    assert listed
    installed = {pair.partition(":")[0] for pair in listed[1].split()}
    inputs = re.search(
        r"^_PROGRAMS = \[(.*?)^\]", (workspace / "tests/machine/machine.bzl").read_text(), re.MULTILINE | re.DOTALL
    )
    assert inputs
    assert installed - set(re.findall('"(.*)"', inputs[1])) == set()
