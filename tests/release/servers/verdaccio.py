"""Verdaccio: an npm registry that knows no other."""

import base64
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from passlib.hash import apr_md5_crypt

from tests.release.servers.process import Server


def script(environ: Mapping[str, str] = os.environ) -> Path:
    """The script to start, in the folder of npm's packages that VIBERUN_VERDACCIO names."""
    return Path(environ["VIBERUN_VERDACCIO"]) / "node_modules/verdaccio/bin/verdaccio"


class Verdaccio(Server):
    """Anybody may read; `users` with their passwords may publish."""

    name = "verdaccio"

    def __init__(
        self, folder: Path, script: Path, users: Mapping[str, str], environ: Mapping[str, str] = os.environ
    ) -> None:
        super().__init__(folder)
        self._path = environ["PATH"]
        self._script = script
        self._users = users

    def command(self) -> Sequence[str]:
        htpasswd, configuration = self.folder / "htpasswd", self.folder / "config.yaml"
        lines = (f"{user}:{apr_md5_crypt.hash(password)}\n" for user, password in self._users.items())
        htpasswd.write_text("".join(lines))
        everything = {"access": "$all", "publish": "$authenticated", "unpublish": "$authenticated"}
        configuration.write_text(
            json.dumps(  # JSON is YAML
                {
                    "storage": str(self.folder / "storage"),
                    "auth": {"htpasswd": {"file": str(htpasswd), "max_users": -1}},
                    "uplinks": {},
                    "packages": {"**": everything},
                    "max_body_size": "200mb",
                    "web": {"enable": False},
                    "log": {"type": "stdout", "format": "pretty", "level": "warn"},
                }
            )
        )
        return ["node", str(self._script), "--config", str(configuration), "--listen", f"127.0.0.1:{self.port}"]

    def npmrc(self, user: str | None) -> str:
        """An .npmrc for that user, or for nobody; npm does not wait long for a dead server (70 s otherwise)."""
        lines = [f"registry={self.url}/", "fetch-retries=0", "update-notifier=false"]
        if user is not None:
            login = base64.b64encode(f"{user}:{self._users[user]}".encode()).decode()
            lines.append(f"//127.0.0.1:{self.port}/:_auth={login}")
        return "\n".join([*lines, ""])

    def environ(self) -> Mapping[str, str]:
        return {**super().environ(), "NODE_ENV": "production", "PATH": self._path}
