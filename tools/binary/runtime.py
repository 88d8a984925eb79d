"""Packs a runtime: the pinned interpreter with its loader, its libraries and the part of its standard library that is used.

Modules go in compiled alone, without their source, as the interpreter's own tree has them (unchecked-hash pyc, PEP 552).
Of the libraries go in those that something in the runtime needs. Knows nothing of the programs.
"""

import fnmatch
import hashlib
import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.archive import gzip, tar
from tools.binary.description import Description
from tools.debian.architecture import LOADERS, TRIPLETS
from tools.elf import elf

_STANDARD_LIBRARY = "lib/python3.13/"
_COMPILED = ".cpython-313.pyc"
_UNCHECKED_HASH = 0b01  # PEP 552's flags

# Opened by name at run time: no library needs it, but pthread_exit does.
_LOADED_BY_NAME = ("libgcc_s.so.1",)


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Parts of the standard library that no program here uses: paths without suffix, `*` within a name, and why."""

    reason: str
    paths: tuple[str, ...]

    @classmethod
    def parse(cls, text: str) -> list["LeftOut"]:
        return [cls(part["reason"], tuple(part["paths"])) for part in json.loads(text)]

    def match(self, module: str) -> str | None:
        """Returns the path that leaves out `module` ("json/decoder"), itself or a package above it."""
        names = module.split("/")
        above = ["/".join(names[: count + 1]) for count in range(len(names))]
        return next((path for path in self.paths for name in above if _matches(name, path)), None)


def _matches(name: str, pattern: str) -> bool:
    return name.count("/") == pattern.count("/") and fnmatch.fnmatchcase(name, pattern)


def describe(architecture: str, archive: bytes) -> Description:
    """Describes the packed `archive`."""
    libraries = f"lib/{TRIPLETS[architecture]}"
    return Description(
        architecture, hashlib.sha256(archive).hexdigest(), libraries, f"{libraries}/{LOADERS[architecture]}"
    )


def entries(architecture: str, tree: dict[str, Path], left_out: list[LeftOut]) -> list[tar.Entry]:
    """Chooses what a runtime holds from the interpreter's files, given by their path below `usr/`.

    Raises:
        ValueError: a path of `left_out` names nothing; a module is not compiled as it must be; a library is missing,
            or made for another architecture.
    """
    libraries = f"lib/{TRIPLETS[architecture]}/"
    chosen = [
        *_programs(tree),
        *_modules(tree, left_out),
        *(tar.Entry(path, data=file.read_bytes()) for path, file in tree.items() if path.startswith("share/doc/")),
    ]
    sonames = (*_LOADED_BY_NAME, LOADERS[architecture])
    chosen += _libraries(libraries, tree, chosen, sonames)
    for entry in chosen:
        program = elf.read(entry.data)
        if program is not None and program.machine != architecture:
            raise ValueError(f"{entry.path}: not made for {architecture}")
    return [*tar.parents(chosen), *chosen]


def _programs(tree: dict[str, Path]) -> list[tar.Entry]:
    names = ("bin/python3", "bin/python3.13")
    return [tar.Entry(name, mode=0o755, data=tree[name].read_bytes()) for name in names]


def _modules(tree: dict[str, Path], left_out: list[LeftOut]) -> Iterator[tar.Entry]:
    unused = {path for part in left_out for path in part.paths}
    for path, file in sorted(tree.items()):
        module = _module(path)
        if module is None:
            continue
        matches = {match for match in (part.match(module) for part in left_out) if match}
        unused -= matches
        if matches:
            continue
        data = file.read_bytes()
        if path.endswith(_COMPILED):
            if int.from_bytes(data[4:8], "little") != _UNCHECKED_HASH:
                raise ValueError(f"{path}: not compiled with an unchecked hash")
            yield tar.Entry(f"{_STANDARD_LIBRARY}{module}.pyc", data=data)
        else:
            yield tar.Entry(path, data=data)
    if unused:
        raise ValueError(f"left out, but not there to begin with: {', '.join(sorted(unused))}")


def _module(path: str) -> str | None:
    """Returns the name that a file of the standard library goes by in `LeftOut`: without folder of its kind, and suffix."""
    if not path.startswith(_STANDARD_LIBRARY):
        return None
    name = path.removeprefix(_STANDARD_LIBRARY)
    if name.endswith(_COMPILED):
        folder, _, file = name.removesuffix(_COMPILED).rpartition("__pycache__/")
        return folder + file
    if name.endswith(".so"):
        return name.removeprefix("lib-dynload/").partition(".")[0]
    return name if name == "LICENSE.txt" else None


def _libraries(
    folder: str, tree: dict[str, Path], users: Iterable[tar.Entry], sonames: Iterable[str]
) -> list[tar.Entry]:
    """What `users` need, what that needs, and `sonames`; the loader can be run."""
    found: dict[str, tar.Entry] = {}
    wanted = [*sonames, *_needed(users)]
    while wanted:
        soname = wanted.pop()
        if soname in found:
            continue
        if folder + soname not in tree:
            raise ValueError(f"{soname}: needed, but no package of the interpreter has it")
        mode = 0o755 if soname in LOADERS.values() else 0o644
        found[soname] = tar.Entry(folder + soname, mode=mode, data=tree[folder + soname].read_bytes())
        wanted += _needed([found[soname]])
    return list(found.values())


def _needed(entries: Iterable[tar.Entry]) -> list[str]:
    programs = [elf.read(entry.data) for entry in entries]
    return [soname for program in programs if program is not None for soname in program.needed]


def main(request: dict[str, Any]) -> None:
    """Takes {architecture, files, left_out, archive, description}."""
    architecture = request["architecture"]
    tree = {path.rpartition("/root/usr/")[2]: Path(path) for path in request["files"]}
    chosen = entries(architecture, tree, LeftOut.parse(Path(request["left_out"]).read_text()))
    archive = io.BytesIO()
    with gzip.Writer(archive) as out:
        tar.write(chosen, out)
    Path(request["archive"]).write_bytes(archive.getvalue())
    Path(request["description"]).write_text(describe(architecture, archive.getvalue()).to_json())
