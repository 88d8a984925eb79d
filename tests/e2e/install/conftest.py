"""The install script, the shells that run it, and channels to install from; nothing of the product can be imported here.

The script is given to the shell on standard input, as `curl … | sh` does. Lines in front of it take tools away or put
others in their place: busybox's shell would find its own whatever PATH says.
"""

import datetime
import gzip
import hashlib
import io
import ipaddress
import json
import os
import random
import re
import shutil
import signal
import subprocess
import tarfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.e2e.install.server import Server, serving
from tests.sigstore.editions import signature, signature_name

OLD = "0.0.0-dev.20260101000000+aaaaaaa"
NEW = "0.0.0-dev.20260102000000+bbbbbbb"
NEWEST = "0.0.0-dev.20260103000000+ccccccc"

REPOSITORY = "Some-Owner/viberun"

# A program, argv[0] first, and the arguments that make it a shell.
SHELLS = {
    "dash": ("/usr/bin/dash", "sh"),
    "bash": ("/usr/bin/bash", "sh"),
    "busybox": ("/bin/busybox", "busybox", "sh"),
}

_HIDE = """
command() (
    unset -f command
    case " {} " in *" $2 "*) exit 1 ;; esac
    command "$@"
)
"""


@dataclass(frozen=True)
class Done:
    status: int
    out: str
    error: str

    @property
    def line(self) -> str:
        """The one line that a failure prints, without what curl measures."""
        lines = [line for line in self.error.splitlines() if "downloading" not in line]
        assert len(lines) == 1, self.error
        return re.sub(r" after \d+ ms", "", lines[0])


@dataclass(frozen=True)
class Person:
    """Somebody with a home folder who runs the script under one shell."""

    shell: str
    home: Path
    script: Path
    variables: dict[str, str] = field(default_factory=dict)

    @property
    def bin(self) -> Path:
        return self.home / "bin"

    @property
    def dir(self) -> Path:
        return self.home / "lib"

    @property
    def command(self) -> Path:
        return self.bin / "viberun"

    def start(
        self, *arguments: str, before: str = "", wrap: Sequence[str] = (), **variables: str
    ) -> "subprocess.Popen[str]":
        """`before` is put in front of the script; `wrap` starts the shell."""
        program, *argv = SHELLS[self.shell]
        environment = {
            "HOME": str(self.home),
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "VIBERUN_INSTALL_DIR": str(self.dir),
            "VIBERUN_INSTALL_BIN": str(self.bin),
            "no_proxy": "127.0.0.1",
            **self.variables,
            **variables,
        }
        shell = [*argv, "-s", "--", *arguments]
        process = subprocess.Popen(
            [*wrap, program, *shell[1:]] if wrap else shell,
            executable=None if wrap else program,
            env={name: value for name, value in environment.items() if value},
            cwd=self.home,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            # As from a terminal, though these tests were started by nohup, whose children ignore a hang-up.
            preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL),
        )
        assert process.stdin is not None
        process.stdin.write(before + self.script.read_text())
        process.stdin.close()
        process.stdin = None
        return process

    def run(self, *arguments: str, before: str = "", wrap: Sequence[str] = (), **variables: str) -> Done:
        process = self.start(*arguments, before=before, wrap=wrap, **variables)
        out, error = process.communicate(timeout=120)
        return Done(process.returncode, out, error)

    def install(self, *arguments: str, **variables: str) -> str:
        done = self.run(*arguments, **variables)
        assert done.status == 0, done.error
        return done.out

    def version(self) -> str:
        """What the installed command says that it is; nothing where there is none."""
        if not self.command.exists():
            return ""
        return subprocess.run([self.command, "--version"], capture_output=True, text=True, check=True).stdout.strip()

    def files(self) -> list[str]:
        """Every file of the two folders, without their versions' commits."""
        paths = [path for path in (*self.dir.rglob("*"), *self.bin.rglob("*")) if not path.is_dir()]
        return sorted(str(path.relative_to(self.home)) for path in paths)


