"""The places on the network that the product knows by name: GitHub's releases and Debian's archive, served from here.

They stand in a machine's network, on the addresses and ports that they have for everybody; tests say when one misbehaves.
"""

import contextlib
import os
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

from tests.e2e.host.machine import Machine


@dataclass(frozen=True)
class Answer:
    """What is sent for a request: a body, or a file's content, `cut` bytes at most."""

    status: int = HTTPStatus.OK
    body: bytes | Path = b""
    cut: int | None = None
    location: str | None = None


Rule = Callable[[str], Answer | None]


@dataclass
class Site:
    """Serves files by path; a rule that `rules` begins with goes before them. `requests` are the paths asked for.

    Files are given out on the host name `elsewhere` only, to which the others send whoever asks for one (as GitHub does).
    """

    elsewhere: str | None = None
    files: dict[str, bytes | Path] = field(default_factory=dict)
    rules: list[Rule] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def answer(self, host: str, path: str) -> Answer:
        if self.elsewhere not in (None, host) and path in self.files:
            return Answer(HTTPStatus.FOUND, location=f"https://{self.elsewhere}{path}")
        self.requests.append(path)
        for rule in self.rules:
            answer = rule(path)
            if answer is not None:
                return answer
        body = self.files.get(path)
        return Answer(HTTPStatus.NOT_FOUND, b"Not Found") if body is None else Answer(body=body)

    @contextlib.contextmanager
    def instead(self, rule: Rule) -> Iterator[None]:
        """Lets `rule` answer first for as long as the block."""
        self.rules.insert(0, rule)
        try:
            yield
        finally:
            self.rules.remove(rule)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 60
    site: ClassVar[Site]

    def do_GET(self) -> None:
        # apt has the lists already, and asks whether they are still the newest.
        if "If-Modified-Since" in self.headers:
            self._send(Answer(HTTPStatus.NOT_MODIFIED))
        else:
            self._send(self.site.answer(self.headers["Host"] or "", self.path))

    def do_HEAD(self) -> None:
        self.do_GET()

    def _send(self, answer: Answer) -> None:
        body = answer.body.read_bytes() if isinstance(answer.body, Path) else answer.body
        self.send_response(answer.status)
        self.send_header("Content-Length", str(len(body)))
        if answer.location is not None:
            self.send_header("Location", answer.location)
        self.end_headers()
        if self.command == "HEAD":
            return
        with contextlib.suppress(OSError):
            self.wfile.write(body[: answer.cut])
        if answer.cut is not None:
            self.close_connection = True

    def log_request(self, code: object = "-", size: object = "-") -> None:
        """Tests look at `requests` instead."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that hang up are what the tests make."""


@contextlib.contextmanager
def serving(
    site: Site, machine: Machine, address: str, port: int, certificate: tuple[Path, Path] | None = None
) -> Iterator[Site]:
    """Serves `site` in the machine's network, over TLS where there is a certificate."""
    handler = type("Handler", (_Handler,), {"site": site})
    server = _Server((address, port), handler, bind_and_activate=False)
    server.socket.close()
    server.socket = listening(machine, address, port)
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
        # The handshake is for the thread of the connection: one that doesn't come must not hold up the others.
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


def listening(machine: Machine, address: str, port: int) -> socket.socket:
    """A listening socket in the machine's network."""

    def listen() -> socket.socket:
        # For this thread alone, which ends: a socket stays in the network that it was made in.
        with open(f"/proc/{machine.pid}/ns/net", "rb") as network:
            os.setns(network.fileno(), os.CLONE_NEWNET)
        return socket.create_server((address, port), backlog=64)

    with ThreadPoolExecutor(1) as threads:
        return threads.submit(listen).result()
