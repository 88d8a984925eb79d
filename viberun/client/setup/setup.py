"""Brings client, server and images to one build: `viberun setup` and `viberun update`.

Each step looks first and does only what is missing, so running it again finishes what was cut off.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from viberun import channel as channels
from viberun.client.download.fetch import Fetcher, shown
from viberun.client.download.resolver import Resolved
from viberun.client.host import handshake
from viberun.client.host.handshake import Server
from viberun.client.host.remote import EngineError, HostFacts, NoServerError, Remote, RemoteError, no_root
from viberun.client.host.ssh import Connection
from viberun.client.identity import Identity
from viberun.client.prompts import Prompts
from viberun.client.screen import Screen
from viberun.client.setup import images, installation, target
from viberun.client.setup.decide import Decision, Verdict, decide
from viberun.client.setup.images import Outcome
from viberun.client.setup.target import Target
from viberun.client.store import Store
from viberun.errors import ViberunError
from viberun.fields import Fields
from viberun.platforms import PLATFORMS, platform_of
from viberun.version import Order, Version

_DISTRIBUTIONS = ("debian", "ubuntu")
# Below it nothing is begun: the server takes 60 MB unpacked, an image some hundreds.
_LEAST_MB = 300
_LITTLE_MB = 2000


class UnsupportedError(RemoteError):
    """A host that viberun does not run on."""


@dataclass(frozen=True)
class Setup:
    """What setting up a host takes; `fresh` is whether a host without a server gets one, and Docker.

    `allow_rollback` is the user's consent to an older build than was seen before.
    """

    identity: Identity
    environ: Mapping[str, str]
    fetch: Fetcher
    state: Store
    screen: Screen
    prompts: Prompts
    fresh: bool = True
    allow_rollback: bool = False

    def run(self, connection: Connection) -> Remote:
        """Brings the host to the target; returns it, ready to be called. Raises ViberunError."""
        host = connection.host
        with self.screen.step(f"looking at {host}") as step:
            facts = Remote(connection, environ=self.identity.environ).look()
            platform = supported_platform(host, facts, with_engine=self.fresh)
            step.done(f"{host} is {_distribution(facts)} on {platform}, as {facts.user}")
        if self.fresh and _megabytes(facts)[1] < _LITTLE_MB:
            self.screen.warn(f"warning: {host} has only {_megabytes(facts)[1]} MB left for images and apps")
        remote = Remote(connection, facts.root, self.identity.environ, self.screen.warn)
        if facts.absent and not self.fresh:
            raise NoServerError(f"there is no viberun-server on {host}", remedy=f"run 'viberun setup {host}'")
        with self.screen.step("asking the channel") as step:
            found = self._find()
            step.done(f"the channel has {found.version}")
        server = None if facts.absent else Server.read(facts.server or "")
        install = self.wanted(found, server)
        self.bring(remote, platform, found, server, install=install)
        return remote

    def bring(
        self, remote: Remote, platform: str, found: Target, server: Server | None, *, install: bool = True
    ) -> Server:
        """Does what there is to do, installing the target or without; returns what the server is then."""
        resolved = found.resolved
        by = images.digests(self.identity, self.environ, resolved.manifest, signed=resolved.signer is not None)
        if self.fresh:
            self._docker(remote)
        if install:
            self._install(remote, found, platform, server)
        now, docker = self._self_check(remote)
        outcomes: list[Outcome] = []
        if now.version is not None and now.version.compare(found.version) is Order.SAME:
            outcomes = self._images(remote, by)
            self._record(remote, found, platform, outcomes)
        self._summary(remote.host, now.version, docker, outcomes)
        return now

    def _find(self) -> Target:
        return target.find(self.identity, self.environ, self.fetch, self.state)

    def wanted(self, found: Target, server: Server | None) -> bool:
        """Whether the target gets installed: as the table says, and the user."""
        if found.fallen_from is not None:
            had = "and this client is" if found.fallen_from == self.identity.version else "and before it had"
            self.screen.warn(
                f"warning: the channel at {shown(found.resolved.place.base)} has {found.version}, {had}"
                f" {found.fallen_from}: somebody put it back, or put an old copy in its place"
            )
        if found.held_back is not None:
            self.screen.warn(f"warning: {found.held_back}")
        if server is None:
            question = f"Install {found.version} all the same?"
            if found.fallen_from is not None:
                return self._consents(question, needed=True)
            if found.held_back is not None and not self.prompts.yes(question, default=False):
                raise ViberunError(
                    "nothing was installed", remedy="see why main's builds are not released, or say --yes"
                )
            return True
        decision = self._decision(found, server.version)
        if decision.verdict is Verdict.ASK:
            if found.fallen_from is not None:
                return self._consents(decision.question, needed=self.prompts.always is True)
            return self.prompts.yes(decision.question, default=decision.default and found.held_back is None)
        if decision.verdict is Verdict.UP_TO_DATE:
            self.screen.line(f"Server is {decision.server}: up to date.")
        else:
            self.screen.line(f"Server is {decision.server}, which is newer than {self._measure(decision)}: it stays.")
        if decision.client_behind:
            self.screen.line(
                f"This client is behind ({self.identity.version}): update it with '{self.identity.refresh}'."
            )
        return False

    def _consents(self, question: str, *, needed: bool) -> bool:
        """Whether the user wants an older build: --yes does not say so, a person who is asked may.

        Raises ViberunError where there is no consent and it is needed for what the command line asks for.
        """
        always = False if self.prompts.always is False else self.allow_rollback or None
        if replace(self.prompts, always=always).yes(question, default=False):
            return True
        if needed:
            raise ViberunError(
                "nothing was installed", remedy="wait until the channel is newer again, or say --allow-rollback"
            )
        return False

    def _decision(self, found: Target, server: Version | None) -> Decision:
        identity = self.identity
        return decide(identity.channel, identity.version, server, found.version, pinned=found.pinned)

    def _measure(self, decision: Decision) -> str:
        return (
            f"this client ({self.identity.version})" if decision.client_behind else f"the channel ({decision.target})"
        )

    def _docker(self, remote: Remote) -> None:
        with self.screen.step("looking for Docker") as step:
            did: list[str] = []

            def note(word: str, rest: str) -> None:
                if word == "doing":
                    did.append(rest)
                    step.doing(f"{rest} (this may take minutes)" if "install" in rest else rest)

            try:
                remote.step("docker", [], note)
            except RemoteError as error:
                raise installation.failure(error, remote.host) from None
            step.done("Docker is installed" if any("install" in each for each in did) else "Docker is there")

    def _install(self, remote: Remote, found: Target, platform: str, server: Server | None) -> None:
        with self.screen.step(f"installing viberun-server {found.version}") as step:

            def again() -> Resolved:
                return self._find().resolved

            installation.install(remote, found.resolved, platform, self.fetch, step, again)
            was = f" (was {server.version or 'of an unknown version'})" if server else ""
            step.done(f"viberun-server is {found.version}{was}")

    def _self_check(self, remote: Remote) -> tuple[Server, str]:
        """Asks the server that is there now what it finds; returns what it is, and Docker's version."""
        with self.screen.step("checking the server") as step:
            said = remote.ask(["self-check"])
            now = Server.of(Fields(said, "", []))
            handshake.require_compatible_server(now, remote.host, self.identity.refresh)
            docker = said.get("docker")
            facts = docker if isinstance(docker, dict) else {}
            if facts.get("reachable") is not True:
                raise EngineError(
                    f"Docker on {remote.host} can't be reached: {facts.get('problem') or 'it does not say why'}",
                    remedy="see to 'systemctl status docker' there and run the same command again",
                )
            version = str(facts.get("version") or "of an unknown version")
            step.done(f"the server is sound, Docker is {version}")
            return now, version

    def _images(self, remote: Remote, by: Mapping[str, str]) -> list[Outcome]:
        missing = images.nameless(self.identity)
        if missing:
            self.screen.warn(
                "warning: this viberun was built without a repository and knows no images;"
                f" set {' and '.join(missing)} to have them pulled"
            )
        if len(missing) == len(channels.IMAGES):
            return []
        return images.pull(remote, by, self.screen)

    def _record(self, remote: Remote, found: Target, platform: str, outcomes: list[Outcome]) -> None:
        by = {outcome.name: outcome for outcome in outcomes}
        arguments = [found.version.semver, self.identity.channel, found.resolved.file("server", platform).sha256]
        failed = any(outcome.failed for outcome in outcomes)
        arguments.append("failed" if failed else "complete" if outcomes else "none")
        for name, variable in channels.IMAGES.items():
            arguments += [
                name,
                self.identity.settings.get(variable, "none"),
                by[name].digest or "none" if name in by else "none",
            ]
        try:
            remote.step("record", arguments, lambda word, rest: None)
        except RemoteError as error:
            raise installation.failure(error, remote.host) from None

    def _summary(self, host: str, at: Version | None, docker: str, outcomes: list[Outcome]) -> None:
        styled = self.screen.styled
        there = [f"{each.name} ({each.status})" for each in outcomes]
        self.screen.line()
        self.screen.line(f"{styled(host, 'bold')} is ready.")
        self.screen.line(f"  server  {at or 'of an unknown version'}")
        self.screen.line(f"  Docker  {docker}")
        if there:
            self.screen.line(f"  images  {', '.join(there)}")
        self.screen.line("Next: 'viberun vibe APP' makes an app and opens it; 'viberun apps' lists them.")