def without(*tools: str) -> str:
    """Lines that hide these tools."""
    return _HIDE.format(" ".join(tools))


@dataclass(frozen=True)
class Template:
    """The text of a real channel.json, out of which those of other builds are made."""

    text: str

    @property
    def version(self) -> str:
        return str(json.loads(self.text)["version"])

    def of(self, version: str, client: bytes, channel: str) -> str:
        """The manifest of a build whose clients are all this archive, its files beside it."""
        text = self.text.replace(self.version, version).replace(oci(self.version), oci(version))
        text = re.sub(r'"files_at": "[^"]*"', '"files_at": ""', text)
        text = text.replace('"repository": null', f'"repository": "{REPOSITORY}"')
        text = text.replace('"channel": "dev"', f'"channel": "{channel}"')
        digest = f'"size": {len(client)}, "sha256": "{hashlib.sha256(client).hexdigest()}"'
        return re.sub(r'("kind": "client".*?)"size".*"(?=})', lambda match: match[1] + digest, text)


def oci(version: str) -> str:
    return version.replace("+", "-")


def archive(version: str, program: str = "echo {version}", padding: int = 300_000) -> bytes:
    """A `.tar.gz` with a client that is a few lines of shell, in a file of some size."""
    script = f"#!/bin/sh\n{program.format(version=version)}\nexit\n".encode() + random.Random(version).randbytes(
        padding
    )
    member = tarfile.TarInfo("viberun")
    member.mode, member.size = 0o755, len(script)
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        tar.addfile(member, io.BytesIO(script))
    return gzip.compress(packed.getvalue(), 1, mtime=0)


@dataclass(frozen=True)
class Channel:
    """A folder with the manifests and files of some builds, as a server has them."""

    folder: Path
    template: Template

    def add(self, version: str, content: bytes | None = None, channel: str = "dev", below: str = "") -> None:
        """Adds a build without making it the channel's newest."""
        client = content or archive(version)
        folder = self.folder / below
        folder.mkdir(parents=True, exist_ok=True)
        manifest = self.template.of(version, client, channel)
        for platform in ("linux-amd64", "linux-arm64", "darwin-amd64", "darwin-arm64"):
            (folder / f"viberun-{oci(version)}-{platform}.tar.gz").write_bytes(client)
        (folder / f"viberun-{oci(version)}.json").write_text(manifest)

    def release(self, version: str, content: bytes | None = None, channel: str = "dev", below: str = "") -> None:
        self.add(version, content, channel, below)
        folder = self.folder / below
        shutil.copyfile(folder / f"viberun-{oci(version)}.json", folder / "channel.json")

    def sign(self, version: str, below: str = "", sign: Callable[[bytes], bytes] = signature) -> None:
        """Adds the signature of that build, by the release workflow of REPOSITORY."""
        manifest = (self.folder / below / f"viberun-{oci(version)}.json").read_bytes()
        (self.folder / below / signature_name(manifest)).write_bytes(sign(manifest) + b"\n")


@pytest.fixture(scope="session")
def local() -> Path:
    """A local channel, as the release command makes it."""
    return Path(os.environ["VIBERUN_LOCAL_CHANNEL"]) / "channel"


@pytest.fixture(scope="session")
def released(local: Path) -> Path:
    """The install script of that release."""
    (script,) = (local / "github").glob("install-*.sh")
    return script


@pytest.fixture(params=SHELLS)
def person(request: pytest.FixtureRequest, tmp_path: Path, released: Path) -> Person:
    (tmp_path / "home").mkdir()
    return Person(request.param, tmp_path / "home", released)


@pytest.fixture
def channel(tmp_path: Path, local: Path) -> Channel:
    (tmp_path / "channel").mkdir()
    return Channel(tmp_path / "channel", Template((local / "channel.json").read_text()))


@pytest.fixture
def server(channel: Channel) -> Iterator[Server]:
    with serving(channel.folder) as server:
        yield server


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 with its key, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("certificate") / "both.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(made.public_bytes(serialization.Encoding.PEM) + private)
    return file
