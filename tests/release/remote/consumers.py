"""The programs with which people get a release, each started as they start it, with nothing of its own cached."""

import json
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.images.engine import Engine
from tests.release.remote.stack import IMAGES, REPOSITORY, Stack

_PATIENCE = 300.0


@dataclass(frozen=True)
class Consumer:
    """Somebody with a home of their own, which must not exist yet, and no credentials."""

    servers: Stack
    home: Path

    def npx(self, tag: str) -> str:
        """What the package's program prints."""
        return self._run(["npx", "--prefer-online", "-y", f"viberun@{tag}"]).strip()

    def npm_tags(self) -> Mapping[str, str]:
        return dict(json.loads(self._run(["npm", "view", "viberun", "dist-tags", "--json"])))

    def uvx(self, project: str) -> str:
        index = f"{self.servers.gates['pypi'].url}/simple/"
        uv = os.environ.get("VIBERUN_UV") or shutil.which("uv") or "uv"
        return self._run([uv, "tool", "run", "--default-index", index, f"{project}@latest"]).strip()

    def pip(self, project: str) -> str:
        """Installs into an environment of its own; returns what the program prints."""
        venv = self._home() / f"venv-{project}"
        index = f"{self.servers.gates['pypi'].url}/simple/"
        self._run(["/usr/bin/python3", "-m", "venv", str(venv)])
        self._run([str(venv / "bin/pip"), "install", "-q", "--no-cache-dir", "--index-url", index, project])
        return self._run([str(venv / "bin" / project)]).strip()

    def image_digests(self, tag: str) -> Mapping[str, str]:
        """What `skopeo inspect` says that the images' tag is, and has copied."""
        found = {}
        for image in IMAGES:
            reference = f"docker://{self.servers.gates['ghcr'].host}/{image}:{tag}"
            where = f"dir:{self._home() / 'images' / tag / image.rpartition('/')[2]}"
            skopeo = ["skopeo", "--insecure-policy"]
            (self._home() / "images" / tag).mkdir(parents=True, exist_ok=True)
            self._run([*skopeo, "copy", "-q", "--all", "--src-tls-verify=false", reference, where])
            inspected = self._run([*skopeo, "inspect", "--tls-verify=false", reference])
            found[image.rpartition("/")[2]] = str(json.loads(inspected)["Digest"])
        return found

    def docker(self, engine: Engine, tag: str) -> Mapping[str, str]:
        """What a container of each image's tag prints, pulled without a login."""
        found = {}
        for image in IMAGES:
            reference = f"{self.servers.gates['ghcr'].host}/{image}:{tag}"
            engine.docker("pull", "--quiet", reference)
            found[image.rpartition("/")[2]] = engine.docker("run", "--rm", "--network=none", reference).strip()
        return found

    def curl(self, path: str) -> bytes:
        """A file of the GitHub pages of releases, by its path below `releases/`."""
        url = f"{self.servers.gates['github'].url}/{REPOSITORY}/releases/{path}"
        target = self._home() / path.rpartition("/")[2]
        self._run(["curl", "-fsSL", "-o", str(target), url])
        return target.read_bytes()

    def sha256sum(self, sums: str) -> str:
        """Checks what was fetched with `curl` against such a file."""
        return self._run(["sha256sum", "-c", sums])

    def _home(self) -> Path:
        if not self.home.exists():
            self.home.mkdir()
            (self.home / ".npmrc").write_text(f"registry={self.servers.gates['npm'].url}/\nupdate-notifier=false\n")
        return self.home

    def _run(self, command: Sequence[str]) -> str:
        """Raises AssertionError with what it said if it fails."""
        home = self._home()
        environ = {
            "HOME": str(home),
            "PATH": self.servers.variables["PATH"],
            "LC_ALL": "C.UTF-8",
            "UV_PYTHON": "/usr/bin/python3",
            "UV_PYTHON_DOWNLOADS": "never",
        }
        done = subprocess.run(
            command, cwd=home, env=environ, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_PATIENCE
        )
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        return done.stdout
