import gzip
from pathlib import Path

import pytest

from tests.unit.tools.elf.elf_files import library
from tests.unit.tools.oci.samples import declared, packed
from tools.archive import tar
from tools.archive.tar import Entry, directory
from tools.oci.configuration import configuration
from tools.oci.configuration.configuration import DebianRelease
from tools.oci.model import declaration, installed
from tools.oci.model.metadata import Metadata
from tools.oci.model.privileges import PrivilegeError
from tools.oci.model.rootfs import ConflictError

RELEASE = DebianRelease("trixie", "20260125T123045Z")


def configured(tmp_path: Path, image: declaration.Declaration, *layers: Metadata) -> dict[str, Entry]:
    configuration.make(image, installed.merge(layers), RELEASE, tmp_path / "blob")
    return {m.entry.path: m.entry for m in tar.members(gzip.decompress((tmp_path / "blob").read_bytes()))}


def test_what_is_declared_is_there_with_its_parents(tmp_path: Path) -> None:
    image = declared(
        directories=[{"path": "/home/u", "mode": "0750", "uid": 5, "gid": 6}],
        links=[{"path": "/opt/l", "target": "../there"}],
        texts=[{"path": "/etc/t", "lines": ["a", "b"]}],
    )
    found = configured(tmp_path, image, packed(tmp_path, "base", directory("etc")))
    assert (found["home/u"].mode, found["home/u"].uid, found["home/u"].gid) == (0o750, 5, 6)
    assert found["opt/l"].link == "../there"
    assert bytes(found["etc/t"].data) == b"a\nb\n"
    assert found["home"].kind == "directory"


def test_parents_keep_the_rights_that_they_have_below(tmp_path: Path) -> None:
    below = packed(tmp_path, "base", Entry("secret", "directory", 0o700, uid=7))
    found = configured(tmp_path, declared(texts=[{"path": "/secret/t", "lines": []}]), below)
    assert (found["secret"].mode, found["secret"].uid) == (0o700, 7)


def test_one_path_in_two_layers_is_refused(tmp_path: Path) -> None:
    layers = [packed(tmp_path, name, Entry("file", data=b"same")) for name in ("one", "two")]
    with pytest.raises(ConflictError, match="/file: stands in two layers"):
        installed.merge(layers)


def test_a_declared_file_in_the_place_of_a_package_s_is_refused(tmp_path: Path) -> None:
    below = packed(tmp_path, "base", directory("etc"), Entry("etc/t"))
    with pytest.raises(ConflictError, match="/etc/t"):
        configured(tmp_path, declared(texts=[{"path": "/etc/t", "lines": []}]), below)


@pytest.mark.parametrize(
    ("listed", "message"),
    [([], "/su: setuid or setgid, and not listed"), (["/su", "/gone"], "/gone: listed, and neither")],
)
def test_rights_of_others_are_only_those_that_are_listed(tmp_path: Path, listed: list[str], message: str) -> None:
    below = packed(tmp_path, "base", Entry("su", mode=0o4755))
    with pytest.raises(PrivilegeError, match=message):
        configured(tmp_path, declared(privileged=listed), below)
    configured(tmp_path, declared(privileged=["/su"]), below)


def test_libraries_of_all_layers_are_in_the_loader_s_cache(tmp_path: Path) -> None:
    layers = [
        packed(tmp_path, name, Entry(f"usr/lib/x86_64-linux-gnu/{soname}", data=library(soname=soname)))
        for name, soname in (("one", "libone.so.1"), ("two", "libtwo.so.2"))
    ]
    cache = bytes(configured(tmp_path, declared(), *layers)["etc/ld.so.cache"].data)
    assert b"/lib/x86_64-linux-gnu/libone.so.1\0" in cache
    assert b"/lib/x86_64-linux-gnu/libtwo.so.2\0" in cache


def test_something_below_another_layer_s_link_is_refused(tmp_path: Path) -> None:
    layers = [
        packed(tmp_path, "one", Entry("opt", "symlink", 0o777, link="srv")),
        packed(tmp_path, "two", Entry("opt/file")),
    ]
    with pytest.raises(ConflictError, match="/opt"):
        installed.merge(layers)
