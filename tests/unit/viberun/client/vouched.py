"""Channels of builds that their release workflow signed, with an instance of Sigstore that is known to no other."""

from __future__ import annotations

import hashlib
import json
import ssl
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from ipaddress import IPv4Address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from tests.sigstore.claims import Claims, claims
from tests.sigstore.instance import Instance
from tests.sigstore.signing import sign
from tests.unit.viberun.client.hosts import Host, build_at, release
from tests.unit.viberun.client.web import serving
from tests.unit.viberun.installed import BUILD, run
from viberun.build import Build
from viberun.client.download.fetch import Fetcher, NotThereError
from viberun.client.download.resolver import Place, place
from viberun.manifest import Manifest
from viberun.version import Version

INSTANCE = Instance()
ROOT = json.dumps(INSTANCE.trusted_root())
NUMBER = "900100200"

MIRROR = "https://mirror.example.org"
CLIENT = replace(BUILD, repository_id=NUMBER)
NEWER = replace(build_at(30), repository_id=NUMBER)
PROD = replace(CLIENT, version=Version.prod("1.2.3"), channel="prod")


def job(manifest: Manifest, **varied: str) -> Claims:
    """The run of the release workflow that makes this build, but for what is `varied`."""
    build = manifest.build
    ref = "refs/heads/main" if build.channel == "dev" else f"refs/tags/{build.version.git}"
    return claims(**{"repository": str(build.repository), "ref": ref, "sha": build.commit, **varied})


def certificate(folder: Path) -> tuple[Path, ssl.SSLContext]:
    """A certificate for 127.0.0.1, which who names it in SSL_CERT_FILE trusts, and what a server shows it by."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "tests")])
    now, day = datetime.now(timezone.utc), timedelta(days=1)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now - day, now + day)
    for extension in (
        x509.BasicConstraints(ca=True, path_length=0),
        x509.KeyUsage(True, False, False, False, False, True, False, False, False),
        x509.SubjectKeyIdentifier.from_public_key(key.public_key()),
        x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]),
    ):
        builder = builder.add_extension(
            extension, critical=isinstance(extension, (x509.BasicConstraints, x509.KeyUsage))
        )
    shown, private = folder / "certificate.pem", folder / "key.pem"
    shown.write_bytes(builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM))
    private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(shown, private)
    return shown, context


def signature(manifest: Manifest, of: Claims | None = None, instance: Instance = INSTANCE) -> bytes:
    """What stands beside the manifest: one signature over it and its files, of just now."""
    subjects = {file.name: file.sha256 for file in manifest.files}
    subjects[manifest.name] = hashlib.sha256(manifest.to_json().encode()).hexdigest()
    statement = {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": name, "digest": {"sha256": digest}} for name, digest in subjects.items()],
        "predicateType": "https://slsa.dev/provenance/v1",
        "predicate": {"buildDefinition": {}, "runDetails": {}},
    }
    return sign(instance, json.dumps(statement).encode(), of or job(manifest))


@dataclass(frozen=True)
class Pages(Fetcher):
    """What stands at addresses, whatever they are."""

    pages: Mapping[str, bytes] = field(default_factory=dict)

    def get(self, address: str, limit: int) -> bytes:
        if address not in self.pages:
            raise NotThereError(f"{address} is not there")
        return self.pages[address][: limit + 1]


def manifest(build: Build = CLIENT) -> Manifest:
    return Manifest(build, "", (), {})


def pages(build: Build = CLIENT, by: bytes | None = b"", base: str = MIRROR) -> dict[str, bytes]:
    """A channel that stands at a build, signed as it should be, by another signature, or (None) by none."""
    made = manifest(build)
    text = made.to_json().encode()
    there = {f"{base}/channel.json": text, f"{base}/{made.name}": text}
    if by is not None:
        there[f"{base}/{made.signature_name}"] = by or signature(made)
    return there


def at(
    client: Build = CLIENT, wanted: str = "dev", base: str | None = MIRROR, root: str = ROOT, **environ: str
) -> Place:
    """Where a client looks that knows the tests' own Sigstore."""
    environ = {**environ, **({"VIBERUN_CHANNEL_URL": base} if base else {})}
    found = place(client, environ, wanted)
    return replace(found, trust=replace(found.trust, root=lambda: root))


def signed_channel(folder: Path, build: Build = CLIENT, of: Callable[[Manifest], Claims] = job) -> dict[str, bytes]:
    """A channel that stands at a build, signed by the job that `of` says."""
    made = release(folder / build.version.oci, build)
    pages = {f"/{file.name}": file.read_bytes() for file in (folder / build.version.oci).iterdir()}
    return {**pages, f"/{made.signature_name}": signature(made, of(made))}


@dataclass(frozen=True)
class Mirrored:
    """Runs clients with a mirror over https, and a host: of this build, of a newer one, and one that knows no number."""

    host: Host
    clients: dict[str, Path]
    certificate: Path
    tls: ssl.SSLContext

    def __call__(
        self, pages: Mapping[str, bytes], *arguments: str, client: str = "now"
    ) -> subprocess.CompletedProcess[str]:
        with serving(pages, self.tls) as web:
            environ = {"VIBERUN_CHANNEL_URL": web.url, "SSL_CERT_FILE": str(self.certificate), **self.host.environ}
            return run(self.clients[client], *arguments, env=environ, stdin=subprocess.DEVNULL)

    def setup(self, pages: Mapping[str, bytes], client: str = "now") -> subprocess.CompletedProcess[str]:
        return self(pages, "setup", "me@box", "--yes", client=client)
