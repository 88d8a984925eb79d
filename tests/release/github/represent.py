"""How GitHub spells its state in JSON, by its own description of the API."""

import base64
from dataclasses import dataclass
from datetime import datetime

from tests.release.github.commits import Commit, Comparison
from tests.release.github.state import Asset, PackageVersion, Release, Repository, Ruleset, Tag

type Json = dict[str, Json] | list[Json] | str | int | float | bool | None


@dataclass(frozen=True)
class Representation:
    """JSON of one repository's things; `api`, `uploads` and `web` are roots without a slash at the end."""

    repository: Repository
    api: str
    uploads: str
    web: str

    @property
    def _here(self) -> str:
        return f"{self.api}/repos/{self.repository.full_name}"

    @property
    def _page(self) -> str:
        return f"{self.web}/{self.repository.full_name}"

    def repo(self, permissions: dict[str, Json] | None) -> Json:
        repository = self.repository
        owner, _, name = repository.full_name.partition("/")
        now = _time(repository.clock())
        urls: dict[str, Json] = {f"{each}_url": f"{self._here}/{each}" for each in _REPOSITORY_URLS}
        counts: dict[str, Json] = dict.fromkeys(_REPOSITORY_COUNTS, 0)
        flags: dict[str, Json] = dict.fromkeys(_REPOSITORY_FLAGS, False)
        flags |= dict.fromkeys(("has_issues", "has_projects"), True)
        facts: dict[str, Json] = {
            "id": repository.id,
            "node_id": _node("Repository", repository.id),
            "name": name,
            "full_name": repository.full_name,
            "owner": self._user(owner, "Organization" if repository.of_organization else "User"),
            "private": repository.private,
            "default_branch": repository.default_branch,
            "url": self._here,
            "html_url": self._page,
            "clone_url": f"{self._page}.git",
            "git_url": f"git:{self._page}.git",
            "ssh_url": f"git@host:{repository.full_name}.git",
            "svn_url": self._page,
            "license": None,
            **dict.fromkeys(("description", "homepage", "language", "mirror_url")),
            **dict.fromkeys(("created_at", "updated_at", "pushed_at"), now),
        }
        return urls | counts | flags | facts | ({} if permissions is None else {"permissions": permissions})

    def release(self, release: Release) -> Json:
        root = f"{self._here}/releases/{release.id}"
        assets: list[Json] = [self.asset(asset) for asset in self.repository.assets_of(release.id)]
        shown = f"untagged-{release.id:x}" if release.draft else release.tag
        return {
            "url": root,
            "html_url": f"{self._page}/releases/tag/{shown}",
            "assets_url": f"{root}/assets",
            "upload_url": f"{root.replace(self.api, self.uploads)}/assets{{?name,label}}",
            "tarball_url": f"{self._here}/tarball/{release.tag}",
            "zipball_url": f"{self._here}/zipball/{release.tag}",
            "id": release.id,
            "node_id": _node("Release", release.id),
            "tag_name": release.tag,
            "target_commitish": release.target,
            "name": release.name,
            "body": release.body,
            "draft": release.draft,
            "prerelease": release.prerelease,
            "immutable": release.immutable,
            "created_at": _time(release.created),
            "published_at": _time(release.published) if release.published else None,
            "author": self._user("author"),
            "assets": assets,
        }

    def asset(self, asset: Asset) -> Json:
        release = self.repository.releases[asset.release]
        shown = f"untagged-{release.id:x}" if release.draft else release.tag
        return {
            "url": f"{self._here}/releases/assets/{asset.id}",
            "browser_download_url": f"{self._page}/releases/download/{shown}/{asset.name}",
            "id": asset.id,
            "node_id": _node("ReleaseAsset", asset.id),
            "name": asset.name,
            "label": asset.label,
            "state": asset.state,
            "content_type": asset.content_type,
            "size": asset.size,
            "digest": asset.digest,
            "download_count": 0,
            "created_at": _time(asset.created),
            "updated_at": _time(asset.updated),
            "uploader": self._user("author"),
        }

    def package_version(self, version: PackageVersion, kind: str) -> Json:
        root = f"{self.api}/{kind}/{self.repository.full_name.partition('/')[0]}/packages/container/{version.package}"
        return {
            "id": version.id,
            "name": version.digest,
            "url": f"{root}/versions/{version.id}",
            "package_html_url": f"{self._page}/pkgs/container/{version.package}",
            "created_at": _time(version.created),
            "updated_at": _time(version.created),
            "metadata": {"package_type": "container", "container": {"tags": [*version.tags]}},
        }

    def environment(self, name: str) -> Json:
        reviewers: list[Json] = [
            {"type": "User", "reviewer": self._user(login)} for login in self.repository.reviewers[name]
        ]
        rule: Json = {"id": 1, "node_id": _node("Rule", name), "type": "required_reviewers", "reviewers": reviewers}
        times: dict[str, Json] = dict.fromkeys(("created_at", "updated_at"), _time(self.repository.clock()))
        root = f"{self._here}/environments/{name}"
        facts: dict[str, Json] = {"id": 1, "node_id": _node("Environment", name), "name": name, "url": root}
        policy: Json = {"protected_branches": False, "custom_branch_policies": True}
        facts["deployment_branch_policy"] = None if name in self.repository.open_environments else policy
        return facts | times | {"html_url": self._page, "protection_rules": [rule] if reviewers else []}

    def ref(self, ref: str) -> Json:
        sha = self.repository.refs[ref]
        kind = "tag" if sha in self.repository.tags else "commit"
        return {
            "ref": ref,
            "node_id": _node("Ref", ref),
            "url": f"{self._here}/git/{ref}",
            "object": {"sha": sha, "type": kind, "url": f"{self._here}/git/{kind}s/{sha}"},
        }

    def tag(self, tag: Tag) -> Json:
        return {
            "sha": tag.sha,
            "url": f"{self._here}/git/tags/{tag.sha}",
            "node_id": _node("Tag", tag.sha),
            "tagger": _person(self.repository.clock()),
            "object": {"sha": tag.commit, "type": "commit", "url": f"{self._here}/git/commits/{tag.commit}"},
            "tag": tag.name,
            "message": tag.message,
        }

    def ruleset(self, ruleset: Ruleset, *, whole: bool) -> Json:
        """One of them as it is listed, or `whole`."""
        listed: dict[str, Json] = {"id": ruleset.id, "name": ruleset.name, "target": "tag", "source_type": "Repository"}
        listed |= {"source": self.repository.full_name, "enforcement": ruleset.enforcement}
        if not whole:
            return listed
        names: dict[str, Json] = {"include": [*ruleset.include], "exclude": [*ruleset.exclude]}
        rules: list[Json] = [{"type": rule} for rule in ruleset.rules]
        return listed | {
            "conditions": {"ref_name": names},
            "rules": rules,
            "current_user_can_bypass": ruleset.bypass,
        }

    def branch(self, name: str, commit: Commit) -> Json:
        here, protected = f"{self._here}/branches/{name}", self.repository.protected
        return {
            "name": name,
            "commit": self.commit(commit),
            "_links": {"html": f"{self._page}/tree/{name}", "self": here},
            "protected": protected,
            "protection": {"enabled": protected},
            "protection_url": f"{here}/protection",
        }

    def branch_rules(self) -> list[Json]:
        parameters: dict[str, Json] = {
            "pull_request": {
                "dismiss_stale_reviews_on_push": True,
                "require_code_owner_review": False,
                "require_last_push_approval": False,
                "required_approving_review_count": 1,
                "required_review_thread_resolution": False,
            }
        }
        shared: dict[str, Json] = {
            "ruleset_source_type": "Repository",
            "ruleset_source": self.repository.full_name,
            "ruleset_id": 2,
        }

        def of(rule: str) -> Json:
            return shared | {"type": rule} | ({"parameters": parameters[rule]} if rule in parameters else {})

        return [of(rule) for rule in self.repository.branch_rules]

    def commit(self, commit: Commit) -> Json:
        person = _person(commit.when or self.repository.clock())
        parents: list[Json] = [{"sha": sha, "url": f"{self._here}/commits/{sha}"} for sha in commit.parents]
        return {
            "sha": commit.sha,
            "url": f"{self._here}/commits/{commit.sha}",
            "html_url": f"{self._page}/commit/{commit.sha}",
            "comments_url": f"{self._here}/commits/{commit.sha}/comments",
            "node_id": _node("Commit", commit.sha),
            "commit": {
                "url": f"{self._here}/git/commits/{commit.sha}",
                "author": person,
                "committer": person,
                "message": commit.message,
                "comment_count": 0,
                "tree": {"sha": commit.sha, "url": f"{self._here}/git/trees/{commit.sha}"},
            },
            "author": self._user("author"),
            "committer": self._user("author"),
            "parents": parents,
        }

    def comparison(self, base: Commit, head: Commit, compared: Comparison, shown: list[Commit]) -> Json:
        page = f"{self._page}/compare/{base.sha}...{head.sha}"
        merge_base = self.repository.commits.get(compared.merge_base)
        assert merge_base is not None
        return {
            "url": f"{self._here}/compare/{base.sha}...{head.sha}",
            "html_url": page,
            "permalink_url": page,
            "diff_url": f"{page}.diff",
            "patch_url": f"{page}.patch",
            "base_commit": self.commit(base),
            "merge_base_commit": self.commit(merge_base),
            "status": compared.status,
            "ahead_by": len(compared.commits),
            "behind_by": compared.behind_by,
            "total_commits": len(compared.commits),
            "commits": [self.commit(each) for each in shown],
        }

    def workflows(self, commit: Commit) -> Json:
        """The listing of `.github/workflows`."""
        listing: list[Json] = []
        for name, sha in commit.workflows:
            path = f".github/workflows/{name}"
            url, git = f"{self._here}/contents/{path}", f"{self._here}/git/blobs/{sha}"
            page = f"{self._page}/blob/{commit.sha}/{path}"
            entry: dict[str, Json] = {"type": "file", "name": name, "path": path, "sha": sha, "size": 1}
            entry |= {"url": url, "git_url": git, "html_url": page, "download_url": page}
            entry["_links"] = {"self": url, "git": git, "html": page}
            listing.append(entry)
        return listing

    def _user(self, login: str, kind: str = "User") -> Json:
        root = f"{self.api}/users/{login}"
        user: dict[str, Json] = {f"{each}_url": f"{root}/{each}" for each in _USER_URLS}
        user |= {"login": login, "id": 1, "node_id": _node("User", login), "gravatar_id": "", "url": root}
        return user | {"type": kind, "site_admin": False}


