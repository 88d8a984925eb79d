"""pypiserver: a Python package index that takes uploads from who has the password."""

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from passlib.hash import apr_md5_crypt

from tests.release.servers.process import Server


class PypiServer(Server):
    """Anybody may read; `users` with their passwords may upload. Nothing can be uploaded twice under one name."""

    name = "pypiserver"

    def __init__(self, folder: Path, users: Mapping[str, str]) -> None:
        super().__init__(folder)
        self._users = users

    @property
    def upload_url(self) -> str:
        return f"{self.url}/"

    @property
    def index_url(self) -> str:
        return f"{self.url}/simple/"

    def command(self) -> Sequence[str]:
        packages, htpasswd = self.folder / "packages", self.folder / "htpasswd"
        packages.mkdir(exist_ok=True)
        lines = (f"{user}:{apr_md5_crypt.hash(password)}\n" for user, password in self._users.items())
        htpasswd.write_text("".join(lines))
        run = [
            sys.executable,
            "-B",
            "-m",
            "tests.release.servers.checked_pypiserver",
            "run",
            "--interface",
            "127.0.0.1",
            "--port",
            str(self.port),
        ]
        serve = [
            "--passwords",
            str(htpasswd),
            "--authenticate",
            "update",
            "--disable-fallback",
            "--hash-algo",
            "sha256",
        ]
        return [*run, *serve, str(packages)]

    def environ(self) -> Mapping[str, str]:
        return {**super().environ(), "PYTHONPATH": os.pathsep.join(sys.path)}
