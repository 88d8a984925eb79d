"""A client for the part of GitHub's REST API that a release needs; one method is one request, or one listing.

What a method raises is HttpError: TakenError where a name is taken, NotFastForwardError for a ref that would not move along
the history; UnansweredError where nobody knows whether it was done.
"""

import json
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from email.utils import parsedate_to_datetime
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote

from release.destinations.github.model import (
    Asset,
    Comparison,
    Environment,
    PackageVersion,
    Release,
    Repository,
    Ruleset,
    Status,
)
from release.destinations.github.settings import Settings
from release.transport.body import Body
from release.transport.content import Moved
from release.transport.http import Answer, Http, HttpError, Request, TakenError, UnansweredError, read
from release.transport.patience import until_reset

SPENT = (
    "GitHub gives the tag of an immutable release to no other, even when that is deleted:"
    " dev can only be released from another repository, and prod as another version"
)

_VERSION = "2022-11-28"
_PAGE = 100
_MOST_PAGES = 10
_A_RELEASE = 100
"""Requests that a release takes at most, of the thousand or more an hour."""


class NotFastForwardError(TakenError):
    """The commit that a ref stands on, which may not be shown yet, is no ancestor of the one that it was to move to."""


class Api:
    """The repository that the settings name, which must name one."""

    def __init__(self, http: Http, settings: Settings) -> None:
        self._http = http
        self._api, self._owner = settings.api, (settings.repository or "").partition("/")[0]
        self._root = f"{settings.api}/repos/{settings.repository}"
        self._of_installation, self._has_scopes = settings.of_installation, settings.has_scopes
        self._authorization = f"Bearer {settings.token}" if settings.token else None
        self._known = dict[str, Answer]()
        """What was read, by address. Where it is so still, GitHub says 304, which its limit of requests does not count."""
        if settings.token:
            http.keep_secret(settings.token)

    # The repository and its commits

    def repository(self) -> Repository:
        answer = self._send("GET", "")

        def made(fields: Any) -> Repository:
            # Of an installation, which is no collaborator, GitHub says that it may do nothing.
            permissions = {} if self._of_installation else fields.get("permissions") or {}
            scopes = answer.headers.get("x-oauth-scopes") if self._has_scopes else None
            return Repository(
                int(fields["id"]),
                str(fields["full_name"]),
                bool(fields["private"]),
                str(fields["default_branch"]),
                fields["owner"]["type"] == "Organization",
                permissions.get("push"),
                None if scopes is None else frozenset(filter(None, scopes.replace(" ", "").split(","))),
                _moment(answer),
                until_reset(answer.headers, _A_RELEASE) or 0,
            )

        return read(answer, made)

    def immutable_releases(self) -> bool | None:
        """Tells whether whatever gets published becomes immutable; None where the token may not know."""
        answer = self._send("GET", "/immutable-releases", accepted=(200, 403, 404))
        if answer.status == 403:
            return None
        return answer.status == 200 and read(answer, lambda fields: bool(fields["enabled"]))

    def environment(self, name: str) -> Environment | None:
        """Tells what protects an environment, which a job makes that names one; None where the token may not know."""
        answer = self._send("GET", f"/environments/{quote(name, safe='')}", accepted=(200, 403, 404))
        if answer.status == 403:
            return None
        return Environment(0, takes_any_ref=True) if answer.status == 404 else read(answer, Environment.of)

    def is_protected(self, branch: str) -> bool:
        """Tells whether the branch has protection of its own, besides what rulesets say."""
        answer = self._send("GET", f"/branches/{quote(branch, safe='')}", accepted=(200, 404))
        return answer.status == 200 and read(answer, lambda fields: bool(fields["protection"]["enabled"]))

    def branch_rules(self, branch: str) -> frozenset[str]:
        """Returns what rulesets demand of whoever changes a branch (`pull_request`, `non_fast_forward`)."""
        return frozenset(self._list(f"/rules/branches/{quote(branch, safe='')}", "", lambda rule: str(rule["type"])))

    def has_commit(self, sha: str) -> bool:
        return self._send("GET", f"/commits/{sha}", accepted=(200, 404, 422)).status == 200

    def workflow_files(self, ref: str) -> Mapping[str, str]:
        """Returns the blob id of every file in `.github/workflows` at a commit or branch."""
        answer = self._send("GET", f"/contents/.github/workflows?ref={quote(ref, safe='')}", accepted=(200, 404))
        return {} if answer.status == 404 else read(answer, lambda files: {file["name"]: file["sha"] for file in files})

    def compare(self, base: str, head: str) -> Comparison | None:
        """Compares two commits or branches. None where they share no history, or one is not there."""
        answer = self._send("GET", f"/compare/{quote(base)}...{quote(head)}", accepted=(200, 404))
        if answer.status == 404:
            return None
        return read(answer, Comparison.of)

    def relation(self, base: str, head: str) -> Status | None:
        """Tells how a commit or branch stands to another, as `compare` does.

        Where GitHub can't compare them, which can be so for ever, it looks for each among the last commits of the other.
        """
        try:
            compared = self.compare(base, head)
            return compared.status if compared else None
        except UnansweredError as error:
            for ancestor, of, status in ((head, base, "behind"), (base, head, "ahead")):
                if self._leads_to(ancestor, of):
                    return cast(Status, status)
            remedy = f"see whether 'git merge-base --is-ancestor {base} {head}' succeeds, and release with --force then"
            raise UnansweredError(error.message, remedy=remedy) from error

    def _leads_to(self, commit: str, of: str) -> bool:
        pages = islice(self._pages("/commits", f"sha={quote(of, safe='')}"), _MOST_PAGES)
        return any(commit in read(page, lambda rows: [row["sha"] for row in rows]) for page in pages)

    # Refs

    def tag_rules(self, tag: str) -> Mapping[str, frozenset[str]]:
        """Returns what rulesets forbid this token to do with a tag (`update`, `creation`), by the ruleset's name."""
        binding = (each for each in self.tag_rulesets() if each.binds and each.names(f"refs/tags/{tag}"))
        return {ruleset.name: ruleset.rules for ruleset in binding}

    def tag_rulesets(self) -> list[Ruleset]:
        """Returns the rulesets for tags that are in force."""
        active = [listed for listed in self._list("/rulesets", "targets=tag", Ruleset.of) if listed.active]
        return [read(self._send("GET", f"/rulesets/{listed.id}"), Ruleset.of) for listed in active]

    def tag_commit(self, tag: str) -> str | None:
        """Returns the commit that a tag stands on, through the object of an annotated one; None where there is no such tag."""
        answer = self._send("GET", f"/git/ref/tags/{quote(tag)}", accepted=(200, 404))
        if answer.status == 404:
            return None
        kind, sha = read(answer, _target)
        while kind == "tag":
            kind, sha = read(self._send("GET", f"/git/tags/{sha}"), _target)
        return sha

    def create_tag(self, tag: str, sha: str) -> None:
        self._send("POST", "/git/refs", fields={"ref": f"refs/tags/{tag}", "sha": sha}, accepted=(201,))

    def move_tag(self, tag: str, sha: str, *, force: bool) -> None:
        """Raises NotFastForwardError without `force`, if GitHub looks at that for tags."""
        self._send("PATCH", f"/git/refs/tags/{quote(tag)}", fields={"sha": sha, "force": force}, repeatable=True)

    # Releases

    def releases(self) -> Iterator[Release]:
        """Lists all of them, newest first; drafts too where the token may push."""
        return self._list("/releases", "", Release.of)

    def release(self, tag: str) -> Release | None:
        """Returns the published release of a tag."""
        answer = self._send("GET", f"/releases/tags/{quote(tag)}", accepted=(200, 404))
        return None if answer.status == 404 else read(answer, Release.of)

    def latest(self) -> Release | None:
        answer = self._send("GET", "/releases/latest", accepted=(200, 404))
        return None if answer.status == 404 else read(answer, Release.of)

    def create_release(
        self, tag: str, commit: str | None, *, name: str, body: str, draft: bool, prerelease: bool, make_latest: str
    ) -> Release:
        """Makes a release; published, that makes the tag at the commit where there is none. Without one the tag must be there."""
        facts = {"tag_name": tag, "name": name, "body": body, **({"target_commitish": commit} if commit else {})}
        flags = {"draft": draft, "prerelease": prerelease, "make_latest": make_latest}
        answer = self._send("POST", "/releases", fields={**facts, **flags}, accepted=(201,))
        return read(answer, Release.of)

    def update_release(self, release: int, changes: Mapping[str, str | bool]) -> Release:
        """Changes fields, by GitHub's names for them.

        They must not have target_commitish, which would be looked at again; those of a draft must have tag_name, or GitHub may
        give it another.
        """
        answer = self._send("PATCH", f"/releases/{release}", fields=changes, repeatable=True)
        return read(answer, Release.of)

    def delete_release(self, release: int) -> None:
        self._send("DELETE", f"/releases/{release}", accepted=(204, 404))

    # Attestations

    def has_attestation(self, sha256: str) -> bool:
        """Tells whether GitHub's store has one about what has this digest (hex)."""
        answer = self._send("GET", f"/attestations/sha256:{sha256}", accepted=(200, 404))
        return answer.status == 200 and read(answer, lambda fields: bool(fields["attestations"]))

    def store_attestation(self, bundle: bytes) -> None:
        """Stores a Sigstore bundle (JSON), by every subject that it is about."""
        self._send("POST", "/attestations", fields={"bundle": json.loads(bundle)}, accepted=(201,))

    # Assets

    def assets(self, release: int) -> list[Asset]:
        def of(page: Answer) -> list[Asset]:
            return read(page, lambda rows: [Asset.of(fields, _moment(page)) for fields in rows])

        return [asset for page in self._pages(f"/releases/{release}/assets") for asset in of(page)]

    def upload(self, release: Release, name: str, content: bytes | Path, moved: Moved = lambda _: None) -> Asset:
        answer = self._answer(
            Request(
                "POST",
                f"{release.upload_url}?name={quote(name, safe='')}",
                {**self._headers(), "Content-Type": "application/octet-stream"},
                Body(content, moved),
                self._authorization,
                accepted=(201,),
            )
        )
        return read(answer, lambda fields: Asset.of(fields, _moment(answer)))

    def rename_asset(self, asset: int, name: str) -> None:
        self._send("PATCH", f"/releases/assets/{asset}", fields={"name": name}, repeatable=True)

    def delete_asset(self, asset: int) -> bool:
        """Deletes it; returns False where it was gone already."""
        return self._send("DELETE", f"/releases/assets/{asset}", accepted=(204, 404)).status == 204

    def download(self, asset: int, *, keep: bool = True) -> Answer:
        """Returns the asset's content, by its id: names move, and what is stored under them elsewhere may lag."""
        headers = {**self._headers(), "Accept": "application/octet-stream"}
        url = f"{self._root}/releases/assets/{asset}"
        return self._http.download(Request("GET", url, headers, None, self._authorization), keep=keep)

    # Packages

    def package_versions(self, package: str) -> list[PackageVersion]:
        """Lists the manifests of a container package of the repository's owner; none where there is no such package."""

        def of(page: Answer) -> list[PackageVersion]:
            return read(page, lambda rows: [PackageVersion.of(fields, _moment(page)) for fields in rows])

        try:
            pages = [*self._pages(self._versions_of(package), root=self._packages)]
        except HttpError as error:
            if error.status == 404:
                return []
            raise
        return [version for page in pages for version in of(page)]

    def delete_package_version(self, package: str, version: int) -> None:
        url = f"{self._packages}{self._versions_of(package)}/{version}"
        self._answer(Request("DELETE", url, self._headers(), None, self._authorization, accepted=(204, 404)))

    @cached_property
    def _packages(self) -> str:
        """The address of the owner's container packages, which tells users from organisations."""
        kind = "orgs" if self.repository().of_organization else "users"
        return f"{self._api}/{kind}/{quote(self._owner)}/packages/container"

    def _versions_of(self, package: str) -> str:
        return f"/{quote(package, safe='')}/versions"

    # The requests

    def _list[T](self, path: str, query: str, of: Callable[[Any], T]) -> Iterator[T]:
        return (each for page in self._pages(path, query) for each in read(page, lambda rows: [*map(of, rows)]))

    def _pages(self, path: str, query: str = "", *, root: str | None = None) -> Iterator[Answer]:
        url: str | None = f"{root or self._root}{path}?per_page={_PAGE}{f'&{query}' if query else ''}"
        while url:
            answer = self._answer(Request("GET", url, self._headers(), None, self._authorization))
            yield answer
            url = _next_page(answer.headers.get("link", ""))

    def _send(
        self,
        method: str,
        path: str,
        *,
        fields: Mapping[str, Any] | None = None,
        accepted: Collection[int] = (200,),
        repeatable: bool | None = None,
    ) -> Answer:
        body = None if fields is None else Body(json.dumps(fields).encode())
        headers = self._headers() | ({} if body is None else {"Content-Type": "application/json"})
        url = f"{self._root}{path}"
        return self._answer(Request(method, url, headers, body, self._authorization, accepted, repeatable))

    def _answer(self, request: Request) -> Answer:
        known = self._known.get(request.url) if request.method == "GET" else None
        if known:
            headers = {**request.headers, "If-None-Match": known.headers["etag"]}
            request = replace(request, headers=headers, accepted={*request.accepted, 304})
        try:
            answer = self._http.send(request)
        except HttpError as error:
            raise _translated(error) from error
        if known and answer.status == 304:
            return replace(known, headers={**known.headers, **answer.headers})
        if request.method == "GET" and answer.status == 200 and "etag" in answer.headers:
            self._known[request.url] = answer
        return answer

    def _headers(self) -> dict[str, str]:
        return {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": _VERSION}


def _translated(error: HttpError) -> HttpError:
    if error.status in (301, 307, 308):
        return HttpError(
            error.message, error.answer, "the repository has moved: set GITHUB_REPOSITORY to what it is now"
        )
    try:
        fields = json.loads(error.answer.content)
        codes = {each.get("code") for each in fields.get("errors", ()) if isinstance(each, dict)}
        message = str(fields.get("message", ""))
    except (ValueError, AttributeError):
        return error
    if error.status == 422 and (codes & {"already_exists"} or message == "Reference already exists"):
        return TakenError(error.message, error.answer)
    if error.status == 422 and "fast forward" in message:
        return NotFastForwardError(error.message, error.answer)
    if error.status == 422 and "immutable release" in error.message:
        return HttpError(error.message, error.answer, SPENT)
    if error.status == 401:
        return HttpError(error.message, error.answer, "set GITHUB_TOKEN to one that is valid")
    if error.status == 403 and error.remedy is None:
        needed = error.answer.headers.get("x-accepted-github-permissions") or "contents=write"
        return HttpError(error.message, error.answer, f"give the token the permissions {needed}")
    return error


def _target(fields: Any) -> tuple[str, str]:
    """Returns what a ref or tag names: the kind of object, and its id."""
    return fields["object"]["type"], str(fields["object"]["sha"])


def _moment(answer: Answer) -> datetime:
    """Tells when the server answered, by its own clock (RFC 9110, 6.6.1)."""
    try:
        return parsedate_to_datetime(answer.headers["date"])
    except (LookupError, ValueError) as error:
        raise HttpError("the answer does not tell its date", answer) from error


def _next_page(link: str) -> str | None:
    """Returns the address with rel="next" of a Link header (RFC 8288)."""
    for part in link.split(","):
        address, _, parameters = part.partition(";")
        if 'rel="next"' in parameters:
            return address.strip().strip("<>")
    return None
