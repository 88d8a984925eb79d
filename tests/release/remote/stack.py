"""All four places that a release goes to, on this machine, each behind a gate; and the driver as a process of its own.

docker-registry (with tokens, as ghcr.io), verdaccio and pypiserver are real; GitHub is `tests.release.github`.
"""

import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from multiprocessing.process import BaseProcess
from pathlib import Path

from release.bundle.model import Bundle
from release.signing.signer import Trust
from tests.release import fabricated
from tests.release.builds import Builds
from tests.release.github.access import Access
from tests.release.github.server import GitHub
from tests.release.github.state import utc_now
from tests.release.remote import driving
from tests.release.servers.docker_registry import DockerRegistry
from tests.release.servers.gate import Gate
from tests.release.servers.pypi_server import PypiServer
from tests.release.servers.token_server import TokenServer
from tests.release.servers.verdaccio import Verdaccio
from tests.release.signing import varied, written
from tests.sigstore.server import SigstoreServer
from viberun import channel

USER = "maintainer"
TOKEN = "gho_0123456789abcdefghijklmnopqrstuvwxyz"
NPM_PASSWORD = "npm-p4ssw0rd-that-nobody-sees"
PYPI_PASSWORD = "pypi-p4ssw0rd-that-nobody-sees"
REPOSITORY = "Some-Owner/viberun"
IMAGES = tuple(f"{REPOSITORY.lower()}/{name}" for name in channel.IMAGES)
MARK = "VIBERUN_TEST_RUN"
_LONGEST = 300.0
# What the public registries let caches do.
_CACHED = {"npm": {"Cache-Control": "public, max-age=300"}, "pypi": {"Cache-Control": "max-age=600, public"}}


@dataclass(frozen=True)
class Ended:
    """How a driver ended, and all it printed."""

    status: int
    out: str
    err: str


@dataclass
class Run:
    """A driver that was started; the programs that it starts carry its mark in their environment.

    What it prints is in two files that are called as its mark.
    """

    process: BaseProcess
    mark: str
    killed: bool = False

    def wait(self) -> Ended:
        self.process.join(_LONGEST)
        assert self.process.exitcode is not None, f"the driver {self.mark} has not ended"
        out, err = (Path(f"{self.mark}.{name}").read_text() for name in ("out", "err"))
        return Ended(self.process.exitcode, out, err)

    def kill(self) -> None:
        """SIGKILL for the driver and for the programs that it has started: as if the machine had lost its power."""
        self.killed = True
        self.process.kill()
        for pid in processes_with(self.mark):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue


def processes_with(mark: str) -> list[int]:
    """Every process that was started with this mark."""
    found = []
    wanted = f"{MARK}={mark}".encode()
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                if wanted in (folder / "environ").read_bytes().split(b"\0"):
                    found.append(int(folder.name))
            except OSError:
                continue
    return found


@dataclass
class Stack:
    """The servers, entered; `gates` are github, ghcr, npm, pypi and sigstore, whose documents `trust` has."""

    folder: Path
    github: GitHub
    registry: DockerRegistry
    verdaccio: Verdaccio
    pypi: PypiServer
    gates: Mapping[str, Gate]
    tokens: TokenServer
    sigstore: SigstoreServer
    trust: Trust
    builds: Builds
    variables: dict[str, str] = field(default_factory=dict)
    _runs: int = 0

    def start(self, bundle: Bundle, *arguments: str, environ: Mapping[str, str] | None = None) -> Run:
        """Starts `//release:dev` or `:prod`, as the bundle says, with `--to remote`."""
        self._runs += 1
        mark = f"{self.folder}/{self._runs}"
        own = {**self.job(bundle), "RUNFILES_DIR": str(runfiles_of(bundle)), MARK: mark}
        variables = {**self.variables, **own, **(environ or {})}
        command = [*self.files, "--to", "remote", *arguments]
        out, err = Path(f"{mark}.out"), Path(f"{mark}.err")
        return Run(driving.start(command, variables, self.folder, out, err), mark)

    def job(self, bundle: Bundle) -> dict[str, str]:
        """By what the job that releases a build in Actions gets its token, and nothing else that jobs have."""
        return {
            name: value.replace(self.sigstore.instance.url, self.gates["sigstore"].url)
            for name, value in self.sigstore.job(**varied(bundle.manifest.build)).items()
        }

    @property
    def files(self) -> list[str]:
        """What Bazel names to the driver."""
        return [fabricated.BUNDLE, str(self.trust.trusted_root), str(self.trust.signing_config)]

    def release(self, bundle: Bundle, *arguments: str, environ: Mapping[str, str] | None = None) -> Ended:
        return self.start(bundle, *arguments, environ=environ).wait()

    def released(self, bundle: Bundle, *arguments: str) -> Ended:
        """Releases; raises AssertionError with what it said if it failed."""
        ended = self.release(bundle, *arguments)
        assert ended.status == 0, f"{ended.err}\n{ended.out}"
        return ended

    def begin(self) -> Bundle:
        """Makes the first release of all, a prod one, without which there is no npm package."""
        bundle = self.builds.prod("0.9.0", self.builds.commit("the first"))
        self.released(bundle)
        return bundle

    def next(self) -> Bundle:
        """A dev build of a new commit."""
        return self.builds.dev(self.builds.commit())


