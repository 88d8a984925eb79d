"""The npm package, published by npm's own command under the channel's dist-tag.

npm knows no staging: a version is there, and its dist-tag moved, in one step. So the tag is looked at before that step,
and again after it, when another run may have taken the channel.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from release.bundle.model import Artifact, Bundle
from release.destinations.destination import Holder, Published, Receipt, RemoteDestination, Row, Standing
from release.destinations.named_copy import named_copy
from release.destinations.npm import packument
from release.destinations.npm.client import Npm, NpmError, PublishedError, UnsignedError
from release.destinations.npm.packument import Packument
from release.destinations.npm.trust import Job, Trust, UntrustedError
from release.destinations.settling import settle
from release.driver.outcome import Change, Done, Plan, Problems, Skipped
from release.driver.progress import Meter
from release.transport.http import Http, UnansweredError, ensure
from viberun.errors import VersionError, ViberunError
from viberun.version import Version

_TRUSTED = (11, 5, 1)
_TRUSTED_NODE = (22, 14)
"""The first npm and Node.js that trusted publishing works with."""

_ROUNDS = 20


class NpmPublishError(ViberunError):
    """The registry has something else than what was built, or would go back to it."""


class OvertakenError(ViberunError):
    """The channel is another build's now, and the dist-tag newer than this one."""


@dataclass(frozen=True)
class Package:
    """What is to be published: `viberun` in a version, and the dist-tag that is to name it."""

    name: str
    version: Version
    tag: str
    path: Path
    artifact: Artifact

    @property
    def spec(self) -> str:
        return f"{self.name}@{self.version.npm}"


