"""People with empty caches, and registries with an older and then a newer build.

The servers are those of `tests.release.servers`; nothing else of this checkout is used. What people run comes out of the
registries alone, in environments that hold nothing of the tests'.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.e2e.refresh import releases
from tests.e2e.refresh.releases import Npm, Pypi, Release
from tests.release.servers import verdaccio

_PATIENCE = 300


@dataclass(frozen=True)
class Done:
    status: int
    out: str
    error: str


@dataclass(frozen=True)
class Person:
    """Somebody with a home folder and an empty cache, who types command lines."""

    home: Path
    path: str
    variables: dict[str, str] = field(default_factory=dict)

    def types(self, command: str, **variables: str) -> Done:
        environment = {
            "HOME": str(self.home),
            "PATH": self.path,
            "LC_ALL": "C.UTF-8",
            "VIBERUN_CHANNEL_URL": "/nonexistent",
            **self.variables,
            **variables,
        }
        done = subprocess.run(
            ["/bin/sh", "-c", command],
            cwd=self.home,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
        )
        return Done(done.returncode, done.stdout.strip(), done.stderr)

    def gets(self, command: str, **variables: str) -> str:
        """What a command that must go well prints."""
        done = self.types(command, **variables)
        assert done.status == 0, f"{command}: {done.status}\n{done.out}\n{done.error}"
        return done.out

    def hint(self, viberun: str) -> str:
        """The command that the client itself gives for its update, which is also what `viberun upgrade` says."""
        told = json.loads(self.types(f"{viberun} channel --json").out)["client"]["update"]
        refused = self.types(f"{viberun} upgrade")
        assert refused.status == 1
        assert refused.error.endswith(f"; run '{told}'\n")
        return str(told)


@pytest.fixture(scope="session")
def older() -> Release:
    return releases.read("VIBERUN_REFRESH_OLDER")


@pytest.fixture(scope="session")
def newer() -> Release:
    return releases.read("VIBERUN_REFRESH_NEWER")


@pytest.fixture(scope="session")
def node() -> str:
    """The folder with node, npm and npx."""
    return f"{os.environ['VIBERUN_NODE']}/bin"


@pytest.fixture(scope="session")
def uv() -> str:
    """The folder with uv and uvx."""
    return str(Path(os.environ["VIBERUN_UV"]).parent)


@pytest.fixture(scope="session")
def verdaccio_script() -> Path:
    return verdaccio.script()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


@pytest.fixture
def npm(tmp_path: Path, verdaccio_script: Path, node: str, older: Release) -> Iterator[Npm]:
    """With the older build in it."""
    with releases.npm(tmp_path / "verdaccio", verdaccio_script, f"{node}:/usr/bin:/bin") as registry:
        registry.publish(older)
        yield registry


@pytest.fixture
def pypi(tmp_path: Path, older: Release) -> Iterator[Pypi]:
    """With the older build in it."""
    with releases.pypi(tmp_path / "pypiserver") as index:
        index.publish(older)
        yield index


@pytest.fixture
def npm_person(home: Path, node: str, npm: Npm) -> Person:
    variables = {
        "npm_config_registry": f"{npm.url}/",
        "npm_config_prefix": str(home / "prefix"),
        "npm_config_update_notifier": "false",
    }
    return Person(home, f"{home / 'prefix/bin'}:{node}:/usr/bin:/bin", variables)


@pytest.fixture
def pypi_person(home: Path, uv: str, pypi: Pypi) -> Person:
    variables = {
        "UV_DEFAULT_INDEX": pypi.url,
        "UV_PYTHON": "/usr/bin/python3",
        "UV_PYTHON_DOWNLOADS": "never",
        "PIP_INDEX_URL": pypi.url,
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }
    return Person(home, f"{home / '.local/bin'}:{uv}:/usr/bin:/bin", variables)


def without_python(folder: Path) -> str:
    """A folder with links to this machine's programs, but to no Python."""
    folder.mkdir()
    for place in ("/usr/bin", "/bin"):
        for program in Path(place).iterdir():
            link = folder / program.name
            # A link may lead nowhere on a machine, and is in both places all the same.
            if not program.name.startswith(("python", "pypy", "py3", "pip")) and not os.path.lexists(link):
                link.symlink_to(program)
    assert shutil.which("python3", path=str(folder)) is None
    return str(folder)
