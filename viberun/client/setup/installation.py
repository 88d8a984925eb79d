"""Puts the target's server on a host: fetched there, or through this machine where the host can't."""

from __future__ import annotations

import secrets
import tempfile
import urllib.parse
from collections.abc import Callable
from pathlib import Path

from viberun.client.download.fetch import DigestMismatchError, Fetcher, NotThereError, is_loopback, is_url, shown
from viberun.client.download.resolver import ReleaseMissingError, Resolved
from viberun.client.host.remote import Remote, RemoteError
from viberun.client.screen import Step
from viberun.errors import ViberunError
from viberun.manifest import File

_FAILURES = {
    "disk": ("the disk of {host} is full ({detail})", "free some space there and run the same command again"),
    "packages": (
        "Docker could not be installed on {host}: {detail}",
        "see to 'apt-get install docker.io' there and run the same command again",
    ),
    "engine": ("{detail} on {host}", "look at 'systemctl status docker' and 'journalctl -u docker' there"),
    "check": ("the new server does not work on {host}: {detail}", "what was there before still is; report this"),
    "unpack": ("the server could not be unpacked on {host}: {detail}", "see to gzip and tar there"),
    "lock": ("{detail}: {host}", "wait until it has ended and run the same command again"),
}


def failure(error: RemoteError, host: str) -> ViberunError:
    """Returns the one line for a step of the bootstrap that failed."""
    if error.code in _FAILURES:
        message, remedy = _FAILURES[error.code]
        return RemoteError(message.format(host=host, detail=error.message), remedy=remedy, code=error.code)
    if error.code == "ended":
        return RemoteError(error.message, remedy="run the same command again: it goes on where it stopped")
    return RemoteError(f"{host}: {error.message}", remedy=error.remedy, code=error.code)


def install(
    remote: Remote,
    resolved: Resolved,
    platform: str,
    fetch: Fetcher,
    step: Step,
    again: Callable[[], Resolved],
) -> File:
    """Puts the server of `resolved` in place, and returns the file that it came in.

    What is not what the manifest says is fetched once more by a fresh one, which `again` gives. Raises
    AssetMissingError, DigestMismatchError, FetchError, RemoteError, SshError.
    """
    try:
        return _install(remote, resolved, platform, fetch, step)
    except DigestMismatchError as error:
        fresh = again()
        if fresh.version != resolved.version:
            raise DigestMismatchError(
                f"{error.message}, and the channel has gone on to {fresh.version}",
                remedy="run the same command again",
            ) from None
        step.doing(f"fetching {resolved.version} once more")
        return _install(remote, fresh, platform, fetch, step)


def _install(remote: Remote, resolved: Resolved, platform: str, fetch: Fetcher, step: Step) -> File:
    file = resolved.file("server", platform)
    address, token = resolved.url_of(file), secrets.token_hex(8)
    reason = ""
    if _reachable(address):
        step.doing(f"{remote.host} downloads viberun-server")
        try:
            _stage(remote, token)
            _place(remote, [token, str(file.size), file.sha256, address], file, step)
            return file
        except RemoteError as error:
            if error.code != "download":
                raise failure(error, remote.host) from None
            reason = error.message
    with tempfile.TemporaryDirectory(prefix="viberun-") as folder:
        copy = Path(folder, "server.tar.gz")
        _fetch(fetch, resolved, file, address, copy, step)
        step.doing(f"sending viberun-server to {remote.host}{', which can not reach the channel' if reason else ''}")
        try:
            path = _stage(remote, token)
            with copy.open("rb") as content:
                remote.send(content, path, lambda sent: step.bytes(sent, file.size))
            _place(remote, [token, str(file.size), file.sha256], file, step)
        except RemoteError as error:
            if error.code == "sent" and "No space left" in error.message:
                error = RemoteError(error.message, code="disk")
            raise failure(error, remote.host) from None
    return file


def _reachable(address: str) -> bool:
    """Whether it makes sense to let the host ask: not for a folder or a server of this machine."""
    return is_url(address) and not is_loopback(urllib.parse.urlsplit(address).hostname or "")


def _stage(remote: Remote, token: str) -> str:
    """Makes a folder for the new server on the host; returns where the archive goes."""
    places: list[str] = []

    def note(word: str, rest: str) -> None:
        if word == "staged":
            places.append(rest)

    remote.step("stage", [token], note)
    return places[0]


def _place(remote: Remote, arguments: list[str], file: File, step: Step) -> None:
    def note(word: str, rest: str) -> None:
        if word == "bytes" and rest.isdigit():
            step.bytes(int(rest), file.size)
        elif word == "doing":
            step.doing(rest)

    try:
        remote.step("install", arguments, note)
    except RemoteError as error:
        if error.code != "mismatch":
            raise
        raise DigestMismatchError(
            f"{file.name} is not what the manifest says: {error.message}",
            remedy="try again in a minute; if it stays so, tell whoever runs the channel",
        ) from None


def _fetch(fetch: Fetcher, resolved: Resolved, file: File, address: str, copy: Path, step: Step) -> None:
    step.doing(f"downloading {file.name}")
    try:
        fetch.download(address, copy, file.size, file.sha256, lambda done: step.bytes(done, file.size))
    except NotThereError:
        raise ReleaseMissingError(
            f"the release {resolved.version} lacks its file {file.name}: {shown(address)} is not there",
            remedy="try again in a minute; if it stays so, tell whoever runs the channel",
        ) from None
