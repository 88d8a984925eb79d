"""The stand-in keeps GitHub's rules, by what GitHub documents, and its description of the API."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from tests.release.github.access import Access
from tests.release.github.contract import Contract, Sent
from tests.release.github.server import GitHub


@pytest.fixture
def github() -> Iterator[GitHub]:
    with GitHub() as github:
        first = github.commits.add("first", workflows={"release.yml": "1"})
        github.repository.refs["refs/heads/main"] = github.commits.add("second", first)
        github.tokens |= {"push": Access(), "read": Access(push=False)}
        yield github


class Client:
    """Sends requests as somebody."""

    def __init__(self, github: GitHub, token: str | None = "push") -> None:
        self._root = f"{github.env['GITHUB_API_URL']}/repos/{github.repository.full_name}"
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    def send(self, method: str, path: str, body: object = None, **headers: str) -> requests.Response:
        url = path if path.startswith("http") else f"{self._root}{path}"
        content = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
        kind = "application/octet-stream" if isinstance(body, bytes) else "application/json"
        sent = {**self._headers, "Content-Type": kind, **headers}
        return requests.request(method, url, data=content, headers=sent, allow_redirects=False, timeout=10)

    def release(self, tag: str = "dev", **fields: object) -> Any:
        return self.send("POST", "/releases", {"tag_name": tag, **fields}).json()

    def upload(self, release: Any, name: str, content: bytes = b"content") -> requests.Response:
        return self.send("POST", f"{release['upload_url'].partition('{')[0]}?name={name}", content)


def test_a_request_that_breaks_the_description_fails_the_test() -> None:
    github = GitHub().start()
    github.tokens["push"] = Access()
    sent = Client(github).send("PATCH", "/git/refs/tags/dev", {"sah": "x", "force": "no"})
    assert sent.status_code == 400
    assert github.breaches
    with pytest.raises(AssertionError, match="'sha' is a required property"):
        github.stop()


@pytest.mark.parametrize("path", ["/releases/{}/assets", "/releases"])
def test_an_answer_that_breaks_the_description_is_told_each_time(github: GitHub, path: str) -> None:
    release = Client(github).release(prerelease=True)
    for name in ("one", "other"):
        Client(github).upload(release, name)
    api = github.env["GITHUB_API_URL"]
    sent = Sent(api, "GET", f"/repos/{github.repository.full_name}{path.format(release['id'])}", "", (), b"")
    right = Client(github).send("GET", path.format(release["id"])).text
    assert right.count('"size": 7') == 2
    wrong = right.replace('"size": 7', '"size": "7"', 1)
    contract = Contract(api, "http://uploads.invalid")
    assert contract.of_answer(sent, 200, right.encode()) == []
    for _ in range(2):
        assert "'7' is not of type 'integer'" in "".join(contract.of_answer(sent, 200, wrong.encode()))
        assert contract.of_answer(sent, 200, right.encode()) == []


def test_a_draft_and_its_assets_are_for_those_who_can_push(github: GitHub) -> None:
    draft = Client(github).release("v1.0.0", draft=True)
    asset = Client(github).upload(draft, "file").json()
    assert [each["id"] for each in Client(github).send("GET", "/releases").json()] == [draft["id"]]
    for token in ("read", None):
        other = Client(github, token)
        assert other.send("GET", "/releases").json() == []
        for path in (f"/releases/{draft['id']}", f"/releases/assets/{asset['id']}", "/releases/tags/v1.0.0"):
            assert other.send("GET", path).status_code in (401, 404)
    assert "refs/tags/v1.0.0" not in github.repository.refs


def test_publishing_makes_the_tag_and_an_asset_is_downloaded_from_another_host(github: GitHub) -> None:
    release = Client(github).release("v1.0.0", target_commitish="main")
    asset = Client(github).upload(release, "file").json()
    assert github.repository.refs["refs/tags/v1.0.0"] == github.repository.refs["refs/heads/main"]
    leads = requests.get(asset["browser_download_url"], allow_redirects=False, timeout=10).headers["Location"]
    assert urlsplit(leads).netloc != urlsplit(github.url).netloc
    assert requests.get(leads, timeout=10).content == b"content"
    assert requests.get(leads, headers={"Authorization": "Bearer push"}, timeout=10).status_code == 400
    by_id = Client(github).send("GET", f"/releases/assets/{asset['id']}", Accept="application/octet-stream")
    assert by_id.headers["Location"] == leads


def test_assets_have_digests_and_names_of_their_own(github: GitHub) -> None:
    release = Client(github).release(prerelease=True)
    asset = Client(github).upload(release, "odd%2Bname%20(1).json").json()
    assert asset["name"] == "odd.name.1.json"
    assert asset["digest"] == "sha256:ed7002b439e9ac845f22357d822bac1444730fbdb6016d3ec9432297b9ec9f73"
    taken = Client(github).upload(release, "odd.name.1.json")
    assert (taken.status_code, taken.json()["errors"][0]["code"]) == (422, "already_exists")
    other = Client(github).upload(release, "other").json()
    path = f"/releases/assets/{other['id']}"
    assert Client(github).send("PATCH", path, {"name": asset["name"]}).status_code == 422
    assert Client(github).send("PATCH", path, {"name": "third"}).json()["name"] == "third"
    assert Client(github).send("DELETE", path).status_code == 204
    assert Client(github).send("GET", path).status_code == 404


def test_a_release_takes_a_thousand_assets(github: GitHub) -> None:
    release = Client(github).release(prerelease=True)
    for number in range(1000):
        asset = github.repository.begin_asset(release["id"], f"file{number}", None, "application/octet-stream")
        github.repository.finish_asset(asset.id, b"x")
    assert Client(github).upload(release, "one-more").status_code == 422
    first = Client(github).send("GET", f"/releases/{release['id']}/assets?per_page=100")
    assert len(first.json()) == 100
    assert 'rel="next"' in first.headers["Link"]


def test_a_prerelease_is_never_latest(github: GitHub) -> None:
    Client(github).release(prerelease=True)
    assert Client(github).send("GET", "/releases/latest").status_code == 404
    first, second = Client(github).release("v1.0.0"), Client(github).release("v0.9.0", make_latest="false")
    assert Client(github).send("GET", "/releases/latest").json()["id"] == first["id"]
    Client(github).send("PATCH", f"/releases/{second['id']}", {"make_latest": "true"})
    assert Client(github).send("GET", "/releases/latest").json()["id"] == second["id"]
    page = f"{github.url}/{github.repository.full_name}/releases/latest/download/file"
    assert "/download/v0.9.0/file" in requests.get(page, allow_redirects=False, timeout=10).headers["Location"]


def test_an_immutable_release_stays_as_it_was_published(github: GitHub) -> None:
    github.repository.immutable_releases = True
    draft = Client(github).release("v1.0.0", draft=True, target_commitish="main")
    asset = Client(github).upload(draft, "file").json()
    published = Client(github).send("PATCH", f"/releases/{draft['id']}", {"draft": False}).json()
    assert published["immutable"]
    path = f"/releases/assets/{asset['id']}"
    refused = [
        Client(github).upload(published, "other"),
        Client(github).send("PATCH", path, {"name": "other"}),
        Client(github).send("DELETE", path),
        Client(github).send("PATCH", f"/releases/{draft['id']}", {"tag_name": "v2"}),
        Client(github).send(
            "PATCH", "/git/refs/tags/v1.0.0", {"sha": github.repository.refs["refs/heads/main"], "force": True}
        ),
    ]
    assert [each.status_code for each in refused] == [422] * 5
    assert Client(github).send("PATCH", f"/releases/{draft['id']}", {"body": "text"}).json()["body"] == "text"


def test_a_ref_moves_along_the_history_unless_forced(github: GitHub) -> None:
    main = github.repository.refs["refs/heads/main"]
    aside = github.commits.add("aside")
    create = {"ref": "refs/tags/dev", "sha": main}
    assert Client(github).send("POST", "/git/refs", create).status_code == 201
    assert Client(github).send("POST", "/git/refs", create).json()["message"] == "Reference already exists"
    after = github.commits.add("third", main)
    moves = [(after, False), (main, False), (aside, False), (aside, True), (40 * "0", True)]
    answers = [Client(github).send("PATCH", "/git/refs/tags/dev", {"sha": sha, "force": force}) for sha, force in moves]
    assert [answer.status_code for answer in answers] == [200, 422, 422, 200, 422]
    assert answers[1].json()["message"] == "Update is not a fast forward"


def test_a_release_whose_tag_is_deleted_turns_into_a_draft(github: GitHub) -> None:
    release = Client(github).release("v1.0.0")
    assert Client(github).send("DELETE", "/git/refs/tags/v1.0.0").status_code == 204
    assert Client(github).send("GET", "/releases/tags/v1.0.0").status_code == 404
    assert Client(github).send("GET", f"/releases/{release['id']}").json()["draft"]


def test_commits_are_compared(github: GitHub) -> None:
    main = github.repository.refs["refs/heads/main"]
    left, right = github.commits.add("left", main), github.commits.add("right", main)
    lone = github.commits.add("lone")
    pairs = [(main, main), (main, left), (left, main), (left, right)]
    compared = [Client(github).send("GET", f"/compare/{base}...{head}").json() for base, head in pairs]
    assert [each["status"] for each in compared] == ["identical", "ahead", "behind", "diverged"]
    assert [commit["sha"] for commit in compared[1]["commits"]] == [left]
    assert Client(github).send("GET", f"/compare/{main}...{lone}").status_code == 404
    assert Client(github).send("GET", f"/commits/{40 * '0'}").status_code == 422


def test_permissions_tell_what_a_token_may_do(github: GitHub) -> None:
    assert Client(github).send("GET", "").json()["permissions"]["push"]
    assert not Client(github, "read").send("GET", "").json()["permissions"]["push"]
    assert Client(github, "read").send("POST", "/releases", {"tag_name": "x"}).status_code == 403
    assert Client(github, "unknown").send("GET", "").status_code == 401
    github.repository.private = True
    assert Client(github, None).send("GET", "").status_code == 404


def test_a_token_without_the_workflow_permission_moves_no_ref_to_other_workflows(github: GitHub) -> None:
    github.tokens["app"] = Access(workflows=False)
    main = github.repository.refs["refs/heads/main"]
    changed = github.commits.add("changed", main, workflows={"release.yml": "2"})
    Client(github).send("POST", "/git/refs", {"ref": "refs/tags/dev", "sha": main})
    refused = Client(github, "app").send("PATCH", "/git/refs/tags/dev", {"sha": changed, "force": False})
    assert refused.status_code == 403
    assert "workflow" in refused.json()["message"]
    assert github.repository.refs["refs/tags/dev"] == main


def test_limits_are_told_in_headers(github: GitHub) -> None:
    answer = Client(github).send("GET", "")
    assert int(answer.headers["x-ratelimit-remaining"]) == 4999
    github.limits.writes_a_minute = 1
    assert "id" in Client(github).release(prerelease=True)
    refused = Client(github).send("POST", "/releases", {"tag_name": "v1"})
    assert (refused.status_code, int(refused.headers["retry-after"]) > 0) == (403, True)
    github.limits.exhaust(60)
    refused = Client(github).send("GET", "")
    assert (refused.status_code, refused.headers["x-ratelimit-remaining"]) == (403, "0")
