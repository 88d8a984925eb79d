"""Whose signature makes a build one to install, and the verdict on one, before anything that it names is downloaded.

No variable and no flag leads past it: a place of this machine alone, a folder or plain http on it, needs no signature, and there
too one that is there must be right.
"""

from __future__ import annotations

import urllib.parse
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timezone

from viberun import embedded, provenance
from viberun.build import Build
from viberun.channel import REPOSITORY
from viberun.client.download.fetch import Fetcher, NotThereError, is_loopback, is_url, shown
from viberun.errors import UsageError, ViberunError
from viberun.manifest import Manifest
from viberun.sigstore.bundle import MOST_BYTES
from viberun.sigstore.errors import SignatureError, UnknownError
from viberun.sigstore.release_workflow import Repository, Signer
from viberun.sigstore.trusted_root import TrustedRoot


class UntrustedError(ViberunError):
    """Nobody who is trusted vouches for a build."""


class TooOldError(UntrustedError):
    """Somebody vouches for a build in a form, or by services of Sigstore's, that this client does not know."""


def _now() -> datetime:
    return datetime.now(timezone.utc)


@dataclass(frozen=True)
class Trust:
    """`repository` is None where this client is of none: then what a place of this machine says of itself counts.

    `root` gives the text of Sigstore's trusted root, `now` the time.
    """

    repository: Repository | None = None
    root: Callable[[], str] = embedded.trusted_root
    now: Callable[[], datetime] = _now

    @classmethod
    def of(cls, build: Build) -> Trust:
        """Trusts the repository that a client's own build is of."""
        return cls(_repository(build))

    def signer(self, manifest: Manifest, content: bytes, address: str, fetch: Fetcher, renewal: str) -> Signer | None:
        """Says who signed the manifest, whose text is `content`, by the signature at `address`; None where it needs none and
        has none. `renewal` is what to do where this client is too old to tell.

        Raises UntrustedError, UsageError where nobody is trusted, and what `fetch` raises.
        """
        needed, version = reason_without(address) is None, manifest.build.version
        trusted = self.repository or (None if needed else _repository(manifest.build))
        if needed and trusted is None:
            raise UsageError(
                "this viberun was built outside a GitHub repository and does not know whose signature counts",
                remedy=f"set {REPOSITORY} to the owner/name of the repository that you trust",
            )
        try:
            signature = fetch.get(address, MOST_BYTES)
        except NotThereError:
            if not needed:
                return None
            raise UntrustedError(
                f"nobody signed the release {version}: {shown(address)} is not there",
                remedy="take a newer one; if there is none in a minute, tell whoever runs the channel",
            ) from None
        try:
            if trusted is None:
                raise SignatureError("it is of no repository")
            return provenance.check(manifest, content, signature, trusted, self._root(), self.now())
        except UnknownError as error:
            raise TooOldError(
                f"the signature of the release {version} is forged, or this viberun too old to know whose it is: {error}",
                remedy=renewal,
            ) from None
        except SignatureError as error:
            raise UntrustedError(
                f"the signature of the release {version} at {shown(address)} is refused: {error}",
                remedy="install nothing from there, and tell whoever runs the channel",
            ) from None

    def _root(self) -> TrustedRoot:
        try:
            return TrustedRoot.parse(self.root())
        except (ValueError, LookupError, TypeError):
            raise ViberunError("the trusted root in this viberun is damaged", remedy="install viberun again") from None


def reason_without(address: str) -> str | None:
    """Why what is at `address` needs no signature; None where it needs one."""
    if not is_url(address):
        return "a folder of this machine"
    parts = urllib.parse.urlsplit(address)
    return "a server of this machine" if parts.scheme == "http" and is_loopback(parts.hostname or "") else None


def _repository(build: Build) -> Repository | None:
    return Repository(build.repository, build.repository_id, build.github) if build.repository else None