def runfiles_of(bundle: Bundle) -> Path:
    """The folder below which `fabricated.make` put everything."""
    artifact = bundle.artifact("wheel")
    assert artifact
    return artifact.path.parents[1]


@contextmanager
def stack(
    folder: Path,
    verdaccio_script: Path,
    path: str = os.environ["PATH"],
    clock: Callable[[], datetime] = utc_now,
) -> Iterator[Stack]:
    """Starts everything below an empty folder; `path` is where npm is, `clock` GitHub's."""
    with ExitStack() as entered:
        names = ("registry", "verdaccio", "pypi", "home", "trust", "builds", "work", "temporary")
        places = {name: folder / name for name in names}
        for place in places.values():
            place.mkdir(parents=True)
        github = entered.enter_context(GitHub(REPOSITORY, clock))
        github.tokens[TOKEN] = Access()
        github.limits.requests_an_hour = 10**6
        tokens = entered.enter_context(TokenServer({USER: TOKEN}))
        tokens.public.update(IMAGES)
        registry = entered.enter_context(DockerRegistry(places["registry"], tokens=tokens, memory=True))
        npm = entered.enter_context(Verdaccio(places["verdaccio"], verdaccio_script, {USER: NPM_PASSWORD}))
        pypi = entered.enter_context(PypiServer(places["pypi"], {USER: PYPI_PASSWORD}))
        sigstore = entered.enter_context(SigstoreServer())
        ports = {
            "github": github.port,
            "ghcr": registry.port,
            "npm": npm.port,
            "pypi": pypi.port,
            "sigstore": sigstore.port,
        }
        gates = {name: entered.enter_context(Gate(port, headers=_CACHED.get(name))) for name, port in ports.items()}
        npmrc = npm.npmrc(USER).replace(f"127.0.0.1:{npm.port}", gates["npm"].host)
        (places["home"] / ".npmrc").write_text(npmrc)
        sigstore.instance.authority.github = gates["github"].url
        builds = Builds(github, places["builds"], gates["github"].url, gates["ghcr"].host, publishable=True)
        yield Stack(
            places["work"],
            github,
            registry,
            npm,
            pypi,
            gates,
            tokens,
            sigstore,
            written(sigstore.instance, places["trust"], gates["sigstore"].host),
            builds,
            {
                "PATH": path,
                "HOME": str(places["home"]),
                "TMPDIR": str(places["temporary"]),  # what a killed driver leaves goes with the servers
                "LC_ALL": "C.UTF-8",
                "PYTHONPATH": os.pathsep.join(sys.path),
                "BUILD_WORKSPACE_DIRECTORY": str(places["work"]),
                **{name: value.replace(github.url, gates["github"].url) for name, value in github.env.items()},
                "GITHUB_ACTOR": USER,
                "GITHUB_TOKEN": TOKEN,
                "VIBERUN_OCI_REGISTRY": gates["ghcr"].host,
                "TWINE_REPOSITORY_URL": f"{gates['pypi'].url}/",
                "TWINE_USERNAME": USER,
                "TWINE_PASSWORD": PYPI_PASSWORD,
                "VIBERUN_HTTP_TIMEOUT": "10",
            },
        )
