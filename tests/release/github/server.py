"""A stand-in for GitHub on 127.0.0.1: its API, its upload host, its download pages and their storage.

The layout of addresses is that of GitHub Enterprise Server, so that one port is enough:

    GITHUB_SERVER_URL   http://127.0.0.1:PORT
    GITHUB_API_URL      http://127.0.0.1:PORT/api/v3
    uploads             http://127.0.0.1:PORT/api/uploads    (named by a release's upload_url)

Downloads lead to a second port, as they lead to another host there. Addresses in answers begin with the host that
the client asked for, so the server may stand behind a proxy. Whatever breaks GitHub's description of its API is
answered with 400 (requests) or 500 (answers) and fails `stop`.
"""

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler
from types import TracebackType
from typing import Self
from urllib.parse import parse_qsl, unquote, urlsplit

from tests.release.github.access import ANONYMOUS, Access, Limits
from tests.release.github.api import Answer, Api, Request
from tests.release.github.commits import Commits
from tests.release.github.contract import Contract, Sent
from tests.release.github.lag import Lag
from tests.release.github.represent import Json, Representation
from tests.release.github.state import NOT_FOUND, Asset, RefusedError, Repository, utc_now
from tests.release.servers.quiet import QuietServer

API = "/api/v3"
UPLOADS = "/api/uploads"


class GitHub:
    """Serves one repository from `start` (or entering) to `stop`; `tokens` may be added to at any time."""

    def __init__(self, full_name: str = "octo/viberun", clock: Callable[[], datetime] = utc_now) -> None:
        self.commits = Commits()
        self.repository = Repository(full_name, self.commits, clock)
        self.tokens: dict[str, Access] = {}
        self.limits = Limits(clock)
        self.lag = Lag(clock)
        self.breaches: list[str] = []
        self.requests: list[str] = []
        self.counted: list[str] = []
        """Those that its limit counts: all but reads of what has not changed."""
        self._site = _serve(self._page_or_api, clock)
        self._storage = _serve(self._stored, clock)
        self.port = self._site.server_port
        self.url = f"http://127.0.0.1:{self.port}"
        self._contract = Contract(f"{self.url}{API}", f"{self.url}{UPLOADS}")
        self._api = Api(self.repository, self.lag)

    def start(self) -> Self:
        for server in (self._site, self._storage):
            server.start()
        return self

    def stop(self) -> None:
        """Stops serving. Raises AssertionError if anything broke GitHub's description of its API."""
        for server in (self._site, self._storage):
            server.stop()
        assert not self.breaches, "\n".join(self.breaches)

    __enter__ = start

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def env(self) -> Mapping[str, str]:
        """The variables by which tools find it."""
        return {
            "GITHUB_SERVER_URL": self.url,
            "GITHUB_API_URL": f"{self.url}{API}",
            "GITHUB_REPOSITORY": self.repository.full_name,
        }

    def _page_or_api(self, handler: "_Handler") -> Answer:
        path = urlsplit(handler.path).path
        for prefix in (API, UPLOADS):
            if path.startswith(f"{prefix}/"):
                return self._checked(handler, prefix)
        return self._download_page(handler, path)

    def _checked(self, handler: "_Handler", prefix: str) -> Answer:
        self.requests.append(f"{handler.command} {handler.path}")
        split = urlsplit(handler.path)
        # An upload is announced before it is read, and its body is octets by the description, whatever they are.
        body = b"" if prefix == UPLOADS else handler.read_body()
        path = split.path.removeprefix(prefix)
        sent = Sent(f"{self.url}{prefix}", handler.command, path, split.query, tuple(handler.headers.items()), body)
        if breaches := self._contract.of_request(sent):
            return self._breached(400, breaches)
        answer = self._api_answer(handler, prefix)
        content = b"" if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
        if handler.command == "GET" and answer.status == 200:
            tag = f'W/"{hashlib.sha256(content).hexdigest()}"'
            answer = replace(answer, headers={**answer.headers, "ETag": tag})
            if tag == handler.headers.get("If-None-Match"):
                self.limits.give_back()
                return Answer(304, b"", answer.headers)
        self.counted.append(f"{handler.command} {handler.path}")
        if breaches := self._contract.of_answer(sent, answer.status, content):
            return self._breached(500, breaches)
        return answer

    def _breached(self, status: int, breaches: list[str]) -> Answer:
        self.breaches += breaches
        return Answer(status, {"message": "; ".join(breaches)})

    def _api_answer(self, handler: "_Handler", prefix: str) -> Answer:
        headers: Mapping[str, str] = {}
        try:
            access = self._access(handler)
            refused, headers = self.limits.use(write=handler.command != "GET")
            if refused:
                raise RefusedError(403, refused)
            if access.scopes is not None:
                headers = {**headers, "X-OAuth-Scopes": access.scopes}
            answer = self._api.answer(self._request(handler, prefix, access))
        except RefusedError as refusal:
            answer = _refused(refusal)
        return Answer(answer.status, answer.body, {**headers, **answer.headers})

    def _request(self, handler: "_Handler", prefix: str, access: Access) -> Request:
        split = urlsplit(handler.path)
        web = f"http://{handler.headers['Host']}"
        return Request(
            handler.command,
            unquote(split.path.removeprefix(prefix)),
            dict(parse_qsl(split.query)),
            {name.lower(): value for name, value in handler.headers.items()},
            access,
            handler.read_body,
            Representation(self.repository, f"{web}{API}", f"{web}{UPLOADS}", web),
            self._asset_url,
        )

    def _access(self, handler: "_Handler") -> Access:
        authorization = handler.headers.get("Authorization")
        if authorization is None:
            return ANONYMOUS
        _, _, token = authorization.partition(" ")
        if token not in self.tokens:
            raise RefusedError(401, "Bad credentials")
        return self.tokens[token]

    def _download_page(self, handler: "_Handler", path: str) -> Answer:
        """`/OWNER/NAME/releases/…` as a browser sees it without being logged in."""
        root = f"/{self.repository.full_name}/releases"
        latest = re.fullmatch(f"{root}/latest(/download/[^/]+)?", path)
        download = re.fullmatch(f"{root}/download/([^/]+)/([^/]+)", path)
        with self.repository.step():
            if self.repository.private:
                return Answer(404)
            if latest and (release := self.repository.latest_release()):
                _, _, name = (latest[1] or "").rpartition("/")
                there = f"download/{release.tag}/{name}" if name else f"tag/{release.tag}"
                return Answer(302, headers={"Location": f"http://{handler.headers['Host']}{root}/{there}"})
            release = self.repository.published(unquote(download[1])) if download else None
            if download and release:
                for asset in self.repository.assets_of(release.id):
                    if asset.name == unquote(download[2]) and asset.content is not None:
                        return Answer(302, headers={"Location": self._asset_url(asset)})
        return Answer(404)

    def _asset_url(self, asset: Asset) -> str:
        return f"http://127.0.0.1:{self._storage.server_port}/{asset.id}?signed"

    def _stored(self, handler: "_Handler") -> Answer:
        if "Authorization" in handler.headers:
            return Answer(400, b"InvalidAuthenticationInfo: credentials belong to another host")
        asset = self.repository.assets.get(int(urlsplit(handler.path).path[1:]))
        if asset is None or asset.content is None:
            return Answer(404)
        if handler.headers.get("Range") == "bytes=0-0":
            return Answer(206, asset.content[:1], {"Content-Range": f"bytes 0-0/{asset.size}"})
        return Answer(200, asset.content)


