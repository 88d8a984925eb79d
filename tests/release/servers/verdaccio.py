"""Verdaccio: an npm registry that knows no other. Installed by npm from the lock beside this file, once a folder."""

import base64
import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from passlib.hash import apr_md5_crypt

from tests.release.servers.process import Server

_LOCK = Path(__file__).parent / "verdaccio"
_INSTALL_WITHIN = 600


def install(folder: Path, environ: Mapping[str, str] = os.environ) -> Path:
    """Has npm put verdaccio below `folder`, unless it is there; returns the script to start.

    Raises CalledProcessError, and FileNotFoundError where there is no npm.
    """
    script = folder / "node_modules/verdaccio/bin/verdaccio"
    if not script.exists():
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("package.json", "package-lock.json"):
            (folder / name).write_bytes((_LOCK / name).read_bytes())
        options = ["--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"]
        subprocess.run(
            ["npm", "ci", *options],
            cwd=folder,
            env=dict(environ),
            check=True,
            capture_output=True,
            timeout=_INSTALL_WITHIN,
        )
    return script


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
