"""All that the tests of a host share: the network, what is published on it, and the people on the laptop."""

import contextlib
import itertools
import os
import shutil
import subprocess
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.e2e.host import debian_root, network, release
from tests.e2e.host.authority import Authority
from tests.e2e.host.debian_root import PERSON
from tests.e2e.host.machine import Machine
from tests.e2e.host.network import Network
from tests.e2e.host.registry import Registry
from tests.e2e.host.release import Release
from tests.e2e.host.sites import Site, serving
from tests.e2e.host.terminal import Terminal

ASSETS = "release-assets.githubusercontent.com"
RELEASES = ("older", "newer", "twin", "prod")


@dataclass(frozen=True)
class Person:
    """A user of the laptop, at first with an empty home folder but for the key that hosts let in."""

    laptop: Machine
    name: str

    @property
    def home(self) -> Path:
        return self.laptop.path(f"/home/{self.name}")

    def call(self, client: str, *arguments: str, **options: object) -> "subprocess.CompletedProcess[str]":
        """Runs the client of that release without a terminal."""
        return self.laptop.call(f"/opt/{client}/viberun", *arguments, user=self.name, **options)  # type: ignore[arg-type]

    def run(self, client: str, *arguments: str, **options: object) -> str:
        """`call` that returns standard output, and fails where the client does."""
        done = self.call(client, *arguments, **options)
        assert done.returncode == 0, f"viberun {' '.join(arguments)}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout

    def terminal(self, client: str, *arguments: str, **environment: str) -> Terminal:
        return self.laptop.terminal(f"/opt/{client}/viberun", *arguments, user=self.name, **environment)

    def knows(self, host: Machine) -> None:
        """Puts the host's key into known_hosts, as somebody has it who was there before."""
        key = host.path("/etc/ssh/ssh_host_ed25519_key.pub").read_text()
        with (self.home / ".ssh/known_hosts").open("a") as known:
            known.write(f"{host.name} {key}")


@dataclass
class World:
    network: Network
    github: Site
    registry: Registry
    push_to: str
    releases: Mapping[str, Release]
    archive: Site
    serving_registry: contextlib.ExitStack
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    @property
    def laptop(self) -> Machine:
        return self.network.laptop

    @contextlib.contextmanager
    def registry_replaced(self, site: Site | None) -> Iterator[None]:
        """Lets `site` be ghcr.io for as long as the block, or nothing at all."""
        self.serving_registry.close()
        try:
            with contextlib.ExitStack() as stack:
                if site is not None:
                    place = (self.laptop, network.REGISTRY, 443, self.registry.certificate)
                    stack.enter_context(serving(site, *place))
                yield
        finally:
            self.serving_registry.enter_context(self.registry.running())

    def promote(self, name: str) -> Release:
        """Makes that release what its channel stands at."""
        self.releases[name].promote(self.github, self.registry, self.push_to)
        return self.releases[name]

    def person(self, *knows: Machine) -> Person:
        person = Person(self.laptop, f"person{next(self._numbers)}")
        self.laptop.root(f"useradd --create-home --shell /bin/bash {person.name}")
        self.laptop.root(f"cp -r /home/{PERSON}/.ssh /home/{person.name}/")
        (person.home / ".ssh/config").write_text(f"User {PERSON}\n")
        for host in knows:
            person.knows(host)
        self.laptop.root(f"chown -R {person.name}: /home/{person.name}")
        return person


@contextlib.contextmanager
def made(folder: Path, more: Sequence[str] = ()) -> Iterator[World]:
    """Builds the root file system, with `more` packages, and starts everything; with the block it all ends."""
    lower, authority = _root(folder, more)
    releases = {name: release.read(f"VIBERUN_HOST_{name.upper()}") for name in RELEASES}
    certificates = folder / "certificates"
    certificates.mkdir()
    github = Site(elsewhere=ASSETS)
    archive = Site(files={f"/debian/{path}": lower / "srv/debian" / path for path in debian_root.packages(lower)})
    (folder / "registry").mkdir()
    with network.made(lower, folder / "machines") as net, contextlib.ExitStack() as stack:
        stack.enter_context(serving(archive, net.laptop, network.ARCHIVE, 80))
        identity = authority.issue(certificates, ["github.com", ASSETS])
        stack.enter_context(serving(github, net.laptop, network.GITHUB, 443, identity))
        identity = authority.issue(certificates, ["ghcr.io"])
        registry = Registry(net.laptop, network.REGISTRY, folder / "registry", identity)
        push_to = stack.enter_context(registry.pushing())
        for name, made_release in releases.items():
            made_release.stage(github)
            made_release.push(registry, push_to)
            _install(net.laptop, made_release, name)
        # Apart, since tests end it.
        serving_registry = stack.enter_context(contextlib.ExitStack())
        serving_registry.enter_context(registry.running())
        world = World(net, github, registry, push_to, releases, archive, serving_registry)
        world.promote("older")
        world.promote("prod")
        yield world


def _install(laptop: Machine, of: Release, name: str) -> None:
    """Unpacks the client to /opt/NAME/viberun."""
    target = laptop.path(f"/opt/{name}")
    target.mkdir(parents=True)
    with tarfile.open(of.file("client")) as tarball:
        tarball.extractall(target, filter="data")


def _root(folder: Path, more: Sequence[str]) -> tuple[Path, Authority]:
    """The root file system of all machines: a new one, or that which VIBERUN_HOST_ROOT keeps between runs."""
    kept = os.environ.get("VIBERUN_HOST_ROOT")
    place = Path("-".join([kept, *more])) if kept else folder / "lower"
    key = place / "authority.key"
    if not key.exists():
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
        authority = Authority.new()
        debian_root.make(place / "root", authority.certificate, os.environ, more)
        key.write_bytes(authority.key)
    authority = Authority(key.read_bytes(), (place / "root/usr/local/share/ca-certificates/tests.crt").read_bytes())
    return place / "root", authority
