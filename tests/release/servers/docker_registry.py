"""Docker's own registry (Debian's package docker-registry), with passwords or with tokens as ghcr.io has them."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import bcrypt

from tests.release.servers.process import Server
from tests.release.servers.token_server import TokenServer


class DockerRegistry(Server):
    """`users` with their passwords, or `tokens` that hands out tokens; one of them.

    `memory`: nothing is kept on disk, where this registry writes tags in place, and whoever reads one then gets a 500.
    """

    name = "docker-registry"

    def __init__(
        self,
        folder: Path,
        *,
        users: Mapping[str, str] | None = None,
        tokens: TokenServer | None = None,
        memory: bool = False,
    ) -> None:
        super().__init__(folder)
        self._memory = memory
        self._users = users
        self._tokens = tokens

    @property
    def host(self) -> str:
        """What VIBERUN_OCI_REGISTRY takes."""
        return f"127.0.0.1:{self.port}"

    def command(self) -> Sequence[str]:
        configuration = self.folder / "config.json"  # JSON is YAML
        configuration.write_text(json.dumps(self._configuration()))
        return ["docker-registry", "serve", str(configuration)]

    def _configuration(self) -> Mapping[str, object]:
        storage = {
            **({"inmemory": {}} if self._memory else {"filesystem": {"rootdirectory": str(self.folder / "data")}}),
            "delete": {"enabled": True},
            "maintenance": {"uploadpurging": {"enabled": False}},
        }
        return {
            "version": "0.1",
            "log": {"level": "warn", "accesslog": {"disabled": True}},
            "storage": storage,
            "http": {"addr": self.host},
            "auth": self._auth(),
        }

    def _auth(self) -> Mapping[str, object]:
        if self._tokens is not None:
            bundle = self.folder / "tokens.pem"
            bundle.write_bytes(self._tokens.certificate)
            facts = {"realm": self._tokens.realm, "service": self._tokens.service, "issuer": self._tokens.issuer}
            return {"token": {**facts, "rootcertbundle": str(bundle)}}
        lines = []
        for user, password in (self._users or {}).items():
            digest = bcrypt.hashpw(password.encode(), bcrypt.gensalt(rounds=4)).decode()
            lines.append(f"{user}:{digest}\n")
        htpasswd = self.folder / "htpasswd"
        htpasswd.write_text("".join(lines))
        return {"htpasswd": {"realm": "registry", "path": str(htpasswd)}}
