"""The npm package, published by npm's own command under the channel's dist-tag.

npm knows no staging: a version is there, and its dist-tag moved, in one step. So the tag is looked at before that step,
and again after it, when another run may have taken the channel.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from release.bundle.model import Artifact, Bundle
from release.destinations.destination import Published, Receipt, RemoteDestination, Row, Standing
from release.destinations.named_copy import named_copy
from release.destinations.npm import packument
from release.destinations.npm.client import Npm, NpmError, PublishedError, SecondFactorError, UnsignedError
from release.destinations.npm.packument import Packument
from release.destinations.npm.trust import Job, Trust, UntrustedError
from release.driver.outcome import Change, Problems, StaleError
from release.driver.progress import Meter
from release.transport.http import Http, UnansweredError
from viberun.errors import VersionError, ViberunError
from viberun.version import Version

_TRUSTED = (11, 5, 1)
_TRUSTED_NODE = (22, 14)
"""The first npm and Node.js that trusted publishing works with."""


_MOST_VERSIONS = 5000
"""npm tells no limit, and has refused packages of some thousand versions."""

_TOO_MANY = (
    "npm has refused packages of some thousand; ask npm's support to delete old dev versions, or publish to a new name"
)


class NpmPublishError(ViberunError):
    """The registry has something else than what was built, or would go back to it."""


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
    name = "npm"

    def __init__(self, http: Http, npm: Npm, environ: Mapping[str, str]) -> None:
        super().__init__(http)
        self._npm = npm
        self._job = Job.of(environ)
        self._address: str | None = None
        self._trust: Trust | None = None
        """What `preflight` found out; None: npm is to be logged in."""

    def preflight(self, bundle: Bundle, meter: Meter) -> Problems:
        package = _package(bundle)
        try:
            there = self._packument(package.name)
            if there:
                many = f"{package.name} has {len(there.versions)} versions"
                meter.note_usage(len(there.versions), _MOST_VERSIONS, many, _TOO_MANY)
            logins, persons = self._login_problems(package, there)
            wrong = (self._conflict(there, package), _backwards(there, package)) if there else ()
            return Problems((*logins, *(str(each) for each in wrong if each)), tuple(persons))
        except ViberunError as error:
            return Problems((str(error),))

    def publish(self, bundle: Bundle) -> Iterator[Change]:
        """The registry looks through what it gets before it shows it."""
        package = _package(bundle)
        there = self._packument(package.name)
        if self._lists(there, package):
            return
        if obstacle := _backwards(there, package):
            raise obstacle
        size, within = package.artifact.digest.size, self._http.patience.scan

        def make(meter: Meter) -> str:
            return self._publish(package, meter)

        yield Change("publish", package.spec, size, make, within=within, scanned=True)

    def promote(self, held: Published) -> Iterator[Change]:
        """A newer version is left alone: another run's, or somebody's. Nothing moves a dist-tag backwards."""
        version, name = held.manifest.build.version, _name(held.file("npm").name, held.manifest.build.version)
        there = self._packument(name)
        now = there.tags.get(version.moving) if there else None
        if now == version.npm:
            return
        if there and (newer := there.tagged(version.moving)) and newer.precedence > version.precedence:
            yield Change("", f"the dist-tag {version.moving} names {now}, which is newer than {version.npm}")
            return
        move = (lambda meter: self._move(name, version)) if there and version.npm in there.versions else None
        yield Change("move", f"dist-tag {version.moving} from {now or 'nothing'} to {version.npm}", make=move)

    def verify(self, bundle: Bundle) -> Iterator[Change]:
        package = _package(bundle)
        there = self._packument(package.name)
        if not self._lists(there, package) or not there or there.tags.get(package.tag) != package.version.npm:
            yield Change("", f"{package.tag} does not name {package.spec}")

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

    def _login_problems(self, package: Package, there: Packument | None) -> tuple[list[str], list[str]]:
        """Tells why nobody may publish, and then what takes a person before anybody may: staging need not wait for that."""
        outdated, persons = list[str](), list[str]()
        if there and package.version.npm in there.versions and there.tags.get(package.tag) == package.version.npm:
            return [], []  # nothing is left to be done
        if there is None and package.version.channel == "dev":
            persons.append(
                f"there is no package {package.name} yet, and the first version of all becomes 'latest' too;"
                " release a prod version first, with a token (trusted publishing needs a package that exists)"
            )
        elif there is None and self._job:
            persons.append(
                f"there is no package {package.name} yet, and npm has only a person make one; {_by_hand(package)}"
            )
        elif self._job:
            try:
                trust = self._job.exchange_token(self._http, self._registry(), package.name)
                outdated += self._outdated()
                if not outdated:
                    self._trust = trust
                    return [], []
            except UntrustedError as error:
                persons.append(str(error))
        try:
            needed = self._http.waits.patiently(self._npm.second_factor, UnansweredError)
        except ViberunError as error:
            return outdated or ([] if self._job and persons else [str(error)]), persons
        if there is not None:
            persons.clear()  # whoever is logged in needs no trust
        if needed and not self._npm.ask:
            persons.append(f"npm asks for a second factor on a terminal, and there is none; {_by_hand(package)}")
        return [], persons

    def _outdated(self) -> Iterator[str]:
        for name, version, least in (
            ("npm", self._npm.version(), _TRUSTED),
            ("Node.js", self._npm.node(), _TRUSTED_NODE),
        ):
            if version < least:
                here, wanted = (".".join(map(str, each)) for each in (version, least))
                yield f"{name} is {here}, and trusted publishing takes {wanted}; install a newer one"

    def _publish(self, package: Package, meter: Meter) -> str:
        """Publishes with provenance, if need be without; returns what is to be said about that."""
        wanted, why = True if self._trust and self._trust.public else None, ""

        with named_copy(package.artifact) as named:

            def signed() -> bool:
                nonlocal why
                try:
                    self._upload(package, named, wanted)
                except UnsignedError as error:
                    why = error.message
                    return False
                return True

            meter.expect(package.artifact.digest.size)
            if self._http.wait_until(signed, lambda _: meter.note("waits for the service that signs provenance")):
                why = ""
            else:
                self._upload(package, named, False)
            meter.moved(package.artifact.digest.size)
        return f"without provenance, as the signing service failed ({why})" if why else ""

    def _upload(self, package: Package, file: Path, provenance: bool | None) -> None:
        """Raises StaleError where the dist-tag has moved on, as publishing would have it go back."""
        if _backwards(self._packument(package.name), package):
            raise StaleError(f"{package.tag} has moved on", remedy="run the same command again")
        self._http.count_sent(package.artifact.digest.size)
        try:
            self._npm.publish(
                file, package.tag, provenance=provenance, trusted=self._trust.remedy if self._trust else None
            )
        except PublishedError:
            pass  # npm/cli#7376: by this very run, or another; what is there gets compared
        except NpmError as error:
            if self._lists(self._packument(package.name), package):
                return
            if isinstance(error, SecondFactorError):
                raise NpmPublishError(error.message, remedy=f"{error.remedy}; or {_by_hand(package)}") from error
            raise

    def _move(self, name: str, version: Version) -> None:
        try:
            self._npm.add_tag(name, version.npm, version.moving)
        except NpmError as error:
            raise NpmPublishError(
                f"{version.moving} does not name {version.npm}: {error.message}",
                remedy=f"run 'npm dist-tag add {name}@{version.npm} {version.moving}' as one who may publish"
                " (trusted publishing can't)",
            ) from error

    def _lists(self, there: Packument | None, package: Package) -> bool:
        """Tells whether it is there. Raises NpmPublishError if other bytes are."""
        if there and (conflict := self._conflict(there, package)):
            raise conflict
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


def _by_hand(package: Package) -> str:
    """Tells how a person publishes it."""
    return (
        f"make the folder DIR with 'bazel run //release:{package.version.channel} -- --out DIR', log in with 'npm login', run"
        f" 'npm publish DIR/npm/{package.artifact.name} --tag {package.tag}' (its sha256 is {package.artifact.digest.sha256}),"
        " and then the same command again"
    )


def _name(file: str, version: Version) -> str:
    """Returns the package's name, out of its file's."""
    return file.removesuffix(f"-{version.npm}.tgz")


def _backwards(there: Packument | None, package: Package) -> ViberunError | None:
    """Tells why the dist-tag must not move to the package."""
    try:
        now = there.tagged(package.tag) if there else None
    except VersionError as error:
        return error
    if now is None or now.precedence <= package.version.precedence:
        return None
    return NpmPublishError(
        f"the dist-tag {package.tag} names {now.npm}, which is newer than {package.version.npm}, and never goes back",
        remedy="release a commit that comes after it",
    )
