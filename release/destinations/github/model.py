"""The things of GitHub's REST API, with its own names for them, as far as a release needs them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any, Literal

Status = Literal["ahead", "behind", "diverged", "identical"]


@dataclass(frozen=True)
class Repository:
    """`push`: whether the token may write; None where GitHub doesn't tell. `scopes` is None for any but classic tokens.

    `now` is the time by GitHub's own clock, `wait` the seconds until it takes all the requests of a release again.
    """

    id: int
    full_name: str
    private: bool
    default_branch: str
    of_organization: bool
    push: bool | None
    scopes: frozenset[str] | None
    now: datetime
    wait: float


@dataclass(frozen=True)
class Release:
    id: int
    tag: str
    name: str
    body: str
    draft: bool
    prerelease: bool
    immutable: bool
    upload_url: str
    html_url: str

    @staticmethod
    def of(fields: Mapping[str, Any]) -> "Release":
        return Release(
            fields["id"],
            fields["tag_name"],
            fields["name"] or "",
            fields.get("body") or "",
            fields["draft"],
            fields["prerelease"],
            fields.get("immutable", False),
            fields["upload_url"].partition("{")[0],
            fields["html_url"],
        )


@dataclass(frozen=True)
class Asset:
    """`sha256` in hex, None for assets from before GitHub kept digests. `uploaded` is False for a `starter`.

    `age` is the seconds since it last changed, by GitHub's own clock.
    """

    id: int
    name: str
    size: int
    uploaded: bool
    sha256: str | None
    age: float

    @staticmethod
    def of(fields: Mapping[str, Any], now: datetime) -> "Asset":
        algorithm, _, digest = (fields.get("digest") or "").partition(":")
        return Asset(
            fields["id"],
            fields["name"],
            fields["size"],
            fields["state"] == "uploaded",
            digest if algorithm == "sha256" else None,
            (now - datetime.fromisoformat(fields["updated_at"])).total_seconds(),
        )


@dataclass(frozen=True)
class PackageVersion:
    """One manifest of a container package. `age` is the seconds since it was pushed, by GitHub's own clock."""

    id: int
    digest: str
    tags: tuple[str, ...]
    age: float

    @staticmethod
    def of(fields: Mapping[str, Any], now: datetime) -> "PackageVersion":
        age = (now - datetime.fromisoformat(fields["created_at"])).total_seconds()
        return PackageVersion(fields["id"], fields["name"], tuple(fields["metadata"]["container"]["tags"]), age)


@dataclass(frozen=True)
class Comparison:
    """How head stands to base; `subjects` are (sha, first line of the message), oldest first, 250 at most.

    `since` (ISO 8601) is the date of the first commit that head's own line, of first parents, has and base has not.
    """

    status: Status
    total: int
    subjects: tuple[tuple[str, str], ...]
    since: str | None = None

    @staticmethod
    def of(fields: Mapping[str, Any]) -> "Comparison":
        subjects = ((each["sha"], each["commit"]["message"].partition("\n")[0]) for each in fields["commits"])
        by_sha = {each["sha"]: each for each in fields["commits"]}
        at, since = fields["commits"][-1]["sha"] if by_sha else None, None
        while commit := by_sha.get(at):
            since, at = commit["commit"]["committer"]["date"], next((each["sha"] for each in commit["parents"]), None)
        return Comparison(fields["status"], int(fields["total_commits"]), tuple(subjects), since)


@dataclass(frozen=True)
class Environment:
    """What a job that names it waits for: so many of whom one has to agree. `takes_any_ref`: it may be of any branch or tag."""

    reviewers: int
    takes_any_ref: bool

    @staticmethod
    def of(fields: Mapping[str, Any]) -> "Environment":
        reviewers = sum(len(rule.get("reviewers") or ()) for rule in fields["protection_rules"])
        return Environment(reviewers, fields.get("deployment_branch_policy") is None)


@dataclass(frozen=True)
class Ruleset:
    """What a repository or its organisation forbids; the list of them tells neither `rules` nor for which refs.

    `binds`: whether whoever asks is no exception.
    """

    id: int
    name: str
    active: bool
    binds: bool
    rules: frozenset[str]
    include: tuple[str, ...]
    exclude: tuple[str, ...]

    @staticmethod
    def of(fields: Mapping[str, Any]) -> "Ruleset":
        names = (fields.get("conditions") or {}).get("ref_name") or {}
        return Ruleset(
            fields["id"],
            fields["name"],
            fields["enforcement"] == "active",
            fields.get("current_user_can_bypass") not in ("always", "exempt"),
            frozenset(rule["type"] for rule in fields.get("rules", ())),
            tuple(names.get("include", ())),
            tuple(names.get("exclude", ())),
        )

    def names(self, ref: str) -> bool:
        """Tells whether it is for the ref; its patterns are as fnmatch has them."""
        included = any(pattern == "~ALL" or fnmatchcase(ref, pattern) for pattern in self.include)
        return included and not any(fnmatchcase(ref, pattern) for pattern in self.exclude)
