"""Builds a PEX with pex, for any Python from 3.9 on, and puts the fast start (start.py) in front of PEX's own.

Everything that does not change with the version is made here; `tools.pex.stamp` adds that.
"""

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pex  # type: ignore[import-untyped]

from tools.pex import archive

_WHEEL = re.compile(r"([^-]+)-([^-]+)-(?:[^-]+-)?([^-]+)-([^-]+)-([^-]+)\.whl")  # PyPA, binary distribution format
_START = Path(__file__).with_name("start.py")


@dataclass(frozen=True)
class Program:
    """What is packed: `sources` by their path below the import root, `wheels` that it imports, `entry` as module:function."""

    name: str
    entry: str
    sources: Mapping[str, Path]
    wheels: Sequence[Path]


def requirement(wheel: Path) -> str:
    """Returns the requirement that this wheel, and no other file, satisfies.

    Raises:
        ValueError: the wheel is made for one platform or one Python, and a PEX is for all.
    """
    match = _WHEEL.fullmatch(wheel.name)
    if not match or match[4] != "none" or match[5] != "any" or "py3" not in match[3].split("."):
        raise ValueError(f"{wheel.name} is no pure wheel, and a PEX runs on any platform: give it a py3-none-any wheel")
    return f"{match[1]}=={match[2]}"


def fast_start(program: Program) -> bytes:
    """Returns the text of the archive's `__main__.py`."""
    module, _, function = program.entry.partition(":")
    wheels = " ".join(wheel.name for wheel in program.wheels)
    text = _START.read_text()
    for mark, value in {"PROGRAM": program.name, "MODULE": module, "FUNCTION": function, "WHEELS": wheels}.items():
        text = text.replace(f"@{mark}@", value)
    return text.encode()


def build(program: Program, out: Path, scratch: Path) -> None:
    """Writes the PEX, without a version, to `out`.

    Raises:
        ValueError: a wheel is not pure.
        subprocess.CalledProcessError: pex does not take it.
    """
    code, wheels, made = scratch / "code", scratch / "wheels", scratch / "made.pex"
    wheels.mkdir()
    for path, file in program.sources.items():
        (code / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, code / path)
    for wheel in program.wheels:
        shutil.copyfile(wheel, wheels / wheel.name)
    command = [
        *(sys.executable, "-P", "-m", "pex", *map(requirement, program.wheels), "--pre-resolved-dists", str(wheels)),
        *("--sources-directory", str(code), "--entry-point", program.entry, "--no-compile"),
        *("--python-shebang", archive.SHEBANG.decode().removeprefix("#!").strip(), "--output-file", str(made)),
    ]
    environment = {
        "HOME": str(scratch),
        "PATH": "/nonexistent",  # pex looks for other interpreters there
        "PEX_ROOT": str(scratch / "root"),
        "PYTHONPATH": str(Path(pex.__file__).parents[1]),
    }
    subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    members = archive.read(made)
    members["__pex_main__.py"] = members["__main__.py"]
    members["__main__.py"] = fast_start(program)
    archive.write(out, members)


def main(request: dict[str, Any]) -> None:
    """Takes {program, entry, sources, wheels, out}."""
    sources = {path: Path(file) for path, file in request["sources"].items()}
    program = Program(request["program"], request["entry"], sources, [Path(wheel) for wheel in request["wheels"]])
    with tempfile.TemporaryDirectory() as scratch:
        build(program, Path(request["out"]), Path(scratch))
