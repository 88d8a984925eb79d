"""Makes .deb files for tests, as dpkg-deb does."""

import io
import lzma
import tarfile
from collections.abc import Iterable

from tools.archive.tar import Entry

MTIME = 1_700_000_000
_TYPES = {
    "file": tarfile.REGTYPE,
    "directory": tarfile.DIRTYPE,
    "symlink": tarfile.SYMTYPE,
    "hardlink": tarfile.LNKTYPE,
}


def deb(name: str, entries: Iterable[Entry] = (), version: str = "1.0", mtime: int = MTIME, **files: str) -> bytes:
    """A package; `files` are further control files (conffiles, triggers, postinst)."""
    fields = files.pop("fields", "")
    control = f"Package: {name}\nVersion: {version}\nArchitecture: amd64\nMaintainer: A <a@example.org>\n"
    control += f"{fields}Description: d\n long\n"
    controls = [Entry("control", data=control.encode())]
    controls += [
        Entry(key, mode=0o755 if key == "postinst" else 0o644, data=text.encode()) for key, text in files.items()
    ]
    root = [Entry("", "directory", 0o755)]
    return _ar(
        {
            "debian-binary": b"2.0\n",
            "control.tar.xz": lzma.compress(_tar([*root, *controls], mtime)),
            "data.tar.xz": lzma.compress(_tar([*root, *entries], mtime)),
        }
    )


def _ar(members: dict[str, bytes]) -> bytes:
    content = b"!<arch>\n"
    for name, data in members.items():
        content += b"%-16s%-12d%-6d%-6d%-8s%-10d`\n" % (name.encode(), 0, 0, 0, b"100644", len(data))
        content += data + b"\n" * (len(data) % 2)
    return content


def _tar(entries: Iterable[Entry], mtime: int) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for entry in entries:
            member = tarfile.TarInfo(f"./{entry.path}")
            member.type, member.mode, member.mtime = _TYPES[entry.kind], entry.mode, mtime
            member.linkname = f"./{entry.link}" if entry.kind == "hardlink" else entry.link
            member.uid, member.gid = entry.uid, entry.gid
            member.size = len(entry.data) if entry.kind == "file" else 0
            archive.addfile(member, io.BytesIO(bytes(entry.data)))
    return out.getvalue()
