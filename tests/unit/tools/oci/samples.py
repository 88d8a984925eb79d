"""Declarations, layers, installed packages and a build, for tests of what is made from them."""

import json
from pathlib import Path
from typing import Any

from tests.unit.tools.oci.packages import deb
from tools.archive.tar import Entry, directory
from tools.oci.layer import layer
from tools.oci.layer.plan import Plan
from tools.oci.model import control, declaration
from tools.oci.model.installed import Installed
from tools.oci.model.metadata import ControlFile, Metadata, Package
from viberun.build import Build
from viberun.version import Version

COMMIT = "0123456789" * 4
BUILD = Build(Version.dev(1769344245, COMMIT, dirty=False), "dev", COMMIT, "2026-01-25T12:30:45Z", "owner/name")


def package(name: str, conffiles: dict[str, str] | None = None, extra: str = "", **files: str) -> Package:
    text = f"Package: {name}\nVersion: 1:2.0+b1\nArchitecture: amd64\n{extra}Description: a {name}\n and more\n"
    return Package(
        control=control.parse(text),
        control_files={key: ControlFile(0o755 if key == "postinst" else 0o644, value) for key, value in files.items()},
        paths=("/.", "/usr", f"/usr/{name}"),
        sha256="0" * 64,
        conffiles=conffiles or {},
    )


def installed(
    *packages: Package, contents: dict[str, str] | None = None, paths: tuple[str, ...] = (), architecture: str = "amd64"
) -> Installed:
    """Packages, with files that have contents, and paths that merely exist."""
    texts = contents or {}
    entries = [Entry(path) for path in (*texts, *paths)] + [directory("usr")]
    return Installed(
        architecture=architecture,
        entries={entry.path: entry for entry in entries},
        contents={path: text.encode() for path, text in texts.items()},
        packages=packages,
        components=(),
        libraries={},
        mtime=0,
    )


def texts(entries: list[Entry]) -> dict[str, str]:
    """Contents of the files and targets of the links, by path."""
    return {e.path: f"-> {e.link}" if e.kind == "symlink" else bytes(e.data).decode() for e in entries}


def declared(**parts: Any) -> declaration.Declaration:
    document = {
        "name": "i",
        "title": "t",
        "description": "d",
        "layers": [{"name": "base", "packages": ["one"]}],
        "config": {"user": "u", "workdir": "/", "env": {}, "entrypoint": []},
    }
    return declaration.parse(json.dumps(document | parts))


def packed(tmp_path: Path, name: str, *entries: Entry) -> Metadata:
    plan = Plan(name, declaration.Documentation(), (), ())
    return layer.make(plan, "amd64", iter([deb(name, entries)]), {}, tmp_path, tmp_path / name)
