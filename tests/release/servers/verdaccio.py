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


def install(folder: Path) -> Path:
    """Has npm put verdaccio below `folder`, unless it is there; returns the script to start.

    Raises CalledProcessError, and FileNotFoundError where there is no npm.
    """
    script = folder / "node_modules/verdaccio/bin/verdaccio"
    if not script.exists():
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("package.json", "package-lock.json"):
            (folder / name).write_bytes((_LOCK / name).read_bytes())
        options = ["--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"]
        subprocess.run(["npm", "ci", *options], cwd=folder, check=True, capture_output=True, timeout=_INSTALL_WITHIN)
    return script


class Verdaccio(Server):
    """Anybody may read; `users` with their passwords may publish."""

    name = "verdaccio"

    def __init__(self, folder: Path, script: Path, users: Mapping[str, str]) -> None:
        super().__init__(folder)
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
                    "web": {"enable": False},
                    "log": {"type": "stdout", "format": "pretty", "level": "warn"},
                }
            )
        )
        return ["node", str(self._script), "--config", str(configuration), "--listen", f"127.0.0.1:{self.port}"]

    def npmrc(self, user: str) -> str:
        """The lines of an .npmrc with which npm publishes as that user, and does not wait for a dead server."""
        login = base64.b64encode(f"{user}:{self._users[user]}".encode()).decode()
        return f"registry={self.url}/\n//127.0.0.1:{self.port}/:_auth={login}\nfetch-retries=0\nupdate-notifier=false\n"

    def environ(self) -> Mapping[str, str]:
        return {**super().environ(), "NODE_ENV": "production", "PATH": os.environ.get("PATH", "/usr/bin:/bin")}
