"""The images at ghcr.io, or the registry that VIBERUN_OCI_REGISTRY names.

Everything is pushed by digest and under the tag of its version, which never moves. The moving tag is the promotion.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from release.bundle.model import Bundle
from release.destinations.destination import Published, Receipt, RemoteDestination, Row, Standing
from release.destinations.ghcr import credentials, image
from release.destinations.ghcr.authorization import Authorization
from release.destinations.ghcr.credentials import Credentials
from release.destinations.ghcr.image import Blob, Image, ImageError, ImageManifest
from release.destinations.ghcr.referrer import Referrer
from release.destinations.ghcr.registry import DeniedError, Registry
from release.driver.outcome import Change, Problems
from release.driver.progress import Meter
from release.transport.http import Http, HttpError, safe_for_credentials
from release.transport.parallel import each
from viberun.errors import UsageError, ViberunError
from viberun.manifest import Manifest

_DEFAULT = "ghcr.io"
_WIDTH = 6


class ImagePushError(ViberunError):
    """The registry has something else than what was pushed, or does not show it."""


@dataclass(frozen=True)
class TargetImage:
    """An image, and the registry and the repository that its build names."""

    image: Image
    registry: str
    repository: str


class ContainerRegistry(RemoteDestination):
    name = "ghcr"

    """`signature` returns that of a build, once there is a good one; without it images get none."""

    def __init__(
        self, http: Http, environ: Mapping[str, str], signature: Callable[[Bundle], bytes | None] | None = None
    ) -> None:
        super().__init__(http)
        self._signature = signature
        self._left = set[str]()
        """The tags of others where a list of signatures should be."""
        self._host = environ.get("VIBERUN_OCI_REGISTRY") or _DEFAULT
        if set("/@") & set(self._host):  # so there may be a login in it
            raise UsageError("VIBERUN_OCI_REGISTRY is not of the form host[:port]")
        self._environ = environ

    @cached_property
    def _login(self) -> Credentials | None:
        """Raises CredentialsError."""
        return credentials.find(self._host, self._environ)

    @cached_property
    def _registry(self) -> Registry:
        """As whoever is logged in."""
        return Registry(self._http, _root(self._host), Authorization(self._http, self._login))

    def anybody(self, host: str) -> Registry:
        """A registry as nobody in particular sees it."""
        return Registry(self._http, _root(host), Authorization(self._http, None))

    @property
    def _permission(self) -> str:
        """What to do where one may not push."""
        if self._environ.get("GITHUB_ACTIONS"):
            return (
                "the job needs 'packages: write', and a package that was not first pushed by this repository's Actions"
                " needs this repository with the role Write in its settings (Package settings, Manage Actions access)"
            )
        return f"log in to {self._host} with the right to write packages ('write:packages')"

    def preflight(self, bundle: Bundle, meter: Meter) -> Problems:
        if any(ref is None for ref in (each.ref for each in bundle.manifest.images.values())):
            return Problems(
                ("the build names no repository, so its images have no name; build with GITHUB_REPOSITORY set",)
            )
        if (registry := bundle.manifest.build.registry) != self._host:
            way = f"build it again with VIBERUN_OCI_REGISTRY={self._host}"
            return Problems((f"this was built for images at {registry}, not at {self._host}; {way}",))
        if self._login is None:
            return Problems(
                (f"there is no login for {self._host}; run 'docker login {self._host}' or set GITHUB_TOKEN",)
            )
        return Problems(
            tuple(problem for target in self._targets(bundle) for problem in self._problems(bundle, target))
        )

    def stage(self, bundle: Bundle) -> Iterator[Change]:
        tag, gone = bundle.manifest.build.version.oci, dict[str, str]()
        for target in self._targets(bundle):
            lacking = [*self._blobs(target, gone), *self._manifests(target, tag)]
            gone |= {blob.digest: gone.get(blob.digest, target.repository) for blob in target.image.blobs}
            # A new package is private at first, which nobody can tell before it is there.
            if not lacking and not self._is_public(target.repository, target.image.index.digest):
                yield Change("", f"{self._host}/{target.repository}:{tag} is not there without a login")
            yield from lacking

    def publish(self, bundle: Bundle) -> Iterator[Change]:
        signed = self._signature(bundle) if self._signature else None
        for target in self._targets(bundle) if self._signature else ():
            repository, subject = target.repository, f"the signature to {target.repository}@{target.image.index.digest}"
            if signed is None:
                yield Change("attach", subject)
                continue
            referrer = Referrer.of(signed, target.image.index)
            if referrer.tag not in self._left and not self._names(self._registry, repository, referrer):
                yield Change("attach", subject, make=self._attach(repository, referrer))

    def promote(self, held: Published) -> Iterator[Change]:
        tag = held.manifest.build.version.moving
        for name, built in held.manifest.images.items():
            _, repository = place_of(held.manifest, name)
            now = self._registry.digest(repository, tag)
            if now != built.digest:
                subject = f"{repository}:{tag} from {now or 'nothing'} to {built.digest}"
                yield Change("move", subject, make=self._move(repository, tag, built.digest))

    def verify(self, bundle: Bundle) -> Iterator[Change]:
        version = bundle.manifest.build.version
        for target in self._targets(bundle):
            anybody = self.anybody(target.registry)
            references = [manifest.digest for manifest in target.image.manifests]
            for reference in (*references, version.oci, version.moving):
                there = anybody.manifest(target.repository, reference)
                wanted = reference if reference in references else target.image.index.digest
                if there is None or there.digest != wanted:
                    is_there, where = there.digest if there else "not there", f"{target.registry}/{target.repository}"
                    yield Change("", f"{where}:{reference} is {is_there}, not {wanted}")
            if self._signature and (signed := self._signature(bundle)):
                referrer = Referrer.of(signed, target.image.index)
                left = referrer.tag in self._left
                if not left and not self._names(anybody, target.repository, referrer):
                    yield Change(
                        "", f"{target.registry}/{target.repository}:{referrer.tag} does not name the signature"
                    )

    def receipt(self, bundle: Bundle) -> Receipt:
        rows, commands = [], []
        for target in self._targets(bundle):
            rows.append(Row(target.repository, target.image.size, target.image.index.digest))
            commands.append(f"docker pull {target.registry}/{target.repository}:{bundle.manifest.build.version.moving}")
        return Receipt(self._host, tuple(rows), tuple(commands))

    def standing(self, channel: Published) -> Standing:
        manifest, tag = channel.manifest, channel.manifest.build.version.moving
        digests, wrong = list[str | None](), list[str]()
        for name, built in manifest.images.items():
            registry, repository = place_of(manifest, name)
            digests.append(there := self.anybody(registry).digest(repository, tag))
            if there != built.digest:
                wrong.append(f"{repository}:{tag} is {there or 'not there'}")
        return Standing(None if wrong else manifest.build.version.oci, next(iter(digests), None), tuple(wrong))

    def _targets(self, bundle: Bundle) -> list[TargetImage]:
        return [TargetImage(image.read(layout), *place_of(bundle.manifest, layout.name)) for layout in bundle.images]

    def _problems(self, bundle: Bundle, target: TargetImage) -> Iterator[str]:
        where, tag = f"{self._host}/{target.repository}", bundle.manifest.build.version.oci
        try:
            there = self._registry.digest(target.repository, tag)
            if there not in (None, target.image.index.digest):
                yield f"{where}:{tag} is {there}, not {target.image.index.digest}: one version has one image"
            self._registry.require_push_access(target.repository)
            for known in (tag, bundle.manifest.build.version.moving):
                if digest := self._registry.digest(target.repository, known):
                    self._is_public(target.repository, digest)
        except DeniedError as error:
            yield f"{error.message}; {self._permission}"
        except (HttpError, ImagePushError) as error:
            yield str(error)

    def _blobs(self, target: TargetImage, gone: Mapping[str, str]) -> Iterator[Change]:
        """Tells what blobs the repository lacks; `gone`: where those of this release that went before it are, by digest."""
        repository, blobs = target.repository, target.image.blobs
        there = each(lambda blob: self._registry.has_blob(repository, blob.digest), blobs, _WIDTH)
        for blob, known in zip(blobs, there, strict=True):
            if not known:
                push = self._push(repository, blob, gone.get(blob.digest))
                yield Change("upload", f"{repository}@{blob.digest}", blob.size, push, at_once=True)

    def _manifests(self, target: TargetImage, tag: str) -> Iterator[Change]:
        """Tells what is lacking of what the index names, and whether the index has its tag; by their bytes."""
        repository, index = target.repository, target.image.index
        there = self._registry.digest(repository, tag)
        if there not in (None, index.digest):
            raise ImagePushError(f"{self._host}/{repository}:{tag} is {there}, not {index.digest}")
        for manifest in target.image.manifests[:-1]:
            read = self._registry.manifest(repository, manifest.digest)
            if read is None or read.content != manifest.content:
                store = self._store(repository, manifest, manifest.digest)
                yield Change("push", f"{repository}@{manifest.digest}", make=store)
        if there is None:
            subject = f"{repository}:{tag} from nothing to {index.digest}"
            yield Change("tag", subject, make=self._store(repository, index, tag))

    def _push(self, repository: str, blob: Blob, mount_from: str | None) -> Callable[[Meter], None]:
        return lambda meter: self._registry.push_blob(repository, blob, mount_from, meter.expect, meter.moved)

    def _store(self, repository: str, manifest: ImageManifest, reference: str) -> Callable[[Meter], None]:
        return lambda meter: self._registry.push_manifest(repository, manifest, reference)

    def _names(self, registry: Registry, repository: str, referrer: Referrer) -> bool:
        """Tells whether the fall-back tag lists it. What can't be read does not."""
        try:
            return referrer.is_in(registry.manifest(repository, referrer.tag))
        except ImageError:
            return False

    def _attach(self, repository: str, referrer: Referrer) -> Callable[[Meter], str | None]:
        def attach(meter: Meter) -> str | None:
            for blob in referrer.blobs:
                if not self._registry.has_blob(repository, blob.digest):
                    self._registry.push_blob(repository, blob, None, meter.expect, meter.moved)
            self._registry.push_manifest(repository, referrer.manifest, referrer.manifest.digest)
            try:  # others may add to it at any time
                index = referrer.added_to(self._registry.manifest(repository, referrer.tag))
            except ImageError as error:
                self._left.add(referrer.tag)
                return f"{repository}:{referrer.tag} stays as it is: {error.message}"
            self._registry.push_manifest(repository, index, referrer.tag)
            return None

        return attach

    def _move(self, repository: str, tag: str, digest: str) -> Callable[[Meter], None]:
        def move(meter: Meter) -> None:
            index = self._registry.manifest(repository, digest)
            if index is None:
                raise ImagePushError(
                    f"{self._host}/{repository}@{digest} is not there", remedy="release that version again"
                )
            self._registry.push_manifest(repository, index, tag)

        return move

    def _is_public(self, repository: str, digest: str) -> bool:
        """Tells whether anybody finds it. Raises ImagePushError if nobody but us may: what lags is denied to nobody."""
        try:
            return self.anybody(self._host).digest(repository, digest) is not None
        except DeniedError as error:
            raise ImagePushError(
                f"{self._host}/{repository} can't be pulled without a login",
                remedy="set the package's visibility to public (Package settings, Danger Zone), then run the same command again",
            ) from error


def _root(host: str) -> str:
    return f"http://{host}" if safe_for_credentials(f"http://{host}") else f"https://{host}"


def place_of(manifest: Manifest, name: str) -> tuple[str, str]:
    """Takes the reference `registry/owner/name/image:tag` apart: the registry, and `owner/name/image` in lower case."""
    ref = manifest.images[name].ref
    if ref is None:
        raise ImagePushError(f"the image {name} has no name", remedy="build with GITHUB_REPOSITORY set")
    registry, _, path = ref.partition("/")
    return registry, path.rpartition(":")[0].lower()
