"""Two dev builds as the build made them, and the registries that people get them from."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.release.servers.gate import Gate
from tests.release.servers.pypi_server import PypiServer
from tests.release.servers.verdaccio import Verdaccio
from tests.sigstore.editions import signature, signature_name

# What the public registries let caches do.
_NPM_CACHED = {"Cache-Control": "public, max-age=300"}
_PYPI_CACHED = {"Cache-Control": "max-age=600, public"}
_USER = "maintainer"


@dataclass(frozen=True)
class Release:
    """`manifest` is what channel.json says, `files` are its artifacts by name."""

    manifest: dict[str, Any]
    files: dict[str, Path]

    @property
    def version(self) -> str:
        return str(self.manifest["version"])

    def spelt(self, spelling: str) -> str:
        return str(self.manifest["spellings"][spelling])

    def file(self, kind: str) -> Path:
        """The artifact of that kind, for linux-amd64 where it has a platform."""
        files = [file for file in self.manifest["files"] if file["platform"] in (None, "linux-amd64")]
        (name,) = [file["name"] for file in files if file["kind"] == kind]
        return self.files[name]

    def put(self, folder: Path) -> None:
        """Makes `folder` a channel that stands at this build."""
        folder.mkdir(exist_ok=True)
        for name, file in self.files.items():
            if not name.endswith((".whl", ".tgz")):
                shutil.copyfile(file, folder / name)
        manifest = self.files[f"viberun-{self.spelt('oci')}.json"].read_bytes()
        (folder / signature_name(manifest)).write_bytes(signature(manifest))
        (folder / "channel.json").write_bytes(manifest)


def read(variable: str) -> Release:
    """The release whose bundle.json an environment variable names."""
    path = os.environ.get(variable)
    assert path, f"{variable} must name the bundle.json of a release"
    bundle = json.loads(Path(path).read_text())
    below = bundle["artifacts"][0]["path"]
    root = next(folder for folder in Path(path).absolute().parents if (folder / below).exists())
    files = {artifact["name"]: root / artifact["path"] for artifact in bundle["artifacts"]}
    (manifest,) = [artifact["name"] for artifact in bundle["artifacts"] if artifact["kind"] == "manifest"]
    return Release(json.loads(files[manifest].read_text()), files)


@dataclass(frozen=True)
class Npm:
    """An npm registry behind a cache's headers."""

    server: Verdaccio
    gate: Gate
    variables: Mapping[str, str]

    @property
    def url(self) -> str:
        return self.gate.url

    def publish(self, release: Release) -> None:
        """As the release does: under the dist-tag dev."""
        home = self.server.folder / "publisher"
        home.mkdir(exist_ok=True)
        (home / ".npmrc").write_text(self.server.npmrc(_USER))
        done = subprocess.run(
            ["npm", "publish", "--tag", "dev", str(release.file("npm"))],
            cwd=home,
            env={**self.variables, "HOME": str(home)},
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr


@dataclass(frozen=True)
class Pypi:
    """A package index behind a cache's headers."""

    server: PypiServer
    gate: Gate

    @property
    def url(self) -> str:
        return f"{self.gate.url}/simple/"

    def publish(self, release: Release) -> None:
        wheel = release.file("wheel")
        (name,) = [file["name"] for file in release.manifest["files"] if file["kind"] == "wheel"]
        # Whole or not there, as on an index.
        shutil.copyfile(wheel, self.server.folder / name)
        (self.server.folder / name).rename(self.server.folder / "packages" / name)


@contextmanager
def npm(folder: Path, script: Path, path: str) -> Iterator[Npm]:
    folder.mkdir()
    variables = {"PATH": path}
    with (
        Verdaccio(folder, script, {_USER: "a-password"}, variables) as server,
        Gate(server.port, headers=_NPM_CACHED) as gate,
    ):
        yield Npm(server, gate, variables)


@contextmanager
def pypi(folder: Path) -> Iterator[Pypi]:
    folder.mkdir()
    with PypiServer(folder, {_USER: "a-password"}) as server, Gate(server.port, headers=_PYPI_CACHED) as gate:
        yield Pypi(server, gate)
