"""A web server for one folder, which answers some paths otherwise than it should."""

import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Protocol


class Answer(Protocol):
    def __call__(self, handler: BaseHTTPRequestHandler, content: bytes) -> None:
        """Answers a request for what `content` is there (empty where there is nothing)."""


def status(number: int) -> Answer:
    def answer(handler: BaseHTTPRequestHandler, content: bytes) -> None:
        handler.send_response(number)
        handler.send_header("Content-Length", "3")
        handler.end_headers()
        handler.wfile.write(b"no\n")

    return answer


def other(change: Callable[[bytes], bytes]) -> Answer:
    """Other bytes than are there, as if all were well."""

    def answer(handler: BaseHTTPRequestHandler, content: bytes) -> None:
        _send(handler, change(content))

    return answer


def redirect(address: str) -> Answer:
    def answer(handler: BaseHTTPRequestHandler, content: bytes) -> None:
        handler.send_response(302)
        handler.send_header("Location", address)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    return answer


def half(handler: BaseHTTPRequestHandler, content: bytes) -> None:
    """Breaks off in the middle."""
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(content)))
    handler.end_headers()
    handler.wfile.write(content[: len(content) // 2])
    handler.close_connection = True


@dataclass(frozen=True)
class Stall:
    """Sends half and then nothing more; `begun` tells when it has come so far."""

    begun: threading.Event = field(default_factory=threading.Event)
    end: threading.Event = field(default_factory=threading.Event)

    def __call__(self, handler: BaseHTTPRequestHandler, content: bytes) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content[: len(content) // 2])
        handler.wfile.flush()
        self.begun.set()
        self.end.wait(60)
        handler.close_connection = True


@dataclass
class Server:
    """`answers` are those to the paths that end so; each is given as often as it stands in the list, None as usual."""

    folder: Path
    url: str = ""
    answers: dict[str, list[Answer | None]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def answer_to(self, path: str) -> Answer | None:
        self.asked.append(path)
        for end, queue in self.answers.items():
            if path.endswith(end) and queue:
                return queue.pop(0) if len(queue) > 1 else queue[0]
        return None


@contextmanager
def serving(folder: Path, certificate: Path | None = None) -> Iterator[Server]:
    """Serves until the block ends, with TLS where there is a certificate (with its key) for it."""
    server = Server(folder)
    handler = type("Handler", (_Handler,), {"server_state": server})
    with _Quiet(("127.0.0.1", 0), handler) as listening:
        server.url = f"http://127.0.0.1:{listening.server_port}"
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            listening.socket = context.wrap_socket(listening.socket, server_side=True, do_handshake_on_connect=False)
            server.url = f"https://127.0.0.1:{listening.server_port}"
        thread = threading.Thread(target=listening.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            listening.shutdown()


class _Quiet(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients break off here: they are told to."""


class _Handler(BaseHTTPRequestHandler):
    server_state: Server

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        file = self.server_state.folder / path.lstrip("/")
        content = file.read_bytes() if file.is_file() else b""
        answer = self.server_state.answer_to(path)
        if answer is None:
            answer = other(lambda there: there) if file.is_file() else status(404)
        with suppress(OSError):
            answer(self, content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """`asked` is the log."""


def _send(handler: BaseHTTPRequestHandler, content: bytes) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(content)))
    handler.end_headers()
    handler.wfile.write(content)
