"""What GitHub says of a job of Actions, and what Fulcio writes of it into a certificate."""

from collections.abc import Mapping
from dataclasses import dataclass

from cryptography import x509
from cryptography.x509.oid import ObjectIdentifier

ISSUER = "https://token.actions.githubusercontent.com"
COMMIT = "5a21af2e1e694a81d837e2d095c30b2bda4dce00"
_SERVER = "https://github.com/"
_FULCIO = "1.3.6.1.4.1.57264.1."


@dataclass(frozen=True)
class Claims:
    """A run of a repository's workflow `called` for an `event`; `caller` is another workflow that called it, `signer_commit` the
    commit of its file where that is another one's."""

    repository: str = "acme/viberun"
    number: str = "900100200"
    called: str = ".github/workflows/release.yml"
    caller: str = ""
    ref: str = "refs/heads/main"
    event: str = "push"
    runner: str = "github-hosted"
    commit: str = COMMIT
    signer_commit: str = ""
    issuer: str = ISSUER

    @property
    def signer(self) -> str:
        """Whose certificate it is: the file of the workflow, at its ref."""
        return f"{_SERVER}{self.repository}/{self.called}@{self.ref}"

    def extensions(self) -> list[x509.UnrecognizedExtension]:
        """By https://github.com/sigstore/fulcio/blob/main/docs/oid-info.md: the old ones are plain text, those from 8 on DER."""
        server, owner, file = _SERVER, self.repository.partition("/")[0], self.caller or self.called
        commit = self.signer_commit or self.commit
        plain = [self.issuer, self.event, self.commit, "release", self.repository, self.ref]
        new: Mapping[int, str] = {
            8: self.issuer,
            9: self.signer,
            10: commit,
            11: self.runner,
            12: f"{server}{self.repository}",
            13: self.commit,
            14: self.ref,
            15: self.number,
            16: f"{server}{owner}",
            17: "70080090",
            18: f"{server}{self.repository}/{file}@{self.ref}",
            19: commit,
            20: self.event,
            21: f"{server}{self.repository}/actions/runs/4711/attempts/1",
            22: "public",
        }
        values = {number: text.encode() for number, text in enumerate(plain, 1)}
        values |= {number: der(0x0C, text.encode()) for number, text in new.items()}
        return [
            x509.UnrecognizedExtension(ObjectIdentifier(f"{_FULCIO}{number}"), value)
            for number, value in values.items()
        ]


def der(tag: int, body: bytes) -> bytes:
    """A DER value of less than 65,536 bytes."""
    size = len(body)
    length = bytes([size]) if size < 128 else bytes([0x81, size]) if size < 256 else b"\x82" + size.to_bytes(2)
    return bytes([tag]) + length + body
