import gzip
import hashlib
import io
import json
import zipfile
from pathlib import Path

import pytest

from tests.unit.tools.oci.packages import MTIME, deb
from tools.archive import tar
from tools.archive.tar import Entry, directory
from tools.oci.layer import layer
from tools.oci.layer.plan import Plan
from tools.oci.model import declaration, metadata
from tools.oci.model.metadata import Metadata
from tools.oci.model.rootfs import ConflictError

PLAN = Plan("base", declaration.Documentation(exclude=("/usr/share/man/*",)), (), ())
USR = [directory("usr"), directory("usr/bin")]


def make(tmp_path: Path, *packages: bytes, plan: Plan = PLAN, archives: dict[str, Path] | None = None) -> Metadata:
    library = tmp_path / "library"
    return layer.make(plan, "amd64", iter(packages), archives or {}, library, tmp_path / "blob")


def members(tmp_path: Path) -> dict[str, Entry]:
    return {m.entry.path: m.entry for m in tar.members(gzip.decompress((tmp_path / "blob").read_bytes()))}


def test_the_packages_files_are_in_the_layer_and_in_its_metadata(tmp_path: Path) -> None:
    one = deb("one", [*USR, Entry("usr/bin/one", mode=0o755, data=b"1"), Entry("usr/share/man/man1/one.1")])
    two = deb("two", [*USR, Entry("usr/bin/two", "symlink", 0o777, link="one")], mtime=MTIME + 5)
    made = make(tmp_path, two, one)
    found = members(tmp_path)
    assert {path: (e.kind, e.mode, bytes(e.data), e.link) for path, e in found.items()} == {
        "usr": ("directory", 0o755, b"", ""),
        "usr/bin": ("directory", 0o755, b"", ""),
        "usr/bin/one": ("file", 0o755, b"1", ""),
        "usr/bin/two": ("symlink", 0o777, b"", "one"),
    }
    assert {e.path for e in made.entries} == found.keys()
    assert [package.name for package in made.packages] == ["one", "two"]
    assert made.mtime == MTIME + 5


def test_the_digests_are_of_the_blob_and_of_the_archive_in_it(tmp_path: Path) -> None:
    made = make(tmp_path, deb("one", [Entry("file", data=b"x" * 100_000)])).blob
    content = (tmp_path / "blob").read_bytes()
    assert made.digest == f"sha256:{hashlib.sha256(content).hexdigest()}"
    assert made.diff_id == f"sha256:{hashlib.sha256(gzip.decompress(content)).hexdigest()}"
    assert (made.size, made.unpacked) == (len(content), len(gzip.decompress(content)))


def test_the_order_of_the_packages_does_not_matter(tmp_path: Path) -> None:
    packages = [deb(name, [*USR, Entry(f"usr/bin/{name}", data=name.encode())]) for name in ("one", "two", "three")]
    assert make(tmp_path, *packages) == make(tmp_path, *reversed(packages))


def test_paths_of_an_unmerged_package_move_into_usr(tmp_path: Path) -> None:
    entries = [
        directory("lib"),
        Entry("lib/libold.so", data=b"1"),
        Entry("lib/libolder.so", "hardlink", link="lib/libold.so"),
    ]
    made = make(tmp_path, deb("old", entries), deb("base-files", [Entry("lib", "symlink", 0o777, link="usr/lib")]))
    found = members(tmp_path)
    assert found["lib"].link == "usr/lib"
    assert found["usr/lib/libolder.so"].link == "usr/lib/libold.so"
    # dpkg keeps the path as it was packed.
    assert made.packages[1].paths == ("/.", "/lib", "/lib/libold.so", "/lib/libolder.so")


def test_two_packages_with_one_path_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConflictError, match=r"/file: one has a file.*two has a file"):
        make(tmp_path, deb("one", [Entry("file", data=b"1")]), deb("two", [Entry("file", data=b"2")]))


def test_folders_that_a_maintainer_script_replaces_become_its_links(tmp_path: Path) -> None:
    make(tmp_path, deb("base-files", [directory("var"), directory("var/run"), directory("var/lock")]))
    found = members(tmp_path)
    assert (found["var/run"].link, found["var/lock"].link) == ("/run", "/run/lock")


def test_permissions_are_set_where_the_layer_has_the_path(tmp_path: Path) -> None:
    permissions = (
        declaration.Permission("/usr/bin/agent", "2755", 0, 101),
        declaration.Permission("/usr/bin/elsewhere", "4755"),
    )
    plan = Plan("base", declaration.Documentation(), permissions, ())
    make(tmp_path, deb("one", [*USR, Entry("usr/bin/agent", mode=0o755)]), plan=plan)
    agent = members(tmp_path)["usr/bin/agent"]
    assert (agent.mode, agent.uid, agent.gid) == (0o2755, 0, 101)
    assert "usr/bin/elsewhere" not in members(tmp_path)


def test_configuration_files_are_known_by_their_md5(tmp_path: Path) -> None:
    package = deb(
        "one",
        [directory("etc"), Entry("etc/one.conf", data=b"a=1\n")],
        conffiles="/etc/one.conf\nremove-on-upgrade /etc/old\n",
    )
    assert make(tmp_path, package).packages[0].conffiles == {"/etc/one.conf": hashlib.md5(b"a=1\n").hexdigest()}


def test_a_tree_comes_out_of_an_archive(tmp_path: Path) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, mode in (("dist/npm/bin/run", 0o755), ("dist/npm/docs/page", 0o644), ("dist/other", 0o644)):
            member = zipfile.ZipInfo(name)
            member.external_attr = mode << 16
            archive.writestr(member, name)
        archive.writestr("dist/npm/package.json", json.dumps({"version": "9.8.7"}))
    (tmp_path / "archive").write_bytes(out.getvalue())
    tree = declaration.ZippedFolder(
        "npm", "/usr/lib/npm", "dist/npm", "package.json", "pkg:npm/npm@{version}", ("docs/*",)
    )
    plan = Plan("node", declaration.Documentation(), (), (tree,))
    made = make(tmp_path, plan=plan, archives={"npm": tmp_path / "archive"})
    found = {path: e.mode for path, e in members(tmp_path).items() if e.kind == "file"}
    assert found == {"usr/lib/npm/bin/run": 0o755, "usr/lib/npm/package.json": 0o644}
    assert made.components == (metadata.Component("npm", "9.8.7", "pkg:npm/npm@9.8.7"),)


def test_metadata_comes_back_as_it_was_written(tmp_path: Path) -> None:
    package = deb("one", [Entry("usr/share/base-passwd/x", data=bytes(range(256)))], postinst="#!/bin/sh\n")
    made = make(tmp_path, package)
    made.write(tmp_path / "metadata.json")
    assert metadata.read(tmp_path / "metadata.json") == made
    assert made.contents["usr/share/base-passwd/x"] == bytes(range(256))
