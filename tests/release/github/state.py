"""What GitHub remembers of one repository, and the rules by which it changes.

Knows nothing of HTTP but the status that a refusal has. Every public method is one atomic step.
"""

import hashlib
import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from functools import cached_property
from types import MappingProxyType
from typing import Any, Literal, Protocol

from tests.release.github.access import EVERYTHING, Access
from tests.release.github.commits import Commits

MOST_ASSETS = 1000
Latest = Literal["true", "false", "legacy"]


class RefusedError(Exception):
    """What GitHub answers instead: `code`, `field`, `detail` tell the problem where it is one of validation."""

    def __init__(
        self,
        status: int,
        message: str,
        code: str = "",
        resource: str = "",
        field: str = "",
        headers: Mapping[str, str] = MappingProxyType({}),
        detail: str = "",
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code
        self.resource = resource
        self.field = field
        self.headers = headers
        self.detail = detail


def _invalid(code: str, resource: str, field: str) -> RefusedError:
    return RefusedError(422, "Validation Failed", code, resource, field)


NOT_FOUND = RefusedError(404, "Not Found")


@dataclass(frozen=True)
class Asset:
    """`content` is None while it is a `starter`: announced, but not (or not wholly) uploaded."""

    id: int
    release: int
    name: str
    label: str | None
    content_type: str
    content: bytes | None
    created: datetime
    updated: datetime

    @property
    def state(self) -> str:
        return "starter" if self.content is None else "uploaded"

    @property
    def size(self) -> int:
        return len(self.content or b"")

    @cached_property
    def digest(self) -> str | None:
        return None if self.content is None else f"sha256:{hashlib.sha256(self.content).hexdigest()}"


@dataclass(frozen=True)
class Release:
    """A release or, where `draft`, the plan of one, which only those see who can push."""

    id: int
    tag: str
    target: str
    name: str | None
    body: str | None
    draft: bool
    prerelease: bool
    created: datetime
    immutable: bool = False
    published: datetime | None = None


@dataclass(frozen=True)
class Tag:
    """An annotated tag's object."""

    sha: str
    name: str
    message: str
    commit: str


@dataclass(frozen=True)
class Ruleset:
    """Rules (`update`, `creation`, …) for the tags that the patterns name; `bypass`: whether they count for nobody who asks."""

    id: int
    name: str
    include: tuple[str, ...]
    rules: tuple[str, ...]
    exclude: tuple[str, ...] = ()
    bypass: str = "never"
    enforcement: str = "active"

    def forbids(self, rule: str, ref: str) -> bool:
        counts = self.enforcement == "active" and self.bypass not in ("always", "exempt") and rule in self.rules
        named = any(fnmatchcase(ref, pattern) or pattern == "~ALL" for pattern in self.include)
        return counts and named and not any(fnmatchcase(ref, pattern) for pattern in self.exclude)


MAINTAINERS_TAG = Ruleset(1, "maintainers tag", ("refs/tags/v*",), ("creation",), bypass="always")


@dataclass(frozen=True)
class PackageVersion:
    """A manifest of a container package, which has no name of its owner's."""

    id: int
    package: str
    digest: str
    tags: tuple[str, ...]
    created: datetime


class Packages(Protocol):
    """What a registry has in a repository `owner/name/image`. Its deletions raise RefusedError."""

    def versions(self, repository: str) -> Sequence[PackageVersion]: ...

    def delete(self, repository: str, version: int) -> None: ...


@dataclass
class Repository:
    """One repository: commits, refs, releases and their assets.

    `former_name`: what it was called before it was renamed.
    `reviewers`: who has to agree to jobs, by their environment; `open_environments`: those that jobs of any branch may use.
    `branch_rules`: of rulesets, for main; `protected`: whether main has protection of its own.
    `fast_forward_tags`: whether `force: false` is honoured for tags, which GitHub documents for refs in general.
    `attestations`: Sigstore bundles by the digests (`sha256:…`) of what they are about.
    `compares_nothing`: comparisons end in errors, as GitHub's do for some pairs of commits for ever.
    """

    full_name: str
    commits: Commits
    clock: Callable[[], datetime]
    id: int = 900100200
    former_name: str = ""
    default_branch: str = "main"
    private: bool = False
    of_organization: bool = False
    packages: Packages | None = None
    immutable_releases: bool = False
    fast_forward_tags: bool = True
    compares_nothing: bool = False
    reviewers: dict[str, tuple[str, ...]] = field(default_factory=lambda: {"dev": (), "prod": ("maintainer",)})
    open_environments: set[str] = field(default_factory=set)
    branch_rules: tuple[str, ...] = ("pull_request", "non_fast_forward")
    protected: bool = False
    refs: dict[str, str] = field(default_factory=dict)
    tags: dict[str, Tag] = field(default_factory=dict)
    releases: dict[int, Release] = field(default_factory=dict)
    assets: dict[int, Asset] = field(default_factory=dict)
    latest: int | None = None
    rulesets: list[Ruleset] = field(default_factory=lambda: [MAINTAINERS_TAG])
    attestations: dict[str, list[Any]] = field(default_factory=dict)
    _spent: set[str] = field(default_factory=set)
    _next: int = 1
    _lock: threading.RLock = field(default_factory=threading.RLock)

    @contextmanager
    def step(self) -> Iterator[None]:
        """Others wait until the block is done."""
        with self._lock:
            yield

    # Refs

    def create_ref(self, ref: str, sha: str, access: Access = EVERYTHING) -> None:
        if ref in self.refs:
            raise RefusedError(422, "Reference already exists")
        if self.commits.get(sha) is None and sha not in self.tags:
            raise RefusedError(422, "Object does not exist")
        self._check_rules("creation", ref)
        self.check_workflows(sha, access)
        self.refs[ref] = sha

    def update_ref(self, ref: str, sha: str, force: bool, access: Access = EVERYTHING) -> None:
        """Moves a ref; without `force` only along the history."""
        if ref not in self.refs:
            raise RefusedError(422, "Reference does not exist")
        if self.commits.get(sha) is None:
            raise RefusedError(422, "Object does not exist")
        if any(release.immutable and f"refs/tags/{release.tag}" == ref for release in self.releases.values()):
            raise RefusedError(422, "Cannot update a tag of an immutable release")
        enforced = self.fast_forward_tags or not ref.startswith("refs/tags/")
        if enforced and not force and not self.commits.is_ancestor(self.commit_at(ref), of=sha):
            raise RefusedError(422, "Update is not a fast forward")
        self._check_rules("update", ref)
        self.check_workflows(sha, access)
        self.refs[ref] = sha

    def _check_rules(self, rule: str, ref: str) -> None:
        if any(ruleset.forbids(rule, ref) for ruleset in self.rulesets):
            raise RefusedError(422, "Repository rule violations found")

    def delete_ref(self, ref: str) -> None:
        """Deletes a ref; a release that stands on the tag turns into a draft."""
        if self.refs.pop(ref, None) is None:
            raise RefusedError(422, "Reference does not exist")
        for release in list(self.releases.values()):
            if not release.draft and f"refs/tags/{release.tag}" == ref:
                self.releases[release.id] = replace(release, draft=True, published=None)

    def commit_at(self, ref: str) -> str:
        """The commit that a ref stands on, through an annotated tag if there is one."""
        target = self.refs[ref]
        return self.tags[target].commit if target in self.tags else target

    def annotate(self, name: str, sha: str, message: str) -> Tag:
        """Makes an annotated tag and its ref."""
        own = hashlib.sha1(f"{name} {sha} {message}".encode(), usedforsecurity=False).hexdigest()
        tag = Tag(own, name, message, sha)
        self.tags[tag.sha] = tag
        self.create_ref(f"refs/tags/{name}", tag.sha)
        return tag

    def check_workflows(self, sha: str, access: Access) -> None:
        """Whether the access may make something at a commit with other workflow files; an app's hears no reason."""
        commit = self.commits.get(self.tags[sha].commit if sha in self.tags else sha)
        default = self.commits.get(self.refs[f"refs/heads/{self.default_branch}"])
        if access.workflows or commit is None or default is None:
            return
        for name, _ in sorted(set(commit.workflows) - set(default.workflows)):
            if access.installation:
                raise RefusedError(
                    403,
                    "Resource not accessible by integration",
                    headers={"x-accepted-github-permissions": "contents=write; contents=write,workflows=write"},
                )
            raise RefusedError(
                403,
                "refusing to allow a GitHub App to create or update workflow"
                f" `.github/workflows/{name}` without `workflows` permission",
            )

    # Releases

    def create_release(
        self, tag: str, target: str, name: str | None, body: str | None, draft: bool, prerelease: bool, latest: Latest
    ) -> Release:
        if tag in self._spent:
            detail = "tag_name was used by an immutable release"
            raise RefusedError(422, "Validation Failed", "custom", "Release", "tag_name", detail=detail)
        release = Release(self._new_id(), tag, target, name, body, True, prerelease, self.clock())
        if not draft:
            release = self._publish(release, latest)
        self.releases[release.id] = release
        return release

    def update_release(self, release: Release, latest: Latest) -> Release:
        """Stores the release as it is to be; one that is no draft any more gets published."""
        stored = self.releases[release.id]
        if stored.immutable and release.tag != stored.tag:
            raise _invalid("custom", "Release", "tag_name")
        if stored.draft and not release.draft:
            release = self._publish(release, latest)
        elif not release.draft and latest == "true" and not release.prerelease:
            self.latest = release.id
        self.releases[release.id] = release
        return release

    def delete_release(self, release: int) -> None:
        stored = self.releases.pop(release)
        if stored.immutable:
            self._spent.add(stored.tag)
        self.assets = {asset.id: asset for asset in self.assets.values() if asset.release != release}

    def published(self, tag: str) -> Release | None:
        return next((each for each in self.releases.values() if each.tag == tag and not each.draft), None)

    def latest_release(self) -> Release | None:
        """The one marked latest, else the newest that could be."""
        ordinary = [each for each in self.releases.values() if not each.draft and not each.prerelease]
        marked = [each for each in ordinary if each.id == self.latest]
        return max(marked or ordinary, key=lambda each: (each.created, each.id), default=None)

    def _publish(self, release: Release, latest: Latest) -> Release:
        if self.published(release.tag) is not None:
            raise _invalid("already_exists", "Release", "tag_name")
        ref = f"refs/tags/{release.tag}"
        if ref not in self.refs:
            target = self.refs.get(f"refs/heads/{release.target}", release.target)
            if self.commits.get(target) is None:
                raise _invalid("invalid", "Release", "target_commitish")
            self.refs[ref] = target
        if latest == "true" and not release.prerelease:
            self.latest = release.id
        return replace(release, draft=False, published=self.clock(), immutable=self.immutable_releases)

    # Assets

    def assets_of(self, release: int) -> list[Asset]:
        return [asset for asset in self.assets.values() if asset.release == release]

    def begin_asset(self, release: int, name: str, label: str | None, content_type: str) -> Asset:
        """Announces an upload: from here on its name is taken."""
        if self.releases[release].immutable:
            raise RefusedError(422, "Cannot upload assets to an immutable release.")
        if len(self.assets_of(release)) >= MOST_ASSETS:
            raise _invalid("custom", "ReleaseAsset", "file_count")
        name = github_spelling(name)
        self._check_name(release, name)
        now = self.clock()
        asset = Asset(self._new_id(), release, name, label, content_type, None, now, now)
        self.assets[asset.id] = asset
        return asset

    def finish_asset(self, asset: int, content: bytes) -> Asset:
        """The upload arrived whole. Raises RefusedError if the asset was deleted meanwhile."""
        if asset not in self.assets:
            raise NOT_FOUND
        self.assets[asset] = replace(self.assets[asset], content=content, updated=self.clock())
        return self.assets[asset]

    def update_asset(self, asset: int, name: str | None, label: str | None) -> Asset:
        stored = self.assets[asset]
        self._check_mutable(stored)
        name = stored.name if name is None else github_spelling(name)
        if name != stored.name:
            self._check_name(stored.release, name)
        label = stored.label if label is None else label
        self.assets[asset] = replace(stored, name=name, label=label, updated=self.clock())
        return self.assets[asset]

    def delete_asset(self, asset: int) -> None:
        self._check_mutable(self.assets[asset])
        del self.assets[asset]

    def _check_mutable(self, asset: Asset) -> None:
        if self.releases[asset.release].immutable:
            raise RefusedError(422, "Cannot modify assets of an immutable release.")

    def _check_name(self, release: int, name: str) -> None:
        if any(asset.name == name for asset in self.assets_of(release)):
            raise _invalid("already_exists", "ReleaseAsset", "name")

    def _new_id(self) -> int:
        self._next += 1
        return self._next


def github_spelling(name: str) -> str:
    """The name that GitHub gives an asset: odd characters become dots, none at either end."""
    return re.sub(r"\.{2,}", ".", re.sub(r"[^A-Za-z0-9@_.-]", ".", name)).strip(".")


def utc_now() -> datetime:
    return datetime.now(UTC)
