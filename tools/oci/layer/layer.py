"""Makes one layer of an image from Debian packages: unpacks, merges, compresses and digests them in one go.

Runs no program of a package. What depends on several layers (accounts, caches, dpkg's database) is not its business: it hands
on what tools/oci/configuration/configuration.py needs for that.
"""

import fnmatch
import hashlib
import json
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from tools.archive.tar import Entry
from tools.debian.architecture import TRIPLETS
from tools.elf import elf
from tools.oci.layer import bytecode, deb
from tools.oci.layer.plan import Plan
from tools.oci.model import blob, declaration, documentation
from tools.oci.model.metadata import Component, ControlFile, Metadata, Package
from tools.oci.model.rootfs import MERGED, Tree, merged

# libdeflate's. Level 2 would save a twentieth of the size, for a quarter more time in the compressor.
_LEVEL = 1

# What maintainer scripts read of the packages' own files.
_CONFIGURATION_SOURCES = (
    "usr/share/base-files/",
    "usr/share/base-passwd/",
    "usr/share/ca-certificates/",
    "usr/share/debianutils/",
    "usr/share/libc-bin/nsswitch.conf",
    "usr/share/pam-configs/",
    "usr/share/pam/common-",
    "usr/share/readline/inputrc",
)

# base-files ships folders and its maintainer script replaces them.
_REPLACED = {
    "var/run": Entry("var/run", "symlink", 0o777, link="/run"),
    "var/lock": Entry("var/lock", "symlink", 0o777, link="/run/lock"),
}


def make(
    plan: Plan,
    architecture: str,
    packages: Iterator[bytes],
    archives: dict[str, Path],
    library: Path,
    out: Path,
) -> Metadata:
    """Writes the layer's blob to `out` and returns what it holds.

    `packages` are .deb files; `archives` gives each tree's zip archive; `library` is the standard library of the running
    interpreter.

    Raises:
        ConflictError: two packages disagree about a path.
    """
    tree = Tree()
    installed: list[Package] = []
    newest = 0
    left_out = documentation.excludes(plan.documentation)
    for content in packages:
        package = deb.read(content)
        newest = max([newest, *(member.mtime for member in package.members())])
        entries = list(_entries(package))
        for entry in entries:
            if not left_out(entry):
                tree.add(entry, package.name)
        installed.append(_package(package, entries, content))
    components = [_add_tree(tree, folder, archives[folder.name]) for folder in plan.trees]
    for compiled in list(bytecode.compile_all(tree.entries(), newest, library)):
        tree.add(compiled, "bytecode")
    _set_permissions(tree, plan.permissions)
    tree.add_parents()
    entries = tree.packed()
    return Metadata(
        layer=plan.layer,
        architecture=architecture,
        blob=blob.write(entries, newest, out, _LEVEL),
        mtime=newest,
        entries=tuple(replace(entry, data=b"") for entry in entries),
        contents={e.path: bytes(e.data) for e in entries if e.path.startswith(_CONFIGURATION_SOURCES) and e.data},
        packages=tuple(sorted(installed, key=lambda package: package.name)),
        components=tuple(components),
        libraries=_libraries(tree, TRIPLETS[architecture]),
    )


def _entries(package: deb.Deb) -> Iterator[Entry]:
    """Yields the package's entries where they lie with merged /usr; neither the root nor a folder where base-files has a link."""
    for member in package.members():
        entry = member.entry
        if not entry.path or (entry.path in MERGED and entry.kind == "directory"):
            continue
        path = merged(entry.path)
        link = merged(entry.link.removeprefix("./")) if entry.kind == "hardlink" else entry.link
        yield _REPLACED.get(path) or replace(entry, path=path, link=link)


def _package(package: deb.Deb, entries: list[Entry], content: bytes) -> Package:
    files = {entry.path: entry for entry in entries if entry.kind == "file"}
    control_files = {
        name: ControlFile(entry.mode, bytes(entry.data).decode())
        for name, entry in package.control_files.items()
        if name != "control"
    }
    conffiles = {
        line: hashlib.md5(files[merged(line[1:])].data, usedforsecurity=False).hexdigest()
        for line in (control_files["conffiles"].text if "conffiles" in control_files else "").splitlines()
        if line.startswith("/")
    }
    paths = [member.entry.path for member in package.members()]
    return Package(
        control=package.control,
        control_files=control_files,
        paths=tuple(f"/{path}" if path else "/." for path in paths),
        sha256=hashlib.sha256(content).hexdigest(),
        conffiles=conffiles,
    )


def _add_tree(tree: Tree, folder: declaration.ZippedFolder, archive: Path) -> Component:
    prefix = f"{folder.folder}/"
    with zipfile.ZipFile(archive) as members:
        for member in members.infolist():
            path = member.filename.removeprefix(prefix)
            if path == member.filename or member.is_dir() or any(fnmatch.fnmatchcase(path, p) for p in folder.exclude):
                continue
            mode = 0o755 if member.external_attr >> 16 & 0o111 else 0o644
            tree.add(Entry(f"{folder.path[1:]}/{path}", mode=mode, data=members.read(member)), folder.name)
        version = json.loads(members.read(prefix + folder.version_file))["version"]
    return Component(folder.name, version, folder.purl.format(version=version))


def _set_permissions(tree: Tree, permissions: tuple[declaration.Permission, ...]) -> None:
    for permission in permissions:
        entry = tree.get(permission.path[1:])
        if entry is not None:
            changed = replace(entry, mode=int(permission.mode, 8), uid=permission.uid, gid=permission.gid)
            tree.put(changed, "permissions")


def _libraries(tree: Tree, triplet: str) -> dict[str, str]:
    """Shared libraries by soname, as ldconfig would find them with Debian's ld.so.conf."""
    found: dict[str, str] = {}
    for folder in (f"usr/lib/{triplet}", "usr/lib"):
        for entry in sorted(tree, key=lambda entry: entry.path):
            parent, _, name = entry.path.rpartition("/")
            if parent != folder or entry.kind != "file" or ".so" not in name or not name.startswith(("lib", "ld-")):
                continue
            library = elf.read(entry.data)
            if library is not None:
                soname = library.soname or name
                shown = soname if f"{folder}/{soname}" in tree else name
                found.setdefault(soname, f"/{folder.removeprefix('usr/')}/{shown}")
    return found


def main(request: dict[str, Any]) -> None:
    metadata = make(
        plan=declaration.decode(Plan, json.loads(Path(request["plan"]).read_text())),
        architecture=request["architecture"],
        packages=(Path(path).read_bytes() for path in request["packages"]),
        archives={name: Path(path) for name, path in request["archives"].items()},
        library=Path(json.__file__).parent.parent,
        out=Path(request["blob"]),
    )
    metadata.write(Path(request["metadata"]))