def supported_platform(host: str, facts: HostFacts, *, with_engine: bool) -> str:
    """Returns the host's platform; raises UnsupportedError or RemoteError where viberun can't work there."""
    distribution, like = _distribution(facts), facts.distribution.partition(",")[2]
    if facts.system != "Linux":
        raise UnsupportedError(f"{host} runs {facts.system}", remedy="use a host with Debian or Ubuntu")
    platform = platform_of(facts.system, facts.machine)
    if platform not in PLATFORMS:
        raise UnsupportedError(f"{host} is a {facts.machine} machine", remedy="use one with amd64 or arm64")
    if not {distribution.split(" ")[0], *like.split()} & set(_DISTRIBUTIONS):
        raise UnsupportedError(
            f"{host} runs {distribution or 'a Linux that does not say its name'}",
            remedy="use a host with Debian or Ubuntu",
        )
    if facts.root not in ("direct", "sudo"):
        raise no_root(host, facts.root)
    free = min(_megabytes(facts))
    if with_engine and free < _LEAST_MB:
        raise RemoteError(
            f"the disk of {host} is full: {free} MB are free, and {_LEAST_MB} are needed",
            remedy="free some space under /usr/local and /var/lib there and run the same command again",
        )
    return platform


def _distribution(facts: HostFacts) -> str:
    return facts.distribution.partition(",")[0].strip()


def _megabytes(facts: HostFacts) -> tuple[int, int]:
    """Returns what is free for the server and for Docker; plenty where the host does not tell."""
    found = [int(each) // 1024 if each.isdigit() else 10**6 for each in facts.free.split()]
    return (found[0], found[1]) if len(found) == 2 else (10**6, 10**6)
