"""The images at ghcr.io, or the registry that VIBERUN_OCI_REGISTRY names.

Everything is pushed by digest and under the tag of its version, which never moves. The moving tag is the promotion.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from release.bundle.model import Bundle
from release.destinations.destination import Holder, Published, Receipt, RemoteDestination, Row, Standing
from release.destinations.ghcr import credentials, image
from release.destinations.ghcr.authorization import Authorization
from release.destinations.ghcr.credentials import Credentials, RunHelper
from release.destinations.ghcr.image import Blob, Image
from release.destinations.ghcr.registry import DeniedError, Pushed, Registry
from release.destinations.settling import settle
from release.driver.outcome import Change, Done, Plan, Problems, Skipped
from release.driver.progress import Meter
from release.transport.http import Http, HttpError, safe_for_credentials
from release.transport.parallel import each
from viberun.errors import UsageError, ViberunError
from viberun.manifest import Manifest

_DEFAULT = "ghcr.io"
_WIDTH = 6
_ROUNDS = 20


class ImagePushError(ViberunError):
    """The registry has something else than what was pushed, or does not show it."""


@dataclass(frozen=True)
class TargetImage:
    """An image and the repository that it goes to."""

    image: Image
    repository: str


class ContainerRegistry(RemoteDestination):
    """The moving tags are to have the digests of whoever `holder` says."""

    name = "ghcr"

    def __init__(self, http: Http, environ: Mapping[str, str], run: RunHelper, holder: Holder) -> None:
        super().__init__(http)
        self._host = environ.get("VIBERUN_OCI_REGISTRY") or _DEFAULT
        root = f"http://{self._host}" if safe_for_credentials(f"http://{self._host}") else f"https://{self._host}"
        if set("/@") & set(self._host):  # so there may be a login in it
            raise UsageError("VIBERUN_OCI_REGISTRY is not of the form host[:port]")
        self._root = root
        self._environ = environ
        self._run = run
        self._anybody = Registry(http, root, Authorization(http, None))
        self._holder = holder

    @cached_property
    def _login(self) -> Credentials | None:
        """Raises CredentialsError."""
        return credentials.find(self._host, self._environ, self._run)

    @cached_property
    def _registry(self) -> Registry:
        """As whoever is logged in."""
        return Registry(self._http, self._root, Authorization(self._http, self._login))

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
        if self._login is None:
            return Problems(
                (f"there is no login for {self._host}; run 'docker login {self._host}' or set GITHUB_TOKEN",)
            )
        return Problems(
            tuple(problem for target in self._targets(bundle) for problem in self._problems(bundle, target))
        )

    def plan(self, bundle: Bundle, meter: Meter) -> Plan:
        return Plan(tuple(change for target in self._targets(bundle) for change in self._changes(bundle, target)))

    def stage(self, bundle: Bundle, meter: Meter) -> Done | Skipped:
        pushed, images = [], self._targets(bundle)
        for target, mounts in _with_mounts(images):
            pushed += self._push_blobs(target, mounts, meter)
            self._push_manifests(bundle, target)
        # A new package is private at first, which nobody can tell before it is there.
        for target in images:
            self._check_public(target.repository, target.image.index.digest)
        sent, mounted = sum(each.sent for each in pushed), sum(each.mounted for each in pushed)
        if not sent and not mounted:
            return Skipped(f"all {len(pushed)} blobs are there already")
        return Done(f"{sent} of {len(pushed)} blobs uploaded, {mounted} mounted")

    def promote(self, bundle: Bundle, meter: Meter) -> Done | Skipped:
        """Moves the tags to what the channel stands at, and ends when that was so after the last move.

        Before the first move a newer build is left to its own run, which may have published nothing yet.
        """
        moved = False
        for _ in range(_ROUNDS):
            holder = self._holder(bundle)
            if not moved and holder.build.version != bundle.manifest.build.version:
                return Skipped(f"left to {holder.build.version}, which has taken its place")
            changed = [self._move_tag(holder, name) for name in holder.images]
            moved |= any(changed)
            if not any(changed):
                version = holder.build.version
                return (
                    Done(f"{_moving(holder)} is {version}")
                    if moved
                    else Skipped(f"{_moving(holder)} is {version} already")
                )
        raise ImagePushError(f"the moving tags did not come to rest in {_ROUNDS} rounds", remedy="release again")

    def verify(self, bundle: Bundle, meter: Meter) -> Done | Skipped:
        for target in self._targets(bundle):
            for manifest in target.image.manifests:
                self._check_public(target.repository, manifest.digest)
        taken = settle(self._http, bundle, self._holder, lambda: self._mismatched(bundle), meter.note)
        return taken or Done(f"{len(bundle.images)} images, without credentials")

    def receipt(self, bundle: Bundle) -> Receipt:
        rows, commands = [], []
        for target in self._targets(bundle):
            rows.append(Row(target.repository, target.image.size, target.image.index.digest))
            commands.append(f"docker pull {self._host}/{target.repository}:{bundle.manifest.build.version.moving}")
        return Receipt(self._host, tuple(rows), tuple(commands))

    def standing(self, channel: Published) -> Standing:
        manifest, tag = channel.manifest, channel.manifest.build.version.moving
        digests, wrong = list[str | None](), list[str]()
        for name, built in manifest.images.items():
            repository = _repository(manifest, name)
            digests.append(there := self._anybody.digest(repository, tag))
            if there != built.digest:
                wrong.append(f"{repository}:{tag} is {there or 'not there'}")
        return Standing(None if wrong else manifest.build.version.oci, next(iter(digests), None), tuple(wrong))

    def _targets(self, bundle: Bundle) -> list[TargetImage]:
        return [TargetImage(image.read(layout), _repository(bundle.manifest, layout.name)) for layout in bundle.images]

    def _mismatched(self, bundle: Bundle) -> Iterator[str]:
        """Lists the tags that don't name for everybody what they should."""
        version = bundle.manifest.build.version
        for target in self._targets(bundle):
            for tag in (version.oci, version.moving):
                there, digest = self._anybody.manifest(target.repository, tag), target.image.index.digest
                if there is None or there.digest != digest:
                    is_there = there.digest if there else "not there"
                    yield f"{self._host}/{target.repository}:{tag} is {is_there}, not {digest}"

    def _problems(self, bundle: Bundle, target: TargetImage) -> Iterator[str]:
        where, tag = f"{self._host}/{target.repository}", bundle.manifest.build.version.oci
        try:
            there = self._registry.digest(target.repository, tag)
            if there not in (None, target.image.index.digest):
                yield f"{where}:{tag} is {there}, not {target.image.index.digest}: one version has one image"
            self._registry.require_push_access(target.repository)
            for known in (tag, bundle.manifest.build.version.moving):
                if digest := self._registry.digest(target.repository, known):
                    self._check_public(target.repository, digest)
        except DeniedError as error:
            yield f"{error.message}; {self._permission}"
        except (HttpError, ImagePushError) as error:
            yield str(error)

    def _changes(self, bundle: Bundle, target: TargetImage) -> Iterator[Change]:
        repository = target.repository
        there = each(lambda blob: self._registry.has_blob(repository, blob.digest), target.image.blobs, _WIDTH)
        for blob, known in zip(target.image.blobs, there, strict=True):
            if not known:
                yield Change("upload", f"{repository}@{blob.digest}", blob.size)
        version = bundle.manifest.build.version
        for verb, tag in (("tag", version.oci), ("move", version.moving)):
            now = self._registry.digest(repository, tag)
            if now != target.image.index.digest:
                yield Change(verb, f"{repository}:{tag} from {now or 'nothing'} to {target.image.index.digest}")

    def _push_blobs(self, target: TargetImage, mounts: Mapping[str, str], meter: Meter) -> list[Pushed]:
        def push(blob: Blob) -> Pushed:
            return self._registry.push_blob(target.repository, blob, mounts.get(blob.digest), meter.expect, meter.moved)

        return each(push, target.image.blobs, _WIDTH)

    def _push_manifests(self, bundle: Bundle, target: TargetImage) -> None:
        """Pushes what the index names, then the index under its version; reads everything back by its bytes."""
        repository, *children = target.repository, *target.image.manifests[:-1]
        tag, index = bundle.manifest.build.version.oci, target.image.index
        there = self._registry.digest(repository, tag)
        if there not in (None, index.digest):
            raise ImagePushError(f"{self._host}/{repository}:{tag} is {there}, not {index.digest}")
        for manifest in children:
            if self._registry.digest(repository, manifest.digest) is None:
                self._registry.push_manifest(repository, manifest, manifest.digest)
        if there is None:
            self._registry.push_manifest(repository, index, tag)
        for manifest in target.image.manifests:
            read = self._registry.manifest(repository, manifest.digest)
            if read is None or read.content != manifest.content:
                raise ImagePushError(f"{self._host}/{repository}@{manifest.digest} does not read back")

    def _move_tag(self, holder: Manifest, name: str) -> bool:
        """Moves one moving tag; False if it is there."""
        repository, digest, tag = _repository(holder, name), holder.images[name].digest, _moving(holder)
        if self._registry.digest(repository, tag) == digest:
            return False
        index = self._registry.manifest(repository, digest)
        if index is None:
            raise ImagePushError(
                f"{self._host}/{repository}@{digest} is not there", remedy="release that version again"
            )
        self._registry.push_manifest(repository, index, tag)
        return True

    def _check_public(self, repository: str, digest: str) -> None:
        """Raises ImagePushError if nobody but us can pull."""
        try:
            there = self._anybody.digest(repository, digest)
        except DeniedError:
            there = None
        if there is None:
            raise ImagePushError(
                f"{self._host}/{repository} can't be pulled without a login",
                remedy="set the package's visibility to public (Package settings, Danger Zone), then run the same command again",
            )


def _repository(manifest: Manifest, name: str) -> str:
    """Takes `owner/name/image`, in lower case, out of the reference `registry/owner/name/image:tag`."""
    ref = manifest.images[name].ref
    if ref is None:
        raise ImagePushError(f"the image {name} has no name", remedy="build with GITHUB_REPOSITORY set")
    return ref.partition("/")[2].rpartition(":")[0].lower()


def _moving(manifest: Manifest) -> str:
    return manifest.build.version.moving


def _with_mounts(images: list[TargetImage]) -> Iterator[tuple[TargetImage, Mapping[str, str]]]:
    """Pairs each image with the repositories of this release that its blobs went to before it, by digest."""
    gone: dict[str, str] = {}
    for target in images:
        yield target, dict(gone)
        for blob in target.image.blobs:
            gone.setdefault(blob.digest, target.repository)
