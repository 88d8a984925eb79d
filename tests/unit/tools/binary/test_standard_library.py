"""What is left out of the runtime's standard library is not missed."""

import ast
import os
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

# What the binaries hold, and what they may import before long.
PACKAGES = ["viberun", "docker", "requests", "urllib3", "idna", "certifi", "charset_normalizer"]

STANDARD_LIBRARY = Path(os.__file__).parent


def archive(variable: str) -> Path:
    return Path(os.environ[variable])


def modules(runtime: Path) -> set[str]:
    """The dotted names of a runtime's modules."""
    names = set()
    with tarfile.open(runtime) as file:
        for path in file.getnames():
            name = path.removeprefix("lib/python3.13/")
            if name == path:
                continue
            if name.startswith("lib-dynload/"):
                names.add(name.removeprefix("lib-dynload/").partition(".")[0])
            elif name.endswith(".pyc"):
                names.add(name.removesuffix(".pyc").removesuffix("/__init__").replace("/", "."))
    return names


def imports(package: str) -> Iterator[tuple[str, str]]:
    """Every module that the package's source may import, with the file that does; but for its own tests."""
    spec = find_spec(package)
    assert spec is not None
    assert spec.origin is not None
    for path in Path(spec.origin).parent.rglob("*.py"):
        if "tests" in path.parts[-2:-1]:
            continue
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.Import):
                yield from ((alias.name, str(path)) for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                yield node.module, str(path)
                yield from ((f"{node.module}.{alias.name}", str(path)) for alias in node.names)


def in_standard_library(name: str) -> bool:
    path = STANDARD_LIBRARY / name.replace(".", "/")
    native = list((STANDARD_LIBRARY / "lib-dynload").glob(f"{name}.*"))
    return path.with_suffix(".py").exists() or (path / "__init__.py").exists() or bool(native)


@pytest.mark.parametrize("variable", ["RUNTIME_AMD64", "RUNTIME_ARM64"])
@pytest.mark.parametrize("package", PACKAGES)
def test_every_module_that_the_products_import_is_there(package: str, variable: str) -> None:
    wanted = [(name, path) for name, path in imports(package) if in_standard_library(name)]
    assert wanted or package == "certifi"
    there = modules(archive(variable))
    assert [f"{name}, for {path}" for name, path in wanted if name not in there] == []


def run(tmp_path: Path, code: str) -> "subprocess.CompletedProcess[str]":
    """Runs `code` in the runtime for this machine, as the head does."""
    with tarfile.open(archive("RUNTIME")) as file:
        file.extractall(tmp_path, filter="data")
    (loader,) = tmp_path.glob("lib/*/ld-linux*")
    command = [str(loader), "--argv0", f"{tmp_path}/bin/python3", "--library-path", str(loader.parent)]
    command += [f"{tmp_path}/bin/python3.13", "-I", "-S", "-B", "-c", code]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_every_module_that_is_kept_can_be_imported(tmp_path: Path) -> None:
    names = sorted(name for name in modules(archive("RUNTIME")) if not name.endswith("__main__"))
    assert len(names) > 300
    code = f"""
import importlib, sys
for name in {names}:
    try: importlib.import_module(name)
    except ImportError as error: print(name, error)
"""
    assert run(tmp_path, code).stdout.splitlines() == []


def test_the_products_and_their_libraries_are_imported_by_the_runtime_alone(tmp_path: Path) -> None:
    roots = [path for path in sys.path if not path.startswith(str(STANDARD_LIBRARY.parent))]
    names = [*PACKAGES, "viberun.client.cli", "viberun.server.cli", "docker.models.containers", "requests.adapters"]
    code = f"import importlib, sys; sys.path += {roots}\nfor name in {names}: importlib.import_module(name)\nprint('imported')"
    result = run(tmp_path, code)
    assert (result.stdout, result.stderr) == ("imported\n", "")
