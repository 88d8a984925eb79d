"""Reads what a channel holds, over https or from a folder.

Every call has a time limit and tries a bounded number of times. Plain http is for this machine
alone, unless VIBERUN_CHANNEL_INSECURE says otherwise; a redirection changes nothing about that.
Knows nothing of channels, versions or what the bytes mean.
"""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import os
import socket
import ssl
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TypeVar, cast

from viberun.errors import UsageError, ViberunError

_T = TypeVar("_T")

INSECURE = "VIBERUN_CHANNEL_INSECURE"

_CHUNK = 1 << 16
_WORTH_ANOTHER_TRY = (408, 425, 429, 500, 502, 503, 504)
_LONGEST_PAUSE = 10.0  # seconds
# What a whole document, and a whole file, may take: a server that drips is not waited for.
_DOCUMENT_SECONDS = 60.0
_FILE_SECONDS = 1800.0


class FetchError(ViberunError):
    """The other side can't be reached, or answers with what is no use."""


class NotThereError(FetchError):
    """There is nothing under this address."""


class InsecureError(FetchError):
    """Plain http to another machine."""


class DigestMismatchError(FetchError):
    """A file is not the one that the manifest describes."""


class _TransientError(Exception):
    """A failure after which another try may go well; `after` is how many seconds the server asks to wait."""

    def __init__(self, reason: str, after: float = 0.0) -> None:
        super().__init__(reason)
        self.after = after


@dataclass(frozen=True)
class Fetcher:
    """Reads addresses: an http(s) URL, or the path of a file.

    `timeout` is what one answer of the network may take in seconds, `attempts` how often a failure
    that may pass is met with another try, `pause` what waits between them.
    """

    insecure: bool = False
    attempts: int = 4
    timeout: float = 20.0
    pause: Callable[[float], None] = time.sleep

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Fetcher:
        """Returns the fetcher that the environment asks for."""
        return cls(insecure=environ.get(INSECURE) == "1")

    @classmethod
    def hasty(cls, environ: Mapping[str, str]) -> Fetcher:
        """Returns one for what a command can do without: one try that waits little."""
        return cls(insecure=environ.get(INSECURE) == "1", attempts=1, timeout=5.0)

    def get(self, address: str, limit: int) -> bytes:
        """Returns the document at `address`, of `limit` bytes at most.

        Raises NotThereError where there is none, InsecureError, FetchError.
        """

        def read() -> bytes:
            content = b"".join(self._chunks(address, _DOCUMENT_SECONDS, limit + 1))
            if len(content) > limit:
                raise FetchError(f"{shown(address)} is larger than the {limit} bytes that it may have")
            return content

        return self._tried(address, read)

    def download(
        self, address: str, file: Path, size: int, sha256: str, progress: Callable[[int], None] = lambda done: None
    ) -> None:
        """Puts what is at `address` into `file`, in one step and only if it has this size and sha256 (hex).

        `progress` is called with the number of bytes that are there; it falls where a try began anew.
        Raises DigestMismatchError besides what `get` raises.
        """

        def fetch() -> None:
            with _replacing(file) as write:
                _copy(self._chunks(address, _FILE_SECONDS, size + 1), write, address, size, sha256, progress)

        self._tried(address, fetch)

    def _tried(self, address: str, attempt: Callable[[], _T]) -> _T:
        for number in range(1, self.attempts + 1):
            try:
                return attempt()
            except _TransientError as failure:
                if number == self.attempts:
                    raise FetchError(
                        f"{shown(address)} can't be read: {failure}", remedy="check the network and try again"
                    ) from None
                self.pause(min(max(failure.after, 2.0 ** (number - 1)), _LONGEST_PAUSE))
        raise AssertionError("no attempt was allowed")

    def _chunks(self, address: str, seconds: float, most: int) -> Iterator[bytes]:
        """Yields the content piece by piece, not much more than `most` bytes of it."""
        deadline, seen = time.monotonic() + seconds, 0
        with self._opened(address) as source, _translated(address):
            while seen < most:
                chunk = source.read1(_CHUNK) if isinstance(source, http.client.HTTPResponse) else source.read(_CHUNK)
                if not chunk:
                    if getattr(source, "length", None):
                        raise http.client.IncompleteRead(b"")
                    return
                seen += len(chunk)
                yield chunk
                if time.monotonic() > deadline:
                    raise _TransientError(f"took longer than {seconds:.0f} s")

    def _opened(self, address: str) -> BinaryIO:
        if not is_url(address):
            return _file(address)
        self.require_secure(address)
        request = urllib.request.Request(address, headers={"User-Agent": "viberun", "Cache-Control": "no-cache"})
        handlers = [urllib.request.HTTPSHandler(context=_trust()), _Redirections(self)]
        with _translated(address):
            return cast(BinaryIO, urllib.request.build_opener(*handlers).open(request, timeout=self.timeout))

    def require_secure(self, address: str) -> None:
        """Raises InsecureError for plain http to another machine, UsageError for what is no address."""
        try:
            parts = urllib.parse.urlsplit(address)
            host, _ = parts.hostname, parts.port
        except ValueError:
            raise UsageError(f"{address!r} is no address") from None
        if not host or any(ord(character) <= ord(" ") for character in address):
            raise UsageError(f"{address!r} is no address")
        if parts.username is not None or parts.password is not None:
            raise UsageError(f"{shown(address)} has a user name in it", remedy="give an address without one")
        if parts.scheme == "http" and not (self.insecure or is_loopback(host)):
            raise InsecureError(
                f"{shown(address)} is plain http, which anybody on the way can change",
                remedy=f"use https, or set {INSECURE}=1 to take that risk",
            )


