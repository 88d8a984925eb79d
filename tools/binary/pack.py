"""Joins head, program and runtime into one executable. All that is stamped of it is the version.json put in here."""

import hashlib
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.archive import gzip, tar
from tools.binary.description import Description

# The head is filled up to this many bytes, so that its numbers do not depend on how long they are.
HEAD_SIZE = 12 * 1024

_DIGEST_LENGTH = 32  # of the 64 digits: in the name of a folder, and so in every path of the runtime
_FIELD = re.compile(r"@([A-Z_]+)@")


@dataclass(frozen=True, slots=True)
class Program:
    """What is packed: `name` as the head's messages say it, `entry` the `module:function` to run, and its files."""

    name: str
    entry: str
    entries: list[tar.Entry]


def executable(
    head: str, program: Program, files: Mapping[str, bytes], runtime: Description, runtime_archive: bytes
) -> bytes:
    """Returns the bytes of the executable; `files`, by their path below the import root, come to those of the program.

    Raises:
        ValueError: the template `head` has a field that nothing fills, or is too long.
    """
    program_archive = _archive([*program.entries, *(tar.Entry(path, data=files[path]) for path in sorted(files))])
    fields = {
        "NAME": program.name,
        "ENTRY": program.entry,
        "ARCHITECTURE": runtime.architecture,
        "LIBRARIES": runtime.libraries,
        "LOADER": runtime.loader,
        "PROGRAM_DIGEST": hashlib.sha256(program_archive).hexdigest()[:_DIGEST_LENGTH],
        "RUNTIME_DIGEST": runtime.digest[:_DIGEST_LENGTH],
        "PROGRAM_START": str(HEAD_SIZE + 1),
        "PROGRAM_SIZE": str(len(program_archive)),
        "RUNTIME_START": str(HEAD_SIZE + len(program_archive) + 1),
        "RUNTIME_SIZE": str(len(runtime_archive)),
        "SIZE": str(HEAD_SIZE + len(program_archive) + len(runtime_archive)),
    }
    return _fill(head, fields) + program_archive + runtime_archive


def _archive(entries: list[tar.Entry]) -> bytes:
    archive = io.BytesIO()
    with gzip.Writer(archive) as out:
        tar.write(entries, out)
    return archive.getvalue()


def _fill(head: str, fields: dict[str, str]) -> bytes:
    unknown = {name for name in _FIELD.findall(head) if name not in fields}
    if unknown:
        raise ValueError(f"the head has fields that nothing fills: {', '.join(sorted(unknown))}")
    filled = _FIELD.sub(lambda field: fields[field[1]], head).encode()
    if len(filled) > HEAD_SIZE:
        raise ValueError(f"the head has {len(filled)} bytes, more than {HEAD_SIZE}")
    return filled.ljust(HEAD_SIZE, b"\n")


def main(request: dict[str, Any]) -> None:
    """Takes {program, entry, compiled, files, head, runtime, description, output}."""
    with Path(request["compiled"]).open("rb") as file:
        program = Program(request["program"], request["entry"], tar.read(file))
    runtime = Description.parse(Path(request["description"]).read_text())
    files = {path: Path(file).read_bytes() for path, file in request["files"].items()}
    output = Path(request["output"])
    output.write_bytes(
        executable(Path(request["head"]).read_text(), program, files, runtime, Path(request["runtime"]).read_bytes())
    )
    output.chmod(0o755)
