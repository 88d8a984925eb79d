"""Where a channel stands at each of the four places, as anybody sees it; `channel.json` says where all of them should."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from release.destinations.ghcr.authorization import Authorization
from release.destinations.ghcr.registry import Registry
from release.destinations.github.api import Api
from release.destinations.github.channel import CURRENT, OLD
from release.destinations.github.settings import Settings
from release.destinations.npm import packument
from release.destinations.npm.client import Npm
from release.destinations.pypi import settings as pypi_settings
from release.destinations.pypi.index import Index
from release.transport.content import digest_of
from release.transport.http import Http, HttpError, Request, UnansweredError, is_private
from release.transport.parallel import each
from viberun.errors import VersionError, ViberunError
from viberun.manifest import Kind, Manifest
from viberun.version import Channel, Version, moment

_OTHERS = ("ghcr", "pypi", "npm")
_ELSEWHERE: tuple[Kind, ...] = ("npm", "wheel")
"""Kinds of files that are no assets of the GitHub release."""


@dataclass(frozen=True)
class Seen:
    """What a destination has now: a version as it is spelt there, and the digest of what stands for the build there.

    That is `channel.json`, the first image's index, the wheel, the npm package. `wrong` says in a clause how it is out of
    step with `channel.json`; None: it is in step.
    """

    version: str | None
    digest: str | None
    wrong: str | None = None


@dataclass(frozen=True)
class Place:
    """One destination. `committed` (ISO 8601) is when the version there was; without `answered`, `wrong` says why."""

    name: str
    version: str | None = None
    commit: str | None = None
    committed: str | None = None
    digest: str | None = None
    wrong: str | None = None
    answered: bool = True


@dataclass(frozen=True)
class Readers:
    """What asks: all without credentials."""

    http: Http
    settings: Settings
    npm: Npm
    environ: Mapping[str, str]
    registry: str


@dataclass(frozen=True)
class Standing:
    """`manifest` is that of `channel.json`, None where there is none."""

    manifest: Manifest | None
    places: tuple[Place, ...]

    @property
    def in_step(self) -> bool | None:
        """None where that can't be told, since not all have answered."""
        if any(place.wrong for place in self.places if place.answered):
            return False
        return True if all(place.answered for place in self.places) else None


def look(readers: Readers, channel: Channel) -> Standing:
    """Asks all places. Raises ViberunError only for what keeps it from asking any."""
    try:
        content = _channel(readers, channel)
        manifest = Manifest.parse(content)
    except ViberunError as error:
        answered = not isinstance(error, UnansweredError)
        unasked = (Place(name, wrong="not known without channel.json", answered=False) for name in _OTHERS)
        return Standing(None, (Place("github", wrong=str(error), answered=answered), *unasked))
    asks: dict[str, Callable[[], Seen]] = {
        "github": lambda: _github(readers, manifest, content),
        "ghcr": lambda: _images(readers, manifest),
        "pypi": lambda: _pypi(readers, manifest),
        "npm": lambda: _npm(readers, manifest),
    }
    return Standing(manifest, tuple(each(lambda name: _place(name, asks[name], manifest), asks, len(asks))))


def _place(name: str, ask: Callable[[], Seen], manifest: Manifest) -> Place:
    try:
        seen = ask()
    except ViberunError as error:
        return Place(name, wrong=str(error), answered=False)
    build = manifest.build
    if seen.version in build.version.spellings.values():
        return Place(name, seen.version, build.commit, build.committed, seen.digest, seen.wrong)
    try:
        version = Version.parse(seen.version or "")
    except VersionError:
        return Place(name, seen.version, None, None, seen.digest, seen.wrong)
    committed = moment(version.timestamp).strftime("%Y-%m-%dT%H:%M:%SZ") if version.timestamp else None
    return Place(name, seen.version, version.sha, committed, seen.digest, seen.wrong)


