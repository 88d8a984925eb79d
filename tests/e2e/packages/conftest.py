"""The released packages and the tools that install them; nothing of this repository can be imported here.

Told by the environment: VIBERUN_WHEEL and VIBERUN_NPM_TGZ (files), VIBERUN_UV (a program), VIBERUN_NODE (a folder with
bin/node, bin/npm and bin/npx). The interpreter that runs this is the build's.
"""

import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from email.parser import Parser
from pathlib import Path

import pytest

# Asks any interpreter, however old, for its version and whether it can put pip into an environment.
ASK = """
import sys
try:
    import ensurepip
except ImportError:
    ensurepip = None
print("%d %d %d" % (sys.version_info[:2] + (ensurepip is not None,)))
"""


def told(name: str) -> Path:
    """Returns the absolute path that the variable `name` holds."""
    if not os.environ.get(name):
        pytest.fail(f"{name} is not set: Bazel sets it", pytrace=False)
    return Path(os.environ[name]).absolute()


@dataclass(frozen=True)
class Result:
    status: int
    stdout: str
    stderr: str


@dataclass(frozen=True)
class Shell:
    """A user's surroundings: a home of their own, no network, nothing set but what is said here."""

    home: Path
    path: tuple[str, ...] = ("/usr/bin", "/bin")
    variables: dict[str, str] = field(default_factory=dict)

    def run(self, *command: object, **variables: str) -> Result:
        environment = {
            "HOME": str(self.home),
            "PATH": ":".join(self.path),
            "LC_ALL": "C.UTF-8",
            **self.variables,
            **variables,
        }
        done = subprocess.run(
            [*map(str, command)],
            cwd=self.home,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        return Result(done.returncode, done.stdout, done.stderr)

    def of(self, *folders: object) -> "Shell":
        """Returns the same with these folders in front of the search path."""
        return replace(self, path=(*map(str, folders), *self.path))

    def check(self, *command: object, **variables: str) -> str:
        """Runs what must succeed; returns its output."""
        result = self.run(*command, **variables)
        if result.status:
            pytest.fail(
                f"{' '.join(map(str, command))}: {result.status}\n{result.stdout}{result.stderr}", pytrace=False
            )
        return result.stdout


@dataclass(frozen=True)
class Python:
    """An interpreter, its version, whether it can put pip into an environment, and whether it is the build's own.

    The build's is started through a script of its folder, which no environment can link to.
    """

    path: Path
    version: tuple[int, int]
    has_pip: bool
    pinned: bool

    @property
    def supported(self) -> bool:
        return self.version >= (3, 9)


@dataclass(frozen=True)
class Environment:
    """Where the wheel is installed: how Python and a command are started there, and who installed it."""

    python: list[str]
    site: Path
    scripts: Path
    installer: str

    def command(self, name: str) -> list[str]:
        script = str(self.scripts / name)
        return [script] if len(self.python) == 1 else [*self.python, script]


def interpreters(pinned: Path) -> Iterable[Path]:
    """Every Python that is named on the search path or that a version manager keeps, and the build's."""
    yield pinned
    for folder in map(Path, os.get_exec_path()):
        yield from sorted([*folder.glob("python[23].[0-9]"), *folder.glob("python3.[0-9][0-9]")])
    if root := os.environ.get("PYENV_ROOT"):
        yield from sorted(Path(root).glob("versions/*/bin/python"))


@pytest.fixture(scope="session")
def pythons() -> list[Python]:
    """One interpreter for each minor version on this machine, oldest first; rather one that has pip than the build's."""
    found: dict[tuple[int, int], Python] = {}
    pinned = Path(sys.executable)
    for path in interpreters(pinned):
        answer = subprocess.run([str(path), "-c", ASK], capture_output=True, text=True, check=False, timeout=60)
        if answer.returncode:
            continue
        major, minor, pip = map(int, answer.stdout.split())
        python = Python(path, (major, minor), bool(pip), path == pinned)
        if python.version not in found or found[python.version].pinned or python.has_pip:
            found[python.version] = python
    return [found[version] for version in sorted(found)]


@pytest.fixture(scope="session")
def uv() -> Path:
    return told("VIBERUN_UV")


@pytest.fixture(scope="session")
def node() -> Path:
    """The folder with node, npm and npx."""
    return told("VIBERUN_NODE") / "bin"


@pytest.fixture(scope="session")
def pinned() -> Path:
    """The interpreter that the build runs."""
    return Path(sys.executable)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """An empty home; also the working folder."""
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


@pytest.fixture
def shell(home: Path) -> Shell:
    return Shell(home)


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel under the name that its metadata gives it: the build's file has none of its own."""
    made = told("VIBERUN_WHEEL")
    with zipfile.ZipFile(made) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        metadata = Parser().parsestr(archive.read(name).decode())
    project = str(metadata["Name"]).replace("-", "_")
    named = tmp_path_factory.mktemp("wheel") / f"{project}-{metadata['Version']}-py3-none-any.whl"
    shutil.copyfile(made, named)
    return named


@pytest.fixture(scope="session")
def tgz(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The npm package."""
    named = tmp_path_factory.mktemp("npm") / "viberun.tgz"
    shutil.copyfile(told("VIBERUN_NPM_TGZ"), named)
    return named


@pytest.fixture(scope="session")
def package_json(tgz: Path) -> dict[str, object]:
    with tarfile.open(tgz) as archive:
        member = archive.extractfile("package/package.json")
        assert member is not None
        document: dict[str, object] = json.load(member)
        return document


@pytest.fixture(scope="session")
def program(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The PEX that the wheel carries, as a file."""
    file = tmp_path_factory.mktemp("program") / "viberun"
    with zipfile.ZipFile(wheel) as archive:
        file.write_bytes(archive.read("viberun/vendor/viberun"))
    return file


@pytest.fixture(scope="session")
def build(program: Path) -> dict[str, object]:
    """The version.json that the PEX holds."""
    with zipfile.ZipFile(io.BytesIO(program.read_bytes())) as archive:
        document: dict[str, object] = json.loads(archive.read("viberun/version.json"))
        return document


@pytest.fixture(scope="session")
def semver(build: dict[str, object]) -> str:
    return str(build["version"])


@pytest.fixture(scope="session", params=["oldest", "newest"])
def python(request: pytest.FixtureRequest, pythons: list[Python]) -> Python:
    supported = [python for python in pythons if python.supported]
    if len(supported) < 2:
        pytest.fail(f"it takes two versions of Python from 3.9 on, and here is {supported}", pytrace=False)
    return supported[0] if request.param == "oldest" else supported[-1]


@pytest.fixture(scope="session")
def environment(python: Python, wheel: Path, uv: Path, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """An environment with the wheel in it, installed by pip, or by uv where this Python has no pip."""
    home = tmp_path_factory.mktemp("environment")
    shell, folder = Shell(home), home / "installed"
    install = [uv, "pip", "install", "--quiet", "--offline", wheel]
    if python.pinned:
        shell.check(*install, "--python", python.path, "--target", folder)
        return Environment(["env", f"PYTHONPATH={folder}", str(python.path)], folder, folder / "bin", "uv-pip")
    if python.has_pip:
        shell.check(python.path, "-m", "venv", folder)
        shell.check(folder / "bin/python", "-m", "pip", "install", "--quiet", "--no-index", wheel)
    else:
        shell.check(uv, "venv", "--quiet", "--offline", "--python", python.path, folder)
        shell.check(*install, "--python", folder)
    (site,) = folder.glob("lib/python3*/site-packages")
    return Environment([str(folder / "bin/python")], site, folder / "bin", "pip" if python.has_pip else "uv-pip")
