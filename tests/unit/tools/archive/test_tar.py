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


def test_the_standard_library_reads_the_same() -> None:
    links = [
        tar.Entry("d/" + "l" * 120, "symlink", 0o777, link="t" * 150),
        tar.Entry("x" * 90 + "/" + "y" * 99, data=b"1"),
    ]
    entries = sorted([*ENTRIES, *links], key=lambda entry: entry.path)
    with tarfile.open(fileobj=io.BytesIO(archive(entries))) as members:
        found = [(m.name, m.mode, m.linkname, m.uid, m.gid, m.size) for m in members]
    sizes = [len(e.data) if e.kind == "file" else 0 for e in entries]
    assert found == [(e.path, e.mode, e.link, e.uid, e.gid, size) for e, size in zip(entries, sizes, strict=True)]


@pytest.mark.parametrize("format_", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT])
def test_what_other_programs_write_is_read(format_: int) -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=format_) as writer:
        for name, kind in (("./a/", tarfile.DIRTYPE), ("./" + "n" * 200, tarfile.SYMTYPE), ("./f", tarfile.REGTYPE)):
            member = tarfile.TarInfo(name)
            member.type, member.mtime, member.linkname = kind, 1234, "t" * 130 if kind == tarfile.SYMTYPE else ""
            member.size = 3 if kind == tarfile.REGTYPE else 0
            writer.addfile(member, io.BytesIO(b"abc"))
    members = list(tar.members(out.getvalue()))
    assert [(m.entry.path, m.entry.kind, bytes(m.entry.data), m.entry.link, m.mtime) for m in members] == [
        ("a", "directory", b"", "", 1234),
        ("n" * 200, "symlink", b"", "t" * 130, 1234),
        ("f", "file", b"abc", "", 1234),
    ]


def test_a_device_and_an_archive_that_ends_early_are_refused() -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as writer:
        device = tarfile.TarInfo("null")
        device.type = tarfile.CHRTYPE
        writer.addfile(device)
    with pytest.raises(tar.TarError, match="null"):
        list(tar.members(out.getvalue()))
    with pytest.raises(tar.TarError, match="ends early"):
        list(tar.members(archive([tar.Entry("f", data=b"x" * 1000)])[:1024]))
    with pytest.raises(tar.TarError, match="no tar archive"):
        list(tar.members(b"nonsense " * 200))


def test_the_folders_above_entries_are_had_once_each_and_without_the_root() -> None:
    found = tar.parents([tar.Entry("a/b/c"), tar.Entry("a/d"), tar.Entry("e")])
    assert sorted(found, key=lambda entry: entry.path) == [tar.directory("a"), tar.directory("a/b")]
