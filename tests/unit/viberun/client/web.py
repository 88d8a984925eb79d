"""A web server on this machine that answers as a test says, and remembers what was asked."""

from __future__ import annotations

import contextlib
import ssl
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Union


@dataclass
class Answer:
    """One answer; `cut` is after how many bytes of the body the connection ends, for nothing at all -1."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: int | None = None


Page = Union[bytes, Answer, "list[Answer]"]


@dataclass
class Web:
    """`pages` by path: bytes, an answer, or answers of which the last stays."""

    url: str
    pages: dict[str, Page]
    asked: list[str] = field(default_factory=list)

    def answer(self, path: str) -> Answer:
        page = self.pages.get(path, Answer(status=404))
        if isinstance(page, list):
            return page.pop(0) if len(page) > 1 else page[0]
        return Answer(page) if isinstance(page, bytes) else page


@contextlib.contextmanager
def serving(pages: Mapping[str, Page], tls: ssl.SSLContext | None = None) -> Iterator[Web]:
    """Serves `pages` on a free port of 127.0.0.1; over https where there is a certificate for it."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            web.asked.append(self.path)
            answer = web.answer(self.path)
            if answer.cut == -1:
                self.connection.close()
                return
            self.send_response(answer.status)
            for name, value in {"Content-Length": str(len(answer.body)), **answer.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer.body[: answer.cut])

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_: object) -> None:
            pass  # clients that go away are what some tests are about

    with Server(("127.0.0.1", 0), Handler) as server:
        web = Web(f"http://127.0.0.1:{server.server_port}", dict(pages))
        if tls:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
            web.url = f"https://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield web
        finally:
            server.shutdown()
            thread.join()