class _Redirections(urllib.request.HTTPRedirectHandler):
    """Follows where the fetcher would go itself."""

    def __init__(self, fetcher: Fetcher) -> None:
        self._fetcher = fetcher

    def redirect_request(self, req, fp, code, msg, headers, newurl):  # type: ignore[no-untyped-def]
        self._fetcher.require_secure(newurl)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def is_url(address: str) -> bool:
    return address.startswith(("http://", "https://"))


def is_loopback(host: str) -> bool:
    """Whether `host` can only be this machine."""
    return host in ("localhost", "::1") or (host.startswith("127.") and host.replace(".", "").isdigit())


def shown(address: str) -> str:
    """Returns the address for a message: without credentials, and without a signature in its query."""
    if not is_url(address):
        return address
    scheme, _, rest = address.partition("://")
    rest = rest.partition("?")[0].partition("#")[0]
    place, slash, path = rest.partition("/")
    return f"{scheme}://{place.rpartition('@')[2]}{slash}{path}"


@contextlib.contextmanager
def _translated(address: str) -> Iterator[None]:
    """Makes of what the libraries raise either a FetchError or a failure that may pass."""
    try:
        yield
    except urllib.error.HTTPError as error:
        error.close()
        if error.code in (404, 410):
            raise NotThereError(f"{shown(address)} is not there") from None
        said = f"the server says {error.code} {error.reason}"
        if error.code in _WORTH_ANOTHER_TRY:
            raise _TransientError(said, _seconds(error.headers.get("Retry-After"))) from None
        raise FetchError(f"{shown(address)} can't be read: {said}") from None
    except urllib.error.URLError as error:
        _raise(address, error.reason)
    except (OSError, http.client.HTTPException) as error:
        _raise(address, error)


def _raise(address: str, reason: object) -> None:
    if isinstance(reason, ssl.SSLCertVerificationError):
        raise FetchError(
            f"the certificate of {shown(address)} is not trusted: {reason.verify_message}",
            remedy="check the address and this machine's clock, or name your own authorities in SSL_CERT_FILE",
        ) from None
    if isinstance(reason, (TimeoutError, socket.timeout)):
        text = "no answer in time"
    elif isinstance(reason, http.client.IncompleteRead):
        text = "the connection ended too early"
    else:
        text = getattr(reason, "strerror", None) or str(reason) or type(reason).__name__
    raise _TransientError(" ".join(text.split()))


def _seconds(retry_after: str | None) -> float:
    """Returns the header's seconds; 0 where it is missing or a date (RFC 9110, 10.2.3)."""
    return float(retry_after) if retry_after and retry_after.isdigit() and len(retry_after) < 6 else 0.0


def _file(path: str) -> BinaryIO:
    try:
        return open(path, "rb")
    except (FileNotFoundError, NotADirectoryError):
        raise NotThereError(f"{path} is not there") from None
    except OSError as error:
        raise FetchError(f"{path} can't be read: {error.strerror}") from None


def _trust() -> ssl.SSLContext:
    """Returns the authorities that the system trusts; those of Mozilla, by certifi, where it names none.

    So it is with Pythons for macOS that did not run "Install Certificates". Whatever the user names in
    SSL_CERT_FILE or SSL_CERT_DIR stands.
    """
    context = ssl.create_default_context()
    if "SSL_CERT_FILE" in os.environ or "SSL_CERT_DIR" in os.environ:
        return context
    paths = ssl.get_default_verify_paths()
    if paths.cafile is None and not _has_files(paths.capath):
        with contextlib.suppress(ImportError):
            context.load_verify_locations(cadata=_bundled())
    return context


def _bundled() -> str:
    """Mozilla's authorities. Read through the loader: Python 3.9 finds no resource below a folder of a zip."""
    import certifi

    path = os.path.join(os.path.dirname(certifi.__file__), "cacert.pem")
    content: bytes = certifi.__spec__.loader.get_data(path)  # type: ignore[union-attr]
    return content.decode("ascii", errors="ignore")


def _has_files(folder: str | None) -> bool:
    try:
        return folder is not None and bool(os.listdir(folder))
    except OSError:
        return False


@contextlib.contextmanager
def _replacing(file: Path) -> Iterator[Callable[[bytes], None]]:
    """What writes to a new file, which takes the place of `file` once it is whole and on disk."""
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
    except OSError as error:
        raise FetchError(f"{file.parent} can't be written: {error.strerror}") from None
    try:
        out = open(descriptor, "wb")  # noqa: SIM115 - closing it must not hide what went wrong before

        def write(chunk: bytes) -> None:
            with _kept(file):
                out.write(chunk)

        try:
            yield write
            with _kept(file):
                out.flush()
                os.fsync(out.fileno())
        finally:
            with contextlib.suppress(OSError):  # it tries again what it could not write
                out.close()
        with _kept(file):
            os.replace(name, file)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name)


@contextlib.contextmanager
def _kept(file: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise FetchError(
            f"{file} can't be written: {error.strerror}", remedy="see to the space on that disk and try again"
        ) from None


def _copy(
    chunks: Iterator[bytes],
    write: Callable[[bytes], None],
    address: str,
    size: int,
    sha256: str,
    progress: Callable[[int], None],
) -> None:
    digest, done = hashlib.sha256(), 0
    for chunk in chunks:
        digest.update(chunk)
        done += len(chunk)
        if done <= size:
            write(chunk)
            progress(done)
    if done != size or digest.hexdigest() != sha256:
        found = f"{done} bytes" if done != size else f"sha256 {digest.hexdigest()[:12]}…"
        wanted = f"{size} bytes" if done != size else f"{sha256[:12]}…"
        raise DigestMismatchError(
            f"{shown(address)} is not what the manifest says: {found} instead of {wanted}",
            remedy="try again in a minute; if it stays so, tell whoever runs the channel",
        )
