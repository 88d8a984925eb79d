"""Where a channel stands at each of the four places, as anybody sees it; `channel.json` says where all of them should."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from release.github.api import Api
from release.github.channel import CURRENT, OLD
from release.github.settings import Settings
from release.http import Http, HttpError, Request, is_private
from release.npm import packument
from release.npm.client import Npm
from release.oci.authorization import Authorization
from release.oci.registry import Registry
from release.pypi import settings as pypi_settings
from release.pypi.index import Index
from viberun.errors import VersionError, ViberunError
from viberun.manifest import File, Kind, Manifest
from viberun.version import Channel, Version


@dataclass(frozen=True)
class Place:
    """What one destination has. `wrong` says in a clause how it is out of step with `channel.json`; None: it is in step."""

    name: str
    version: str | None = None
    commit: str | None = None
    digest: str | None = None
    wrong: str | None = None


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
    def in_step(self) -> bool:
        return self.manifest is not None and all(place.wrong is None for place in self.places)


def look(readers: Readers, channel: Channel) -> Standing:
    """Asks all places. Raises ViberunError only for what keeps it from asking any."""
    try:
        manifest = _manifest(readers, channel)
    except ViberunError as error:
        places = [
            Place("github", wrong=str(error)),
            *(Place(name, wrong="not known") for name in ("ghcr", "pypi", "npm")),
        ]
        return Standing(None, tuple(places))
    asked: dict[str, Callable[[], Place]] = {
        "github": lambda: _github(readers, manifest),
        "ghcr": lambda: _images(readers, manifest),
        "pypi": lambda: _pypi(readers, manifest),
        "npm": lambda: _npm(readers, manifest),
    }
    return Standing(manifest, tuple(_answer(name, ask, manifest) for name, ask in asked.items()))


def _answer(name: str, ask: Callable[[], Place], manifest: Manifest) -> Place:
    try:
        place = ask()
    except ViberunError as error:
        return Place(name, wrong=str(error))
    return replace(place, commit=place.commit or (None if place.wrong else manifest.build.commit))


def _manifest(readers: Readers, channel: Channel) -> Manifest:
    """As clients find it: `channel.json`, else the one before, then once more."""
    where = "download/dev" if channel == "dev" else "latest/download"
    root = f"{readers.settings.web}/{readers.settings.repository}/releases/{where}"
    for name in (CURRENT, OLD, CURRENT):
        answer = readers.http.download(Request("GET", f"{root}/{name}", accepted=(200, 404)))
        if answer.status == 200:
            return Manifest.parse(answer.content)
    raise HttpError(f"there is no {root}/{CURRENT}", answer, f"release the {channel} channel first")


def _github(readers: Readers, manifest: Manifest) -> Place:
    build = manifest.build
    holder = Api(readers.http, replace(readers.settings, token=None)).tag_commit(build.version.git)
    wrong = None if holder == build.commit else f"the ref {build.version.git} stands at {holder or 'nothing'}"
    return Place("github", str(build.version), build.commit, _file(manifest, "manifest", "sums"), wrong)


def _images(readers: Readers, manifest: Manifest) -> Place:
    host = readers.registry
    root = f"http://{host}" if is_private(f"http://{host}") else f"https://{host}"
    registry, tag = Registry(readers.http, root, Authorization(readers.http, None)), manifest.build.version.moving
    wrong = []
    for image in manifest.images.values():
        repository = (image.ref or "").partition("/")[2].rpartition(":")[0].lower()
        there = registry.digest(repository, tag)
        if there != image.digest:
            wrong.append(f"{repository}:{tag} is {there or 'not there'}")
    digest = next((image.digest for image in manifest.images.values()), None)
    return Place("ghcr", None if wrong else str(manifest.build.version), None, digest, "; ".join(wrong) or None)


def _npm(readers: Readers, manifest: Manifest) -> Place:
    version = manifest.build.version
    there = packument.fetch(readers.http, readers.npm.registry(), _project(manifest, "npm", f"-{version.npm}.tgz"))
    now = there.tags.get(version.moving) if there else None
    tarball = there.versions.get(now) if there and now else None
    wrong = None if now == version.npm else f"the dist-tag {version.moving} names {now or 'nothing'}"
    return Place("npm", now, None, str(tarball) if tarball else None, wrong)


def _pypi(readers: Readers, manifest: Manifest) -> Place:
    version = manifest.build.version
    project = _project(manifest, "wheel", f"-{version.pypi}-py3-none-any.whl").replace("_", "-")
    files = Index(readers.http, pypi_settings.Settings.of(readers.environ).index).files(project)
    newest = max(_versions(files), key=lambda each: each.precedence, default=None)
    wheel = next(file for file in manifest.files if file.kind == "wheel")
    there = files.get(wheel.name)
    wrong = None
    if newest is None or newest.pypi != version.pypi:
        wrong = f"the newest version is {newest.pypi if newest else 'none'}"
    elif there is None or there.sha256 != wheel.sha256:
        wrong = f"{wheel.name} is not the one of {CURRENT}"
    return Place("pypi", newest.pypi if newest else None, None, there.sha256 if there else None, wrong)


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


def _file(manifest: Manifest, *kinds: Kind) -> str | None:
    files: Iterator[File] = (file for file in manifest.files if file.kind in kinds)
    return next((f"sha256:{file.sha256}" for file in files), None)
