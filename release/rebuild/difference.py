"""Says what differs between two files: for archives, which members and how."""

import hashlib
import io
import tarfile
import zipfile
from pathlib import Path

# What is known of a member: its mode and time as the archive has them, and the digest of its content or its link's target.
Member = tuple[str, str]


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def members(content: bytes) -> dict[str, Member]:
    """Lists an archive's members (tar, gzip-compressed or not, and zip); empty for any other file, and for a damaged one."""
    try:
        return _zipped(content) if zipfile.is_zipfile(io.BytesIO(content)) else _archived(content)
    except Exception:  # what can be wrong with an archive ends in errors of many modules
        return {}


def _zipped(content: bytes) -> dict[str, Member]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {
            info.filename: (f"{info.external_attr >> 16:o} {info.date_time}", digest(archive.read(info)))
            for info in archive.infolist()
        }


def _archived(content: bytes) -> dict[str, Member]:
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        return {
            info.name: (
                f"{info.mode:o} {info.uid}:{info.gid} {info.mtime}",
                digest(file.read()) if info.isfile() and (file := archive.extractfile(info)) else info.linkname,
            )
            for info in archive
        }


def difference(one: Path, other: Path) -> list[str]:
    """Returns a line for each thing that differs; nothing for files with the same bytes."""
    left, right = one.read_bytes(), other.read_bytes()
    if left == right:
        return []
    before, after = members(left), members(right)
    lines = [
        f"{name}: {before.get(name, 'absent')} / {after.get(name, 'absent')}"
        for name in sorted(before.keys() | after.keys())
        if before.get(name) != after.get(name)
    ]
    return lines or [f"{len(left)} and {len(right)} bytes, sha256 {digest(left)[:12]} / {digest(right)[:12]}"]
