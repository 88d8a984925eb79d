"""A gate in front of any HTTP server: counts the requests that change something, and lets any pass, or fail in a given way.

The server behind it sees the gate's address as its own (Host), so what it names leads through the gate as well.
"""

import socket
import struct
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler
from typing import Literal

from tests.release.servers.lag import ACCEPTED, Answered, Lag
from tests.release.servers.quiet import QuietServer, Served

_READING = ("GET", "HEAD")
_HOP_BY_HOP = {"connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade", "proxy-connection"}


@dataclass(frozen=True)
class Asked:
    """A request; `number` counts from 1 those whose method says that they change something, and is 0 for others."""

    number: int
    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict, compare=False)


@dataclass(frozen=True)
class Fault:
    """What becomes of a request: how much of it the server gets, and what the client hears.

    `before` is called when the request has arrived and `after` when the server has answered it, each in the thread that
    holds the request: what they wait for, it waits for.
    """

    passes: Literal["whole", "half", "no"] = "whole"
    answer: Literal["server's", "reset", "silence"] | int = "server's"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b"{}"
    before: Callable[[], None] = lambda: None
    after: Callable[[], None] = lambda: None


FAULTS: Mapping[str, Fault] = {
    "500 before": Fault("no", 500),
    "502 after": Fault("whole", 502),
    "429": Fault("no", 429, {"Retry-After": "1"}),
    "reset in mid-body": Fault("half", "reset"),
    "reset after": Fault("whole", "reset"),
    "hang before": Fault("no", "silence"),
    "hang after": Fault("whole", "silence"),
}
"""Everything that a network does to a request, by name."""

Policy = Callable[[Asked], Fault | None]


class Gate(Served):
    """Stands in front of `127.0.0.1:port` from entering to leaving.

    `policy` says what becomes of what changes something, `reading` of the rest; both may be replaced at any time.
    `lag`: what the server has taken is not shown at once.
    """

    def __init__(self, port: int, policy: Policy = lambda _: None, headers: Mapping[str, str] | None = None) -> None:
        """`headers` are put into every answer, as a CDN would put its Cache-Control."""
        self.policy = policy
        self.reading: Policy = lambda _: None
        self.changes: list[Asked] = []
        self.lag: Lag | None = None
        self.behind = port
        self.headers = dict(headers or {})
        self._lock = threading.Lock()
        self._server = QuietServer(type("Handler", (_Handler,), {"gate": self}))
        self.closing = self._server.closing

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self._server.server_port}"

    @property
    def url(self) -> str:
        return f"http://{self.host}"

    def reset(self) -> None:
        """Counts from 1 again, and lets everything pass."""
        with self._lock:
            self.changes.clear()
            self.policy = self.reading = lambda _: None

    def decide(self, method: str, path: str, headers: Mapping[str, str]) -> Fault:
        """What becomes of this request."""
        path = path.partition("?")[0]
        if method in _READING:
            return self.reading(Asked(0, method, path, headers)) or Fault()
        with self._lock:
            change = Asked(len(self.changes) + 1, method, path, headers)
            self.changes.append(change)
        return self.policy(change) or Fault()


class _Handler(BaseHTTPRequestHandler):
    gate: Gate
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def _handle(self) -> None:
        body = self._body()
        announced = int(self.headers.get("Content-Length", 0))
        if len(body) < announced:  # the client died on the way
            self._pass_part(body, announced)
            self._reset()
            return
        said = {name.lower(): value for name, value in self.headers.items()}
        fault = self.gate.decide(self.command, self.path, said)
        fault.before()
        answered = None
        if fault.passes == "whole":
            answered = self._pass_or_lag(body)
            fault.after()
        elif fault.passes == "half" and self.command == "GET":
            self._answer_part(self._pass_on(body))
        elif fault.passes == "half":
            self._pass_part(body[: len(body) // 2], len(body))
        if fault.answer == "reset":
            self._reset()
        elif fault.answer == "silence":
            self.gate.closing.wait()
            self._reset()
        elif isinstance(fault.answer, int):
            self._answer(fault.answer, list(fault.headers.items()), fault.body)
        elif answered is None:
            self._reset()
        else:
            status, headers, content = answered
            self._answer(status, [*headers, *self.gate.headers.items()], content)

    def _body(self) -> bytes:
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        pieces = []
        while size := int(self.rfile.readline().partition(b";")[0], 16):
            pieces.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(pieces)

    def _passed_headers(self, length: int) -> list[tuple[str, str]]:
        """In their order: a header may be there more than once."""
        left_out = {*_HOP_BY_HOP, "content-length"}
        headers = [(name, value) for name, value in self.headers.items() if name.lower() not in left_out]
        if length or self.command not in ("GET", "HEAD"):
            headers.append(("Content-Length", str(length)))
        return headers

    def _pass_or_lag(self, body: bytes) -> Answered | None:
        lag = self.gate.lag
        if lag and self.command in _READING:
            if past := lag.past(self.path, known="Authorization" in self.headers):
                return past
        elif lag:
            lag.changed(self.path, body, self._fetch)
        return self._pass_on(body)

    def _fetch(self, path: str) -> Answered | None:
        """What is there, as whoever sent this request sees it."""
        connection = HTTPConnection("127.0.0.1", self.gate.behind, timeout=60)
        known = {name: self.headers[name] for name in ("Host", "Authorization") if name in self.headers}
        try:
            connection.request("GET", path, headers={**known, "Accept": ", ".join(("*/*", *ACCEPTED))})
            with connection.getresponse() as response:
                return response.status, [*response.getheaders()], response.read()
        except (OSError, HTTPException):
            return None
        finally:
            connection.close()

    def _pass_on(self, body: bytes) -> Answered | None:
        connection = HTTPConnection("127.0.0.1", self.gate.behind, timeout=60)
        try:
            connection.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in self._passed_headers(len(body)):
                connection.putheader(name, value)
            connection.endheaders(body or None)
            with connection.getresponse() as response:
                content = response.read()
                headers = [(name, value) for name, value in response.getheaders() if name.lower() not in _HOP_BY_HOP]
                return response.status, headers, content
        except (OSError, HTTPException):
            return None
        finally:
            connection.close()

    def _pass_part(self, part: bytes, announced: int) -> None:
        """Sends the head, and of the body that it announces only a part, and breaks off."""
        lines = [f"{self.command} {self.path} HTTP/1.1"]
        lines += [f"{name}: {value}" for name, value in self._passed_headers(announced)]
        with socket.create_connection(("127.0.0.1", self.gate.behind), timeout=10) as connection:
            connection.sendall("\r\n".join([*lines, "", ""]).encode() + part)

    def _answer(self, status: int, headers: list[tuple[str, str]], content: bytes) -> None:
        self.send_response_only(status)
        length = None
        for name, value in headers:
            if name.lower() == "content-length":
                length = value  # of a HEAD: not that of what follows
            else:
                self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", length if length and self.command == "HEAD" else str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def _answer_part(self, answered: tuple[int, list[tuple[str, str]], bytes] | None) -> None:
        """Half of the content: who only asks sends no body, so it is the answer's that breaks off."""
        status, headers, content = answered or (502, [], b"")
        self.send_response_only(status)
        for name, value in headers:
            if name.lower() != "content-length":
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content) + 1))
        self.end_headers()
        self.wfile.write(content[: len(content) // 2])
        self.wfile.flush()

    def _reset(self) -> None:
        """Ends the connection with RST, as a broken network does."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()

    def finish(self) -> None:
        if self.connection.fileno() != -1:
            super().finish()

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = _handle  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Gate.changes is the log."""
