import http.server
import threading
from collections.abc import Iterator

import pytest
import requests

from tests.release.servers.gate import FAULTS, Asked, Fault, Gate


class Behind(http.server.BaseHTTPRequestHandler):
    seen: list[tuple[str, str, bytes]]

    def _handle(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.seen.append((self.command, self.headers["Host"], body))
        self.send_response(200)
        self.send_header("Content-Length", "4")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(b"done")

    do_GET = do_HEAD = do_PUT = _handle  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


@pytest.fixture
def seen() -> list[tuple[str, str, bytes]]:
    return []


@pytest.fixture
def gate(seen: list[tuple[str, str, bytes]]) -> Iterator[Gate]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), type("Seen", (Behind,), {"seen": seen}))
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    with Gate(server.server_port, headers={"Cache-Control": "max-age=600"}) as gate:
        yield gate
    server.shutdown()
    server.server_close()


def put(gate: Gate) -> requests.Response:
    return requests.put(f"{gate.url}/thing?query", data=b"0123456789", timeout=0.5)


def test_changes_are_counted_and_pass_with_the_address_of_the_gate(
    gate: Gate, seen: list[tuple[str, str, bytes]]
) -> None:
    assert requests.get(gate.url, timeout=5).text == "done"
    assert requests.head(gate.url, timeout=5).headers["Content-Length"] == "4"
    assert put(gate).headers["Cache-Control"] == "max-age=600"
    assert gate.changes == [Asked(1, "PUT", "/thing")]
    assert seen[-1] == ("PUT", gate.host, b"0123456789")


@pytest.mark.parametrize(("fault", "carried_out"), [("500 before", False), ("502 after", True), ("429", False)])
def test_an_answer_that_is_made_up_tells_nothing_of_what_was_done(
    gate: Gate, seen: list[tuple[str, str, bytes]], fault: str, carried_out: bool
) -> None:
    gate.policy = lambda change: FAULTS[fault]
    assert put(gate).status_code == FAULTS[fault].answer
    assert bool(seen) == carried_out


@pytest.mark.parametrize(
    ("fault", "received"),
    [
        ("reset in mid-body", b"01234"),
        ("reset after", b"0123456789"),
        ("hang before", None),
        ("hang after", b"0123456789"),
    ],
)
def test_a_client_may_hear_nothing(
    gate: Gate, seen: list[tuple[str, str, bytes]], fault: str, received: bytes | None
) -> None:
    gate.policy = lambda change: FAULTS[fault]
    with pytest.raises((requests.ConnectionError, requests.Timeout)):
        put(gate)
    if received is None:
        assert seen == []
    else:
        assert wait_for(seen)[2] == received


@pytest.mark.parametrize("fault", FAULTS)
def test_a_request_that_changes_nothing_fails_just_so_and_is_not_counted(gate: Gate, fault: str) -> None:
    gate.reading = lambda asked: FAULTS[fault] if asked == Asked(0, "GET", "/thing") else None
    assert requests.get(f"{gate.url}/other", timeout=5).text == "done"
    assert requests.head(f"{gate.url}/thing", timeout=5).ok
    if isinstance(answer := FAULTS[fault].answer, int):
        assert requests.get(f"{gate.url}/thing?query", timeout=5).status_code == answer
    else:
        # Whether it heard the beginning of an answer that breaks off is the client's luck.
        with pytest.raises((requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError)):
            requests.get(f"{gate.url}/thing?query", timeout=0.5)
    assert gate.changes == []


def wait_for(seen: list[tuple[str, str, bytes]]) -> tuple[str, str, bytes]:
    """The server learns of a broken request a moment after the client."""
    pause = threading.Event()
    for _ in range(500):
        if seen:
            return seen[0]
        pause.wait(0.01)
    raise AssertionError("nothing came through")


def test_a_request_can_be_held_before_and_after_it_is_carried_out(
    gate: Gate, seen: list[tuple[str, str, bytes]]
) -> None:
    found: list[int] = []
    gate.policy = lambda change: Fault(before=lambda: found.append(len(seen)), after=lambda: found.append(len(seen)))
    assert put(gate).text == "done"
    assert found == [0, 1]