def _node(kind: str, of: object) -> str:
    return base64.b64encode(f"{kind}{of}".encode()).decode()


def _person(when: datetime) -> Json:
    return {"name": "Author", "email": "author@example.org", "date": _time(when)}


def _time(when: datetime) -> str:
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")


_USER_URLS = (
    *("avatar", "events", "followers", "following", "gists", "html", "organizations"),
    *("received_events", "repos", "starred", "subscriptions"),
)
_REPOSITORY_FLAGS = ("fork", "archived", "disabled", "has_wiki", "has_pages", "has_discussions")
_REPOSITORY_URLS = (
    *("archive", "assignees", "blobs", "branches", "collaborators", "comments", "commits", "compare", "contents"),
    *("contributors", "deployments", "downloads", "events", "forks", "git_commits", "git_refs", "git_tags", "hooks"),
    *("issue_comment", "issue_events", "issues", "keys", "labels", "languages", "merges", "milestones"),
    *(
        "notifications",
        "pulls",
        "releases",
        "stargazers",
        "statuses",
        "subscribers",
        "subscription",
        "tags",
        "teams",
        "trees",
    ),
)
_REPOSITORY_COUNTS = (
    *("forks", "forks_count", "open_issues", "open_issues_count", "size", "stargazers_count", "watchers"),
    *("watchers_count", "network_count", "subscribers_count"),
)
