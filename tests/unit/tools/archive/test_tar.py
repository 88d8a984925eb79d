import io
import tarfile

import pytest

from tools.archive import gzip, tar


def archive(entries: list[tar.Entry]) -> bytes:
    out = io.BytesIO()
    tar.write(entries, out)
    return out.getvalue()


ENTRIES = [
    tar.Entry("b/run", mode=0o755, data=b"#!/bin/sh\n"),
    tar.directory("b"),
    tar.Entry("a", "symlink", 0o777, link="b/run"),
    tar.Entry("c", "hardlink", 0o755, link="b/run"),
    tar.Entry("long/" + "n" * 300, data=b"x" * 513),
    tar.Entry("owned", data=b"1", uid=1000, gid=1001),
]


def test_the_order_of_entries_does_not_matter() -> None:
    assert archive(ENTRIES) == archive(ENTRIES[::-1])


def test_entries_come_back_as_they_were_written() -> None:
    assert tar.read(io.BytesIO(archive(ENTRIES))) == sorted(ENTRIES, key=lambda entry: entry.path)


def test_every_member_has_the_one_time() -> None:
    with tarfile.open(fileobj=io.BytesIO(archive(ENTRIES))) as members:
        assert {member.mtime for member in members} == {tar.MTIME}


def test_a_path_that_stands_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="a: twice"):
        archive([tar.Entry("a"), tar.Entry("a", data=b"other")])


def test_gzip_has_neither_name_nor_time_and_can_be_read() -> None:
    out = io.BytesIO()
    with gzip.Writer(out) as writer:
        tar.write(ENTRIES, writer)
    assert out.getvalue()[:10] == b"\x1f\x8b\x08" + bytes(6) + b"\xff"
    assert tar.read(io.BytesIO(out.getvalue())) == tar.read(io.BytesIO(archive(ENTRIES)))
