import hashlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from release.destinations.ghcr.authorization import Authorization
from release.destinations.ghcr.credentials import Credentials
from release.destinations.ghcr.image import INDEX, Blob
from release.destinations.ghcr.registry import DeniedError, Registry
from release.transport.content import Digest
from release.transport.http import Answer, Http, HttpError
from release.transport.patience import Patience
from tests.unit.release.transport.scripted import Said, Scripted

QUICK = Patience(silence=5, first=0.001, longest=0.002, total=5, tries=2)
INDEX_JSON = b'{"manifests": []}'
INDEX_DIGEST = f"sha256:{hashlib.sha256(INDEX_JSON).hexdigest()}"
MOVED = (301, 302, 303, 307, 308)


@dataclass
class Fake:
    """Answers each method and path, or each method and path with its query, as told; all else is not there."""

    answers: dict[str, Said] = field(default_factory=dict)
    heard: list[str] = field(default_factory=list)

    def answer(self, method: str, path: str) -> Said:
        asked = f"{method} {path}"
        self.heard.append(asked)
        return self.answers.get(asked) or self.answers.get(f"{method} {urlsplit(path).path}") or Said(404)


@pytest.fixture
def fake() -> Fake:
    return Fake()


@pytest.fixture
def root(fake: Fake) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def handle_any(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            said = fake.answer(self.command, self.path)
            self.send_response(said.status)
            for name, value in {"Content-Length": str(len(said.body)), **said.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(said.body)

        do_HEAD = do_GET = do_POST = do_PUT = do_DELETE = handle_any  # noqa: N815

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Fake.heard is the log."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def registry(root: str) -> Registry:
    http = Http(QUICK)
    return Registry(http, root, Authorization(http, Credentials("maintainer", "s3cret")))


@pytest.fixture
def blob(tmp_path: Path) -> Blob:
    path = tmp_path / "blob"
    path.write_bytes(b"layer")
    return Blob("sha256:1a2b", 5, path)


def push(registry: Registry, blob: Blob, mount_from: str | None = None) -> None:
    registry.push_blob("o/image", blob, mount_from, lambda _: None, lambda _: None)


@pytest.mark.parametrize("status", MOVED)
def test_a_blob_that_the_registry_keeps_elsewhere_is_there(registry: Registry, fake: Fake, status: int) -> None:
    fake.answers["HEAD /v2/o/image/blobs/sha256:1a2b"] = Said(status, headers={"Location": "https://blobs.example/"})
    assert registry.has_blob("o/image", "sha256:1a2b")
    assert not registry.has_blob("o/image", "sha256:3c4d")


def test_a_manifest_that_is_kept_elsewhere_is_fetched_from_there_without_the_login(
    registry: Registry, fake: Fake
) -> None:
    path = "/v2/o/image/manifests/dev"
    with Scripted(Said(200, INDEX_JSON, {"Content-Type": INDEX})) as elsewhere:
        registry.authorization.accept_challenge(_challenged(), (), None)
        moved = Said(307, headers={"Location": f"{elsewhere.url}/signed"})
        fake.answers |= {f"HEAD {path}": moved, f"GET {path}": moved}
        manifest = registry.manifest("o/image", "dev")
        assert manifest
        assert (manifest.digest, manifest.content) == (INDEX_DIGEST, INDEX_JSON)
        assert registry.digest("o/image", "dev") == INDEX_DIGEST
    assert [heard.path for heard in elsewhere.heard] == ["/signed", "/signed"]
    assert not any("authorization" in heard.headers for heard in elsewhere.heard)


def test_an_origin_that_content_is_kept_at_gets_no_login_even_where_it_asks_for_one(
    registry: Registry, fake: Fake
) -> None:
    with Scripted(Said(200, b'{"token": "t"}')) as realm:
        challenge = Said(401, headers={"WWW-Authenticate": f'Bearer realm="{realm.url}/token"'})
        with Scripted(challenge) as elsewhere:
            moved = Said(307, headers={"Location": f"{elsewhere.url}/signed"})
            fake.answers["GET /v2/o/image/manifests/dev"] = moved
            with pytest.raises(DeniedError, match="401"):
                registry.manifest("o/image", "dev")
    assert realm.heard == []


def _challenged() -> Answer:
    return Answer(401, {"www-authenticate": 'Basic realm="registry"'}, b"", Digest(0, ""))


def test_an_upload_that_leads_nowhere_is_an_error(registry: Registry, fake: Fake, blob: Blob) -> None:
    fake.answers["POST /v2/o/image/blobs/uploads/"] = Said(202)
    with pytest.raises(HttpError, match="202 without saying where to upload to"):
        push(registry, blob)


@pytest.mark.parametrize("status", [404, 500, 503])
def test_an_upload_that_cannot_be_taken_back_shows_that_one_may_push(
    registry: Registry, fake: Fake, status: int
) -> None:
    fake.answers["POST /v2/o/image/blobs/uploads/"] = Said(202, headers={"Location": "/upload"})
    fake.answers["DELETE /upload"] = Said(status)
    registry.require_push_access("o/image")
    assert "DELETE /upload" in fake.heard


def test_a_blob_that_is_mounted_is_not_sent(registry: Registry, fake: Fake, blob: Blob) -> None:
    fake.answers["POST /v2/o/image/blobs/uploads/?mount=sha256%3A1a2b&from=o%2Fother"] = Said(201)
    push(registry, blob, "o/other")
    assert [heard.split()[0] for heard in fake.heard] == ["POST"]


@pytest.mark.parametrize("status", [202, 403, 404, 500])
def test_a_mount_that_is_not_carried_out_becomes_an_upload(
    registry: Registry, fake: Fake, blob: Blob, status: int
) -> None:
    uploads = "POST /v2/o/image/blobs/uploads/"
    mounted = Said(status, headers={"Location": "/upload?from=mount"} if status == 202 else {})
    fake.answers[f"{uploads}?mount=sha256%3A1a2b&from=o%2Fother"] = mounted
    fake.answers[uploads] = Said(202, headers={"Location": "/upload"})
    fake.answers["PUT /upload"] = Said(201)
    push(registry, blob, "o/other")
    assert fake.heard[-1].startswith("PUT /upload?from=mount&digest" if status == 202 else "PUT /upload?digest")


def test_an_upload_that_leads_to_another_origin_goes_there_without_the_login(
    fake: Fake, root: str, registry: Registry, blob: Blob
) -> None:
    challenge = {"WWW-Authenticate": f'Basic realm="{root}"'}
    assert registry.authorization.accept_challenge(_challenged(), ("repository:app:pull,push",), None)
    fake.answers = {}
    with Scripted(Said(401, headers=challenge)) as store:
        fake.answers["POST /v2/app/blobs/uploads/"] = Said(202, headers={"Location": f"{store.url}/upload?to=1"})
        with pytest.raises(DeniedError, match="401"):
            registry.push_blob("app", blob, None, lambda _: None, lambda _: None)
        (put,) = store.heard
    assert (put.method, put.path, put.body) == ("PUT", "/upload?to=1&digest=sha256%3A1a2b", b"layer")
    assert "authorization" not in put.headers
