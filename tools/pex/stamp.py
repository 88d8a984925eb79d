"""Puts version.json, and what else changes with no code, into a PEX: the cheap step, run for every commit.

PEX unpacks itself under a hash of its content that it was given when it was built (`pex_hash` and `code_hash` in PEX-INFO,
the first in its start as well) and never looks again. So each of these hashes is made anew, or two versions would share
what the first of them unpacked.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tools.pex import archive

_HASHES = ("pex_hash", "code_hash")
_HOLDERS = ("PEX-INFO", "__pex_main__.py", "__pex__/__init__.py")


def rehash(members: Mapping[str, bytes], salt: bytes) -> dict[str, bytes]:
    """Returns `members` with each of PEX's content hashes replaced by one (SHA-1, as PEX's are) that depends on `salt` too.

    Raises:
        ValueError: the hashes are not where this version of PEX puts them.
    """
    info = json.loads(members["PEX-INFO"])
    result = dict(members)
    for key in _HASHES:
        old = info[key].encode()
        new = hashlib.sha1(old + salt).hexdigest().encode()
        for holder in _HOLDERS:
            result[holder] = result[holder].replace(old, new)
    missing = [holder for holder in _HOLDERS if result[holder] == members[holder]]
    if missing:
        raise ValueError(f"PEX's hash is not in {', '.join(missing)}: this pex is laid out in another way")
    return result


def stamp(pex: Path, files: Mapping[str, bytes], out: Path) -> None:
    """Writes `pex` with `files`, by their path inside it, to `out`."""
    salt = b"".join(files[path] for path in sorted(files))
    archive.write(out, rehash(archive.read(pex), salt) | dict(files))


def main(request: dict[str, Any]) -> None:
    """Takes {pex, files, out}."""
    files = {path: Path(file).read_bytes() for path, file in request["files"].items()}
    stamp(Path(request["pex"]), files, Path(request["out"]))
