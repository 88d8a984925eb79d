"""A small Debian archive made up for tests: packages, their index, a release file, and a mirror that has them.

Its signature is not one: `gpgv` here takes any text for signed. Real signatures are test_release_file.py's.
"""

import hashlib
import io
import lzma
import subprocess
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tools.debian.errors import NotFoundError
from tools.debian.suite import Archive, Suite

SUITE = Suite("trixie", ("amd64",), (Archive("debian", ("trixie",), ()),), ("images/app/image.json",))
ROOT = "http://mirror.example/debian/"


def deb(scripts: Mapping[str, str] | None = None, salt: str = "") -> bytes:
    """A .deb with these maintainer scripts."""
    control = _tar({"./control": salt, **{f"./{name}": text for name, text in (scripts or {}).items()}})
    members = {"debian-binary": b"2.0\n", "control.tar.xz": lzma.compress(control), "data.tar.xz": b"x"}
    body = b"".join(
        f"{name:<16}{0:<12}{0:<6}{0:<6}{100644:<8}{len(data):<10}`\n".encode() + data + b"\n" * (len(data) % 2)
        for name, data in members.items()
    )
    return b"!<arch>\n" + body


def _tar(files: Mapping[str, str]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, text in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(text.encode())
            archive.addfile(entry, io.BytesIO(text.encode()))
    return buffer.getvalue()


def stanza(name: str, version: str = "1", content: bytes = b"", **fields: str) -> str:
    """One package in an index; `fields` with `_` for `-`."""
    own = {
        "Package": name,
        "Version": version,
        "Filename": f"pool/{name}_{version}.deb",
        "Size": str(len(content)),
        "SHA256": hashlib.sha256(content).hexdigest(),
        "Description": f"{name}\n with a second: line",
    }
    named = {key.replace("_", "-"): value for key, value in fields.items()}
    return "".join(f"{key}: {value}\n" for key, value in {**own, **named}.items())


@dataclass
class Mirror:
    """Files by address, and which of them were asked for."""

    files: dict[str, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def publish(self, packages: Mapping[str, tuple[str, bytes]], date: str = "Sat, 21 Nov 2026 02:10:46 UTC") -> None:
        """Makes the archive hold exactly these: name -> version, .deb; nothing depends on anything."""
        self.files.clear()
        index = "\n".join(stanza(name, version, content) for name, (version, content) in packages.items())
        for name, (version, content) in packages.items():
            self.files[f"{ROOT}pool/{name}_{version}.deb"] = content
        compressed = lzma.compress(index.encode())
        digest = hashlib.sha256(compressed).hexdigest()
        release = f"Codename: trixie\nDate: {date}\nSHA256:\n {digest} 1 main/binary-amd64/Packages.xz\n"
        self.files[f"{ROOT}dists/trixie/InRelease"] = b"-----BEGIN PGP SIGNED MESSAGE-----\n" + release.encode()
        self.files[f"{ROOT}dists/trixie/main/binary-amd64/by-hash/SHA256/{digest}"] = compressed

    def __call__(self, url: str, /) -> bytes:
        self.asked.append(url)
        if url not in self.files:
            raise NotFoundError(f"{url}: 404 Not Found")
        return self.files[url]


def gpgv(command: Sequence[str]) -> subprocess.CompletedProcess[bytes]:
    """Takes any text for signed; there is no other program."""
    if command[0] != "gpgv":
        return subprocess.CompletedProcess(command, 127, b"", b"")
    _, text = Path(command[-1]).read_bytes().split(b"\n", 1)
    Path(command[command.index("--output") + 1]).write_bytes(text)
    return subprocess.CompletedProcess(command, 0, b"[GNUPG:] GOODSIG 0 someone\n", b"")