def _refused(refusal: RefusedError) -> Answer:
    body: dict[str, Json] = {
        "message": refusal.message,
        "documentation_url": "https://docs.github.com/rest",
        "status": str(refusal.status),
    }
    if refusal.code:
        error: dict[str, Json] = {"resource": refusal.resource, "code": refusal.code, "field": refusal.field}
        body["errors"] = [error | ({"message": refusal.detail} if refusal.detail else {})]
    return Answer(refusal.status, body, refusal.headers)


def _serve(answer: Callable[["_Handler"], Answer], clock: Callable[[], datetime]) -> QuietServer:
    handler = type("Handler", (_Handler,), {"answer": staticmethod(answer), "clock": staticmethod(clock)})
    return QuietServer(handler)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    answer: Callable[["_Handler"], Answer]
    clock: Callable[[], datetime]
    taken: bytes

    def date_time_string(self, timestamp: float | None = None) -> str:
        return format_datetime(type(self).clock(), usegmt=True)

    def read_body(self) -> bytes:
        """The body; raises RefusedError where the client does not send all of it."""
        length = int(self.headers.get("Content-Length", 0))
        if not self.taken:
            self.taken = self.rfile.read(length)
        if len(self.taken) != length:
            self.close_connection = True
            raise RefusedError(400, "Bad Request: the body is incomplete")
        return self.taken

    def _handle(self) -> None:
        self.taken = b""
        try:
            answer = type(self).answer(self)
            self.read_body()  # what an early refusal left unread
        except RefusedError as refusal:
            answer = _refused(refusal)
        content = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if not isinstance(answer.body, bytes):
            self.send_header("Content-Type", "application/json; charset=utf-8")
        if answer.status not in (204, 304):
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    do_GET = do_HEAD = do_POST = do_PATCH = do_PUT = do_DELETE = _handle  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """GitHub.requests is the log."""


__all__ = ["API", "NOT_FOUND", "UPLOADS", "GitHub"]
