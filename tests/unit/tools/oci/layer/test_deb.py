import pytest

from tests.unit.tools.oci.packages import MTIME, deb
from tools.archive.tar import Entry, directory
from tools.oci.layer import deb as reader


def test_a_package_is_read() -> None:
    package = reader.read(
        deb("one", [directory("usr"), Entry("usr/file", mode=0o755, data=b"content")], postinst="#!/bin/sh\n")
    )
    assert package.name == "one"
    assert package.control["Description"] == "d\n long"
    assert [(m.entry.path, bytes(m.entry.data), m.mtime) for m in package.members()] == [
        ("", b"", MTIME),
        ("usr", b"", MTIME),
        ("usr/file", b"content", MTIME),
    ]
    assert package.control_files["postinst"].mode == 0o755


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"something else", "no binary package"),
        (deb("one").replace(b"2.0\n", b"3.0\n", 1), "format 2.0"),
        (deb("one").replace(b"data.tar.xz", b"data.tar.br", 1), "compression"),
        (deb("one").replace(b"data.tar.xz", b"data.xxx.xz", 1).replace(b"data.xxx", b"else.tar"), "damaged"),
    ],
)
def test_what_is_no_package_is_refused(content: bytes, message: str) -> None:
    with pytest.raises(reader.DebError, match=message):
        reader.read(content)
