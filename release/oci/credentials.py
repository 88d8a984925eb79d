"""Who a registry is asked as: docker's stored logins, by docker's own rules.

`$DOCKER_CONFIG/config.json`, else `~/.docker/config.json`: a helper of `credHelpers` for the registry, else the one of
`credsStore`, else `auths` (docker's cli/config/configfile).
"""

import base64
import binascii
import json
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from viberun.errors import ViberunError

_TOKEN_USER = "<token>"
_HELPER_TIMEOUT = 60

RunHelper = Callable[[Sequence[str], str], str | None]
"""Runs a program with a text as its standard input; returns what it printed, or None if it failed."""


class CredentialsError(ViberunError):
    """Docker's configuration, or a credential helper, that can't be used."""


@dataclass(frozen=True)
class Credentials:
    """A user with a password, or the identity token that a login left (`user` is empty then)."""

    user: str
    secret: str = field(repr=False)

    @property
    def basic(self) -> str:
        """The Authorization header (RFC 7617)."""
        return "Basic " + base64.b64encode(f"{self.user}:{self.secret}".encode()).decode()


def find(registry: str, environ: Mapping[str, str], run: RunHelper) -> Credentials | None:
    """Docker's stored login for a registry (`ghcr.io`), else GITHUB_ACTOR with GITHUB_TOKEN. Raises CredentialsError."""
    config = _config(environ)
    helper = config.get("credHelpers", {}).get(registry) or config.get("credsStore")
    stored = _from_helper(helper, registry, run) if helper else None
    stored = stored or _from_auths(config.get("auths", {}), registry)
    if stored:
        return stored
    token = environ.get("GITHUB_TOKEN")
    return Credentials(environ.get("GITHUB_ACTOR") or "x-access-token", token) if token else None


def run_helper(environ: Mapping[str, str]) -> RunHelper:
    """Runs credential helpers as programs of this machine."""

    def run(command: Sequence[str], text: str) -> str | None:
        try:
            done = subprocess.run(
                command, input=text, env=dict(environ), capture_output=True, text=True, timeout=_HELPER_TIMEOUT
            )
        except (OSError, subprocess.SubprocessError):
            return None
        return done.stdout if done.returncode == 0 else None

    return run


def _config(environ: Mapping[str, str]) -> Mapping[str, Any]:
    folder = environ.get("DOCKER_CONFIG") or f"{environ.get('HOME', '')}/.docker"
    path = Path(folder) / "config.json"
    try:
        config = json.loads(path.read_text())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise CredentialsError(
            f"{path} can't be read ({type(error).__name__})", remedy="log in again with docker"
        ) from None
    return config if isinstance(config, dict) else {}


def _from_helper(helper: str, registry: str, run: RunHelper) -> Credentials | None:
    """Asks `docker-credential-HELPER get` (docker/docker-credential-helpers): the registry in, JSON out."""
    answer = run([f"docker-credential-{helper}", "get"], registry)
    if answer is None:
        return None  # how a helper says that it has nothing, too
    try:
        fields = json.loads(answer)
        user, secret = str(fields["Username"]), str(fields["Secret"])
    except (ValueError, LookupError, TypeError):
        raise CredentialsError(f"docker-credential-{helper} did not answer with a login for {registry}") from None
    return Credentials("" if user == _TOKEN_USER else user, secret)


def _from_auths(auths: Mapping[str, Any], registry: str) -> Credentials | None:
    for server, entry in auths.items():
        if _host(server) != registry or not entry:
            continue
        if entry.get("identitytoken"):
            return Credentials("", entry["identitytoken"])
        if entry.get("auth"):
            try:
                user, _, secret = base64.b64decode(entry["auth"], validate=True).decode().partition(":")
            except (binascii.Error, ValueError):
                raise CredentialsError(
                    f"docker's stored login for {registry} can't be read", remedy=f"run 'docker login {registry}'"
                ) from None
            return Credentials(user, secret)
        if entry.get("username"):
            return Credentials(entry["username"], entry.get("password", ""))
    return None


def _host(server: str) -> str:
    """Keys of `auths` may be addresses: `https://registry.example/v1/`."""
    return server.partition("://")[2].partition("/")[0] if "://" in server else server.partition("/")[0]