class NpmRegistry(RemoteDestination):
    """The dist-tag is to name the version of whoever `holder` says."""

    name = "npm"

    def __init__(self, http: Http, npm: Npm, environ: Mapping[str, str], holder: Holder) -> None:
        super().__init__(http)
        self._npm = npm
        self._job = Job.of(environ)
        self._holder = holder
        self._address: str | None = None
        self._trust: Trust | None = None
        """What `preflight` found out; None: npm is to be logged in."""

    def preflight(self, bundle: Bundle, meter: Meter) -> Problems:
        try:
            there = self._packument(_package(bundle).name)
            return Problems((*self._login_problems(bundle, there), *self._package_problems(bundle, there)))
        except ViberunError as error:
            return Problems((str(error),))

    def plan(self, bundle: Bundle, meter: Meter) -> Plan:
        package, there, changes = _package(bundle), self._packument(_package(bundle).name), []
        if there is None or package.version.npm not in there.versions:
            changes.append(Change("publish", package.spec, package.artifact.digest.size))
        now = there.tags.get(package.tag) if there else None
        if now != package.version.npm:
            changes.append(Change("move", f"dist-tag {package.tag} from {now or 'nothing'} to {package.version.npm}"))
        return Plan(tuple(changes))

    def publish(self, bundle: Bundle, meter: Meter) -> Done | Skipped:
        package = _package(bundle)
        if self._is_published(package):
            return Skipped(f"{package.spec} is there already")
        with named_copy(package.artifact) as named:
            meter.expect(package.artifact.digest.size)
            try:
                said = self._publish(bundle, named, meter)
            except OvertakenError as error:
                return Skipped(error.message)
        meter.moved(package.artifact.digest.size)
        return Done(f"{package.spec} published{said}")

    def promote(self, bundle: Bundle, meter: Meter) -> Done | Skipped:
        """Has the dist-tag name what the channel stands at, and ends when that was so after the last move."""
        moved = False
        for _ in range(_ROUNDS):
            package, version = _package(bundle), self._holder(bundle).build.version
            there = self._packument(package.name)
            if version == package.version and not self._lists(there, package):
                self._await(package, meter)
                continue
            if there is None or version.npm not in there.versions:
                return Skipped(f"left to {version}, which has taken its place")
            if there.tags.get(package.tag) == version.npm:
                return Done(f"{package.tag} is {version.npm}") if moved else Skipped(f"{package.tag} is {version.npm}")
            self._move(package, version)
            moved = True
        raise NpmPublishError(f"the dist-tag {package.tag} did not come to rest in {_ROUNDS} rounds")

    def verify(self, bundle: Bundle, meter: Meter) -> Done | Skipped:
        package = _package(bundle)

        def mismatched() -> Iterator[str]:
            if not (self._is_published(package) and self._tag_names(package, package.version)):
                yield f"{package.tag} does not name {package.spec}"

        taken = settle(self._http, bundle, self._holder, mismatched, meter.note)
        return taken or Done(f"{package.spec} is {package.tag}, without credentials")

    def receipt(self, bundle: Bundle) -> Receipt:
        package = _package(bundle)
        row = Row(package.spec, package.artifact.digest.size, f"sha256:{package.artifact.digest.sha256}")
        return Receipt(self._registry(), (row,), (f"npx --prefer-online -y {package.name}@{package.tag}",))

    def standing(self, channel: Published) -> Standing:
        version = channel.manifest.build.version
        there = self._packument(_name(channel.file("npm").name, version))
        now = there.tags.get(version.moving) if there else None
        tarball = there.versions.get(now) if there and now else None
        wrong = () if now == version.npm else (f"the dist-tag {version.moving} names {now or 'nothing'}",)
        return Standing(now, str(tarball) if tarball else None, wrong)

    def _login_problems(self, bundle: Bundle, there: Packument | None) -> Iterator[str]:
        """Tells why nobody may publish: this job is not trusted, nor is npm logged in."""
        untrusted: list[str] = []
        if self._job and there:
            try:
                trust = self._job.exchange_token(self._http, self._registry(), _package(bundle).name)
                untrusted += self._outdated()
                if not untrusted:
                    self._trust = trust
                    return
            except UntrustedError as error:
                untrusted.append(str(error))
        try:
            ensure(self._http, lambda: None, self._npm.user)
        except ViberunError as error:
            yield from untrusted or [str(error)]

    def _outdated(self) -> Iterator[str]:
        for name, version, least in (
            ("npm", self._npm.version(), _TRUSTED),
            ("Node.js", self._npm.node(), _TRUSTED_NODE),
        ):
            if version < least:
                here, wanted = (".".join(map(str, each)) for each in (version, least))
                yield f"{name} is {here}, and trusted publishing takes {wanted}; install a newer one"

    def _package_problems(self, bundle: Bundle, there: Packument | None) -> Iterator[str]:
        package = _package(bundle)
        if there is None and package.version.channel == "dev":
            yield (
                f"there is no package {package.name} yet, and the first version of all becomes 'latest' too;"
                " release a prod version first, with a token (trusted publishing needs a package that exists)"
            )
        elif there is not None:
            for problem in (self._conflict(there, package), _backwards(there, package)):
                if problem:
                    yield str(problem)

    def _refuse_going_back(self, bundle: Bundle) -> None:
        """Raises where publishing would have the dist-tag go back."""
        package = _package(bundle)
        there = self._packument(package.name)
        if obstacle := _backwards(there, package) if there else None:
            if (holder := self._holder(bundle)) != bundle.manifest:
                raise OvertakenError(f"left to {holder.build.version}, which has taken its place")
            raise obstacle

    def _publish(self, bundle: Bundle, file: Path, meter: Meter) -> str:
        """Publishes and waits until the registry shows it; returns what is to be said about provenance."""
        package = _package(bundle)
        try:
            said = self._upload(bundle, file, meter)
        except PublishedError:
            said = ""  # npm/cli#7376: by this very run, or another; what is there gets compared
        except NpmError:
            if not self._is_published(package):
                raise
            said = ""
        self._await(package, meter)
        return said

    def _upload(self, bundle: Bundle, file: Path, meter: Meter) -> str:
        """Publishes with provenance, if need be without; returns what is to be said about that."""
        package, trust, why = _package(bundle), self._trust, ""

        def make(provenance: bool | None) -> bool:
            self._refuse_going_back(bundle)
            self._http.count_sent(package.artifact.digest.size)
            self._npm.publish(file, package.tag, provenance=provenance, trusted=trust.remedy if trust else None)
            return True

        def signed() -> bool:
            nonlocal why
            wanted = True if trust and trust.public else None
            try:
                ensure(
                    self._http, lambda: self._is_published(package) or None, lambda: make(wanted), known_missing=True
                )
            except UnsignedError as error:
                why = error.message
                return False
            return True

        if self._http.wait_until(signed, lambda _: meter.note("waits for the service that signs provenance")):
            return ""
        _, made = ensure(self._http, lambda: self._is_published(package) or None, lambda: make(False))
        return f" without provenance, as the signing service failed ({why})" if made else ""

    def _await(self, package: Package, meter: Meter) -> None:
        if self._http.wait_until(lambda: self._is_published(package), meter.note, self._http.patience.scan):
            return
        raise UnansweredError(
            f"{self._registry()}{package.name} does not show {package.version.npm}",
            remedy="run the same command again",
        )

    def _move(self, package: Package, version: Version) -> None:
        def make() -> bool:
            self._npm.add_tag(package.name, version.npm, package.tag)
            return True

        try:
            ensure(self._http, lambda: self._tag_names(package, version) or None, make)
        except NpmError as error:
            raise NpmPublishError(
                f"{package.tag} does not name {version.npm}: {error.message}",
                remedy=f"run 'npm dist-tag add {package.name}@{version.npm} {package.tag}' as one who may publish"
                " (trusted publishing can't)",
            ) from error

    def _tag_names(self, package: Package, version: Version) -> bool:
        there = self._packument(package.name)
        return there is not None and there.tags.get(package.tag) == version.npm

    def _is_published(self, package: Package) -> bool:
        """Tells whether it is there. Raises NpmPublishError if other bytes are."""
        there = self._packument(package.name)
        if there and (conflict := self._conflict(there, package)):
            raise conflict
        return self._lists(there, package)

    def _lists(self, there: Packument | None, package: Package) -> bool:
        return there is not None and package.version.npm in there.versions

    def _conflict(self, there: Packument, package: Package) -> NpmPublishError | None:
        tarball = there.versions.get(package.version.npm)
        if tarball is None or tarball.is_of(package.path):
            return None
        return NpmPublishError(
            f"{self._registry()} has {package.spec} with {tarball}, which is not what was built here",
            remedy="one version has one set of bytes: find out which build that is from",
        )

    def _packument(self, package: str) -> Packument | None:
        return packument.fetch(self._http, self._registry(), package)

    def _registry(self) -> str:
        if self._address is None:
            self._address = self._npm.registry()
        return self._address


def _package(bundle: Bundle) -> Package:
    artifact, version = bundle.artifact("npm"), bundle.manifest.build.version
    if artifact is None:
        raise NpmPublishError("the build has no npm package")
    return Package(_name(artifact.name, version), version, version.moving, artifact.path, artifact)


def _name(file: str, version: Version) -> str:
    """Returns the package's name, out of its file's."""
    return file.removesuffix(f"-{version.npm}.tgz")


def _backwards(there: Packument, package: Package) -> ViberunError | None:
    """Tells why the dist-tag must not move to the package."""
    try:
        now = there.tagged(package.tag)
    except VersionError as error:
        return error
    if now is None or now.precedence <= package.version.precedence:
        return None
    return NpmPublishError(
        f"the dist-tag {package.tag} names {now.npm}, which is newer than {package.version.npm}, and never goes back",
        remedy="release a commit that comes after it",
    )
