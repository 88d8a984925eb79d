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
_HELP = "see credsStore and credHelpers in docker's config.json"

RunHelper = Callable[[Sequence[str], str], str | None]
"""Runs a program with a text as its standard input; returns what it printed, or None where it has no such login.

Raises CredentialsError where it is missing, or failed.
"""

_UNKNOWN = "credentials not found"
"""How a helper's words begin that has no such login (docker-credential-helpers' credentials/error.go)."""


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
    """Finds docker's stored login for a registry (`ghcr.io`), else GITHUB_ACTOR with GITHUB_TOKEN. Raises CredentialsError."""
    path, config = _config(environ)
    helper = _object(path, config, "credHelpers").get(registry) or config.get("credsStore")
    stored = _from_helper(str(helper), registry, run) if helper else None
    stored = stored or _from_auths(_object(path, config, "auths"), registry)
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
        except FileNotFoundError:
            raise CredentialsError(f"there is no {command[0]} on PATH, which docker is set to", remedy=_HELP) from None
        except (OSError, subprocess.SubprocessError) as error:
            raise CredentialsError(f"{command[0]} can't be run ({type(error).__name__})", remedy=_HELP) from None
        if done.returncode == 0:
            return done.stdout
        if done.stdout.strip().lower().startswith(_UNKNOWN):
            return None
        # Its standard output may be a login.
        words = " ".join(done.stderr.split())[:200] or f"it ended with status {done.returncode}"
        raise CredentialsError(f"{command[0]} failed: {words}", remedy=_HELP)

    return run


def _config(environ: Mapping[str, str]) -> tuple[Path, Mapping[str, Any]]:
    """Reads docker's configuration, empty where there is none; returns where it is, and what it says."""
    folder = environ.get("DOCKER_CONFIG") or f"{environ.get('HOME', '')}/.docker"
    path = Path(folder) / "config.json"
    try:
        config = json.loads(path.read_text())
    except FileNotFoundError:
        return path, {}
    except (OSError, ValueError) as error:
        raise CredentialsError(
            f"{path} can't be read ({type(error).__name__})", remedy="log in again with docker"
        ) from None
    if not isinstance(config, dict):
        raise CredentialsError(f"{path} is no JSON object", remedy="log in again with docker")
    return path, config


def _object(path: Path, config: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Reads a member that docker takes for empty where it is null."""
    value = config.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise CredentialsError(f"{name} in {path} is no JSON object", remedy="log in again with docker")
    return value


def _from_helper(helper: str, registry: str, run: RunHelper) -> Credentials | None:
    """Asks `docker-credential-HELPER get` (docker/docker-credential-helpers): the registry in, JSON out."""
    answer = run([f"docker-credential-{helper}", "get"], registry)
    if answer is None:
        return None
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
        try:
            if login := _login(entry):
                return login
        except (binascii.Error, ValueError, AttributeError, TypeError):
            raise CredentialsError(
                f"docker's stored login for {registry} can't be read", remedy=f"run 'docker login {registry}'"
            ) from None
    return None


def _login(entry: Mapping[str, Any]) -> Credentials | None:
    """Tells what an entry of `auths` has. Raises ValueError, AttributeError and TypeError where it is none."""
    if entry.get("identitytoken"):
        return Credentials("", str(entry["identitytoken"]))
    if entry.get("auth"):
        user, _, secret = base64.b64decode(entry["auth"], validate=True).decode().partition(":")
        return Credentials(user, secret)
    if entry.get("username"):
        return Credentials(str(entry["username"]), str(entry.get("password") or ""))
    return None


def _host(server: str) -> str:
    """Reads a key of `auths`, which may be an address: `https://registry.example/v1/`."""
    return server.partition("://")[2].partition("/")[0] if "://" in server else server.partition("/")[0]