def _channel(readers: Readers, channel: Channel) -> bytes:
    """As clients find it: `channel.json`, else the one before, then once more."""
    where = "download/dev" if channel == "dev" else "latest/download"
    root = f"{readers.settings.web}/{readers.settings.repository}/releases/{where}"
    for name in (CURRENT, OLD, CURRENT):
        answer = readers.http.download(Request("GET", f"{root}/{name}", accepted=(200, 404)))
        if answer.status == 200:
            return answer.content
    raise HttpError(f"there is no {root}/{CURRENT}", answer, f"release the {channel} channel first")


def _github(readers: Readers, manifest: Manifest, content: bytes) -> Seen:
    build = manifest.build
    api = Api(readers.http, replace(readers.settings, token=None))
    holder, release = api.tag_commit(build.version.git), api.release(build.version.git)
    there = {asset.name: asset.sha256 for asset in api.assets(release.id) if asset.uploaded} if release else {}
    lost = [file.name for file in manifest.files if file.kind not in _ELSEWHERE and there.get(file.name) != file.sha256]
    wrong = [] if holder == build.commit else [f"the ref {build.version.git} stands at {holder or 'nothing'}"]
    if lost:
        more = f", nor are {len(lost) - 1} others" if len(lost) > 1 else ""
        wrong.append(f"{lost[0]} is not there as {CURRENT} has it{more}")
    return Seen(str(build.version), f"sha256:{digest_of(content).sha256}", "; ".join(wrong) or None)


def _images(readers: Readers, manifest: Manifest) -> Seen:
    host = readers.registry
    root = f"http://{host}" if is_private(f"http://{host}") else f"https://{host}"
    registry, tag = Registry(readers.http, root, Authorization(readers.http, None)), manifest.build.version.moving
    wrong, digests = [], []
    for image in manifest.images.values():
        repository = (image.ref or "").partition("/")[2].rpartition(":")[0].lower()
        digests.append(there := registry.digest(repository, tag))
        if there != image.digest:
            wrong.append(f"{repository}:{tag} is {there or 'not there'}")
    return Seen(None if wrong else manifest.build.version.oci, next(iter(digests), None), "; ".join(wrong) or None)


def _npm(readers: Readers, manifest: Manifest) -> Seen:
    version = manifest.build.version
    there = packument.fetch(readers.http, readers.npm.registry(), _project(manifest, "npm", f"-{version.npm}.tgz"))
    now = there.tags.get(version.moving) if there else None
    tarball = there.versions.get(now) if there and now else None
    wrong = None if now == version.npm else f"the dist-tag {version.moving} names {now or 'nothing'}"
    return Seen(now, str(tarball) if tarball else None, wrong)


def _pypi(readers: Readers, manifest: Manifest) -> Seen:
    version = manifest.build.version
    project = _project(manifest, "wheel", f"-{version.pypi}-py3-none-any.whl").replace("_", "-")
    index = Index(readers.http, pypi_settings.Settings.of(readers.environ).index)
    files = index.files(project)
    newest = max(_versions(files), key=lambda each: each.precedence, default=None)
    wheel = next(file for file in manifest.files if file.kind == "wheel")
    there = files.get(wheel.name)
    sha256, wrong = index.sha256(there) if there else None, None
    if newest is None or newest.pypi != version.pypi:
        wrong = f"the newest version is {newest.pypi if newest else 'none'}"
    elif sha256 != wheel.sha256:
        wrong = f"{wheel.name} is not the one of {CURRENT}"
    return Seen(newest.pypi if newest else None, f"sha256:{sha256}" if sha256 else None, wrong)


def _versions(names: Mapping[str, object]) -> Iterator[Version]:
    """Of the wheels among the files; what others may have put there is none."""
    for name in names:
        parts = name.split("-")
        if name.endswith(".whl") and len(parts) > 1:
            try:
                yield Version.parse(parts[1])
            except VersionError:
                continue


def _project(manifest: Manifest, kind: Kind, tail: str) -> str:
    return next(file.name for file in manifest.files if file.kind == kind).removesuffix(tail)
