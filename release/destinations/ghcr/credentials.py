"""Who a registry is asked as: docker's stored logins and helpers, as docker's own SDK finds them, else the token for GitHub."""

import base64
import json
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from docker import auth
from docker.credentials.errors import StoreError
from docker.errors import DockerException

from viberun.errors import ViberunError


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


def find(registry: str, environ: Mapping[str, str]) -> Credentials | None:
    """Finds docker's stored login for a registry (`ghcr.io`), else GITHUB_ACTOR with GITHUB_TOKEN. Raises CredentialsError."""
    path = Path(environ.get("DOCKER_CONFIG") or f"{environ.get('HOME', '')}/.docker") / "config.json"
    try:
        # Without `auths` the SDK would take a file of other settings for a list of logins.
        fields = {"auths": {}, **json.loads(path.read_text())} if path.exists() else {"auths": {}}
        with warnings.catch_warnings(action="ignore"):  # of a helper that is missing, which is an error too
            found = auth.load_config(config_dict=fields, credstore_env=dict(environ)).resolve_authconfig(registry) or {}
        login = {name.lower(): str(value) for name, value in found.items() if value}
    except (OSError, ValueError, TypeError, AttributeError, DockerException, StoreError) as error:
        # Neither the file nor what a helper printed is shown: it may be a login.
        raise CredentialsError(
            f"docker's stored login for {registry} can't be read ({type(error).__name__})",
            remedy=f"see {path}, or run 'docker login {registry}'",
        ) from None
    if "identitytoken" in login:
        return Credentials("", login["identitytoken"])
    if "username" in login:
        return Credentials(login["username"], login.get("password", ""))
    token = environ.get("GITHUB_TOKEN") or environ.get("GH_TOKEN")
    return Credentials(environ.get("GITHUB_ACTOR") or "x-access-token", token) if token else None
