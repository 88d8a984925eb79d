"""What GitHub's REST API answers, operation by operation, for one repository."""

import base64
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlencode

from tests.release.github.access import Access
from tests.release.github.lag import Lag, Reads
from tests.release.github.represent import Json, Representation
from tests.release.github.state import NOT_FOUND, Asset, RefusedError, Release, Repository

MOST_A_PAGE = 100
MOST_COMMITS = 250


@dataclass(frozen=True)
class Request:
    """`read` fetches the body; an upload is announced before that."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    access: Access
    read: Callable[[], bytes]
    json: Representation
    asset_url: Callable[[Asset], str]
    names: Mapping[str, str] = field(default_factory=dict)

    def fields(self) -> dict[str, Any]:
        try:
            fields = json.loads(self.read() or b"{}")
        except ValueError:
            raise RefusedError(400, "Problems parsing JSON") from None
        if not isinstance(fields, dict):
            raise RefusedError(400, "Body should be a JSON object")
        return fields


@dataclass(frozen=True)
class Answer:
    status: int = 200
    body: Json | bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


class Api:
    """Finds the operation for a request and carries it out."""

    def __init__(self, repository: Repository, lag: Lag) -> None:
        self._repository = repository
        self._lag = lag

    def answer(self, request: Request) -> Answer:
        """The answer; raises RefusedError."""
        packages = re.fullmatch(_PACKAGES, request.path)
        if packages:
            return self._package_versions(replace(request, names=packages.groupdict()))
        owner_and_name = re.match(r"/repos/([^/]+/[^/]+)", request.path)
        if owner_and_name is None:
            raise NOT_FOUND
        if owner_and_name[1].lower() == self._repository.former_name.lower():
            url = f"{request.json.api}/repositories/1{request.path[owner_and_name.end() :]}"
            body: Json = {
                "message": "Moved Permanently",
                "url": url,
                "documentation_url": "https://docs.github.com/rest",
            }
            return Answer(301, body, {"Location": url})
        if owner_and_name[1].lower() != self._repository.full_name.lower():
            raise NOT_FOUND
        if self._repository.private and not request.access.private:
            raise NOT_FOUND
        rest = request.path[owner_and_name.end() :]
        for method, pattern, operation in _OPERATIONS:
            match = re.fullmatch(pattern, rest)
            if match and method == request.method:
                if method != "GET" and not request.access.push:
                    raise RefusedError(403, "Resource not accessible by integration")
                return self._carried_out(operation, replace(request, names=match.groupdict()))
        raise NOT_FOUND

    def _carried_out(self, operation: "Operation", request: Request) -> Answer:
        if request.method != "GET":
            with self._lag.writing(self._repository):
                return operation(self, request)
        seen = self._lag.seen(self._repository, _KINDS.get(operation))
        return operation(Api(seen, self._lag), replace(request, json=replace(request.json, repository=seen)))

    def _release(self, request: Request) -> Release:
        release = self._repository.releases.get(int(request.names["id"]))
        if release is None or (release.draft and not request.access.push):
            raise NOT_FOUND
        return release

    def _asset(self, request: Request) -> Asset:
        asset = self._repository.assets.get(int(request.names["id"]))
        if asset is None or (self._repository.releases[asset.release].draft and not request.access.push):
            raise NOT_FOUND
        return asset

    # The repository

    def repository(self, request: Request) -> Answer:
        access = request.access
        push = access.push and not access.installation
        known = {"admin": False, "maintain": False, "push": push, "triage": push, "pull": not access.installation}
        permissions = dict[str, Json](known) if access.push or "authorization" in request.headers else None
        return Answer(body=request.json.repo(permissions))

    def immutable_releases(self, request: Request) -> Answer:
        if not request.access.settings:
            raise RefusedError(403, "Resource not accessible by integration")
        if not self._repository.immutable_releases:
            raise NOT_FOUND
        return Answer(body={"enabled": True, "enforced_by_owner": False})

    def environment(self, request: Request) -> Answer:
        name = request.names["name"]
        if not request.access.environments:
            raise RefusedError(403, "Resource not accessible by integration")
        if name not in self._repository.reviewers:
            raise NOT_FOUND
        return Answer(body=request.json.environment(name))

    def contents(self, request: Request) -> Answer:
        sha = self._resolve(request.query.get("ref", self._repository.default_branch))
        commit = self._repository.commits.get(sha)
        if commit is None or request.names["path"] != ".github/workflows" or not commit.workflows:
            raise NOT_FOUND
        return Answer(body=request.json.workflows(commit))

    # Packages

    def _package_versions(self, request: Request) -> Answer:
        """Lists or deletes them, for whoever may push; of the kind of owner that has this repository."""
        kind = "orgs" if self._repository.of_organization else "users"
        owner, registry = self._repository.full_name.partition("/")[0], self._repository.packages
        if not request.access.push:
            raise RefusedError(403, "You need at least read:packages scope")
        if registry is None or (request.names["kind"], request.names["owner"].lower()) != (kind, owner.lower()):
            raise NOT_FOUND
        package = f"{owner}/{request.names['package']}".lower()
        if request.method == "DELETE" and request.names["id"]:
            registry.delete(package, int(request.names["id"]))
            return Answer(204)
        return _page(request, [request.json.package_version(version, kind) for version in registry.versions(package)])

    # Commits and refs

    def commit(self, request: Request) -> Answer:
        commit = self._repository.commits.get(self._resolve(request.names["ref"]))
        if commit is None:
            raise RefusedError(422, f"No commit found for SHA: {request.names['ref']}")
        return Answer(body=request.json.commit(commit))

    def commits(self, request: Request) -> Answer:
        tip = self._resolve(request.query["sha"])
        return _page(request, [request.json.commit(each) for each in self._repository.commits.log(tip)])

    def compare(self, request: Request) -> Answer:
        if self._repository.compares_nothing:
            raise RefusedError(
                500, "Server Error: Sorry, this diff is temporarily unavailable due to heavy server load."
            )
        base, head = (self._repository.commits.get(self._resolve(request.names[end])) for end in ("base", "head"))
        if base is None or head is None:
            raise NOT_FOUND
        compared = self._repository.commits.compare(base.sha, head.sha)
        if compared is None:
            raise NOT_FOUND
        size = int(request.query.get("per_page", MOST_COMMITS))
        first = (int(request.query.get("page", 1)) - 1) * size
        return Answer(body=request.json.comparison(base, head, compared, list(compared.commits)[first : first + size]))

    def ref(self, request: Request) -> Answer:
        ref = f"refs/{request.names['ref']}"
        if ref not in self._repository.refs:
            raise NOT_FOUND
        return Answer(body=request.json.ref(ref))

    def create_ref(self, request: Request) -> Answer:
        fields = request.fields()
        with self._repository.step():
            self._repository.create_ref(fields["ref"], fields["sha"], request.access)
            return Answer(201, request.json.ref(fields["ref"]))

    def update_ref(self, request: Request) -> Answer:
        fields = request.fields()
        ref = f"refs/{request.names['ref']}"
        with self._repository.step():
            force = fields.get("force", False)
            self._repository.update_ref(ref, fields["sha"], force, request.access)
            return Answer(200, request.json.ref(ref))

    def delete_ref(self, request: Request) -> Answer:
        self._repository.delete_ref(f"refs/{request.names['ref']}")
        return Answer(204)

    def tag(self, request: Request) -> Answer:
        tag = self._repository.tags.get(request.names["sha"])
        if tag is None:
            raise NOT_FOUND
        return Answer(body=request.json.tag(tag))

    def _resolve(self, name: str) -> str:
        for ref in (f"refs/tags/{name}", f"refs/heads/{name}", name):
            if ref in self._repository.refs:
                return self._repository.commit_at(ref)
        return name

    def branch(self, request: Request) -> Answer:
        name = request.names["name"]
        commit = self._repository.commits.get(self._repository.refs.get(f"refs/heads/{name}", ""))
        if commit is None:
            raise NOT_FOUND
        return Answer(body=request.json.branch(name, commit))

    def branch_rules(self, request: Request) -> Answer:
        return _page(request, request.json.branch_rules() if request.names["name"] == "main" else [])

    def rulesets(self, request: Request) -> Answer:
        return _page(request, [request.json.ruleset(each, whole=False) for each in self._repository.rulesets])

    def ruleset(self, request: Request) -> Answer:
        for each in self._repository.rulesets:
            if each.id == int(request.names["id"]):
                return Answer(body=request.json.ruleset(each, whole=True))
        raise NOT_FOUND

    # Releases

    def releases(self, request: Request) -> Answer:
        visible = [each for each in self._repository.releases.values() if request.access.push or not each.draft]
        visible.sort(key=lambda each: (each.created, each.id), reverse=True)
        return _page(request, [request.json.release(each) for each in visible])

    def create_release(self, request: Request) -> Answer:
        fields = request.fields()
        with self._repository.step():
            if "target_commitish" in fields:  # looked at whether or not the tag is there
                self._repository.check_workflows(self._resolve(fields["target_commitish"]), request.access)
            release = self._repository.create_release(
                fields["tag_name"],
                fields.get("target_commitish", self._repository.default_branch),
                fields.get("name"),
                fields.get("body"),
                fields.get("draft", False),
                fields.get("prerelease", False),
                fields.get("make_latest", "true"),
            )
            return Answer(201, request.json.release(release))

    def release(self, request: Request) -> Answer:
        return Answer(body=request.json.release(self._release(request)))

    def update_release(self, request: Request) -> Answer:
        fields = request.fields()
        with self._repository.step():
            release = self._release(request)
            release = replace(
                release,
                # A draft that is not told its tag again is said to lose it.
                tag=fields.get("tag_name", f"untagged-{release.id}" if release.draft else release.tag),
                target=fields.get("target_commitish", release.target),
                name=fields.get("name", release.name),
                body=fields.get("body", release.body),
                draft=fields.get("draft", release.draft),
                prerelease=fields.get("prerelease", release.prerelease),
            )
            release = self._repository.update_release(release, fields.get("make_latest", "true"))
            return Answer(body=request.json.release(release))

    def delete_release(self, request: Request) -> Answer:
        self._repository.delete_release(self._release(request).id)
        return Answer(204)

    def release_by_tag(self, request: Request) -> Answer:
        release = self._repository.published(request.names["tag"])
        if release is None:
            raise NOT_FOUND
        return Answer(body=request.json.release(release))

    def latest_release(self, request: Request) -> Answer:
        release = self._repository.latest_release()
        if release is None:
            raise NOT_FOUND
        return Answer(body=request.json.release(release))

    # Attestations

    def attestations(self, request: Request) -> Answer:
        bundles = self._repository.attestations.get(request.names["digest"], [])
        rows: list[Json] = [
            {"bundle": bundle, "repository_id": self._repository.id, "bundle_url": "", "initiator": "user"}
            for bundle in bundles
        ]
        return Answer(body={"attestations": rows})

    def create_attestation(self, request: Request) -> Answer:
        bundle = request.fields()["bundle"]
        statement = json.loads(base64.b64decode(bundle["dsseEnvelope"]["payload"]))
        with self._repository.step():
            for subject in statement["subject"]:
                self._repository.attestations.setdefault(f"sha256:{subject['digest']['sha256']}", []).append(bundle)
        return Answer(201, {"id": len(self._repository.attestations)})

    # Assets

    def assets(self, request: Request) -> Answer:
        release = self._release(request)
        return _page(request, [request.json.asset(asset) for asset in self._repository.assets_of(release.id)])

    def upload_asset(self, request: Request) -> Answer:
        release = self._release(request)
        kind = request.headers.get("content-type", "application/octet-stream")
        with self._repository.step():
            asset = self._repository.begin_asset(release.id, request.query["name"], request.query.get("label"), kind)
        content = request.read()
        with self._repository.step():
            return Answer(201, request.json.asset(self._repository.finish_asset(asset.id, content)))

    def asset(self, request: Request) -> Answer:
        asset = self._asset(request)
        if "application/octet-stream" not in request.headers.get("accept", ""):
            return Answer(body=request.json.asset(asset))
        if asset.content is None:
            raise NOT_FOUND
        return Answer(302, headers={"Location": request.asset_url(asset)})

    def update_asset(self, request: Request) -> Answer:
        fields = request.fields()
        with self._repository.step():
            asset = self._repository.update_asset(self._asset(request).id, fields.get("name"), fields.get("label"))
            return Answer(body=request.json.asset(asset))

    def delete_asset(self, request: Request) -> Answer:
        with self._repository.step():
            self._repository.delete_asset(self._asset(request).id)
        return Answer(204)


def _page(request: Request, rows: list[Json]) -> Answer:
    size = min(int(request.query.get("per_page", 30)), MOST_A_PAGE)
    page = int(request.query.get("page", 1))
    headers = {}
    if page * size < len(rows):
        query = urlencode({**request.query, "per_page": size, "page": page + 1})
        following = f"{request.json.api}{request.path}?{query}"
        headers["Link"] = f'<{following}>; rel="next"'
    return Answer(body=rows[(page - 1) * size : page * size], headers=headers)


Operation = Callable[[Api, Request], Answer]
_KINDS: Mapping[Operation, Reads] = {
    Api.assets: "assets",
    Api.releases: "releases",
    Api.release_by_tag: "release",
    Api.latest_release: "latest",
    Api.ref: "ref",
}
_PACKAGES = "/(?P<kind>orgs|users)/(?P<owner>[^/]+)/packages/container/(?P<package>.+)/versions(?:/(?P<id>[0-9]+))?"
_SHA = "[0-9a-f]{40}"
_OPERATIONS: tuple[tuple[str, str, Operation], ...] = (
    ("GET", "", Api.repository),
    ("GET", "/immutable-releases", Api.immutable_releases),
    ("GET", "/environments/(?P<name>[^/]+)", Api.environment),
    ("GET", "/attestations/(?P<digest>sha256:[0-9a-f]{64})", Api.attestations),
    ("POST", "/attestations", Api.create_attestation),
    ("GET", "/branches/(?P<name>[^/]+)", Api.branch),
    ("GET", "/contents/(?P<path>.+)", Api.contents),
    ("GET", "/commits", Api.commits),
    ("GET", "/commits/(?P<ref>.+)", Api.commit),
    ("GET", r"/compare/(?P<base>.+)\.\.\.(?P<head>.+)", Api.compare),
    ("GET", "/git/ref/(?P<ref>.+)", Api.ref),
    ("POST", "/git/refs", Api.create_ref),
    ("PATCH", "/git/refs/(?P<ref>.+)", Api.update_ref),
    ("DELETE", "/git/refs/(?P<ref>.+)", Api.delete_ref),
    ("GET", f"/git/tags/(?P<sha>{_SHA})", Api.tag),
    ("GET", "/rules/branches/(?P<name>[^/]+)", Api.branch_rules),
    ("GET", "/rulesets", Api.rulesets),
    ("GET", "/rulesets/(?P<id>[0-9]+)", Api.ruleset),
    ("GET", "/releases", Api.releases),
    ("POST", "/releases", Api.create_release),
    ("GET", "/releases/latest", Api.latest_release),
    ("GET", "/releases/tags/(?P<tag>.+)", Api.release_by_tag),
    ("GET", "/releases/(?P<id>[0-9]+)", Api.release),
    ("PATCH", "/releases/(?P<id>[0-9]+)", Api.update_release),
    ("DELETE", "/releases/(?P<id>[0-9]+)", Api.delete_release),
    ("GET", "/releases/(?P<id>[0-9]+)/assets", Api.assets),
    ("POST", "/releases/(?P<id>[0-9]+)/assets", Api.upload_asset),
    ("GET", "/releases/assets/(?P<id>[0-9]+)", Api.asset),
    ("PATCH", "/releases/assets/(?P<id>[0-9]+)", Api.update_asset),
    ("DELETE", "/releases/assets/(?P<id>[0-9]+)", Api.delete_asset),
)
