"""The proxy image in a real container engine: two upstreams, one behind a password, reloaded under load."""

import base64
import http.client
import http.server
import re
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.images import contents
from tests.images.contents import ARCHITECTURES
from tests.images.engine import Container, Engine
from tests.release.servers.process import free_port

PASSWORD = "correct horse"


class Upstream(http.server.BaseHTTPRequestHandler):
    """Says its name, after a moment, so that reloads meet requests on their way."""

    name = ""
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        time.sleep(0.02)
        body = self.name.encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        """Says nothing: every request would be a line."""


@contextmanager
def upstream(name: str) -> Iterator[int]:
    handler = type("Named", (Upstream,), {"name": name})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


def caddyfile(port: int, open_: int, closed: int, password_hash: str, extra: str = "") -> str:
    return f"""
        http://one.test:{port} {{
            bind 127.0.0.1
            reverse_proxy 127.0.0.1:{open_}
            {extra}
        }}
        http://two.test:{port} {{
            bind 127.0.0.1
            basicauth {{
                person {password_hash}
            }}
            reverse_proxy 127.0.0.1:{closed}
        }}
    """


@dataclass
class Site:
    """A running proxy, and what is needed to change its configuration."""

    container: Container
    port: int
    file: Path
    one: int
    two: int
    password_hash: str
    password: str = field(default=PASSWORD)

    def configure(self, extra: str = "") -> None:
        """Writes in place: a mounted file that is replaced would stay the old one in the container."""
        self.file.write_text(caddyfile(self.port, self.one, self.two, self.password_hash, extra))

    def reload(self) -> None:
        self.container.run("caddy", "reload", "--config", "Caddyfile")

    def get(self, host: str, path: str = "/", password: str | None = None) -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        headers = {"Host": host}
        if password is not None:
            headers["Authorization"] = "Basic " + base64.b64encode(f"person:{password}".encode()).decode()
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return answer.status, text


@pytest.fixture(scope="module")
def site(engine: Engine, proxy: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("caddy")
    folder.chmod(0o755)
    done = engine.docker("run", "--rm", "--network=none", proxy, "hash-password", "--plaintext", PASSWORD)
    with upstream("one") as one, upstream("two") as two:
        port = free_port()
        file = folder / "Caddyfile"
        file.write_text(caddyfile(port, one, two, done.strip()))
        options = ["--network=host", "--read-only", "--tmpfs=/run/caddy:uid=999,gid=999,mode=0700"]
        options += ["--volume=/var/lib/caddy", f"--volume={file}:/etc/caddy/Caddyfile:ro"]
        with engine.container(proxy, options=options) as container:
            site = Site(container, port, file, one, two, done.strip())
            _wait_until_it_answers(site)
            yield site


def _wait_until_it_answers(site: Site) -> None:
    deadline = time.monotonic() + 20
    while True:
        try:
            site.get("one.test")
            return
        except OSError:
            assert time.monotonic() < deadline, site.container.logs()
            time.sleep(0.05)


def test_each_host_gets_its_upstream(site: Site) -> None:
    assert site.get("one.test") == (200, "one")
    assert site.get("two.test", password=PASSWORD) == (200, "two")


def test_a_password_is_asked_for_where_one_is_set(site: Site) -> None:
    assert site.get("two.test")[0] == 401
    assert site.get("two.test", password="wrong")[0] == 401


@dataclass
class Visitors:
    """What clients got: `resets` are connections that were closed before they were answered."""

    answers: list[tuple[int, str]] = field(default_factory=list)
    resets: int = 0

    def ask(self, site: Site) -> None:
        try:
            self.answers.append(site.get("one.test"))
        except (ConnectionResetError, http.client.RemoteDisconnected):
            self.resets += 1
            self.answers.append(site.get("one.test"))

    def wait_for(self, number: int) -> None:
        deadline = time.monotonic() + 60
        while len(self.answers) < number:
            assert time.monotonic() < deadline
            time.sleep(0.01)


@contextmanager
def visited(site: Site, clients: int) -> Iterator[Visitors]:
    """So many clients ask without a pause."""
    stop = threading.Event()
    visitors = Visitors()

    def ask() -> None:
        while not stop.is_set():
            visitors.ask(site)

    with ThreadPoolExecutor(clients) as pool:
        asking = [pool.submit(ask) for _ in range(clients)]
        try:
            yield visitors
        finally:
            stop.set()
        for client in asking:
            client.result()


def test_reloading_under_load_fails_no_request_that_was_accepted(site: Site) -> None:
    """Caddy opens the port anew (SO_REUSEPORT): Linux resets what still waits at the old listener to be accepted."""
    reloads, clients = 5, 8
    with visited(site, clients) as visitors:
        for number in range(reloads):
            site.configure(f"respond /round{number} 200 {{\n body {number}\n }}")
            site.reload()
            assert site.get("one.test", f"/round{number}") == (200, str(number))
            visitors.wait_for(25 * (number + 1))
    assert set(visitors.answers) == {(200, "one")}
    assert visitors.resets <= reloads * clients


def test_a_broken_configuration_is_refused_and_the_old_one_stays(site: Site) -> None:
    good = site.file.read_text()
    site.file.write_text("nonsense {")
    assert site.container.answers("caddy", "reload", "--config", "Caddyfile") != 0
    site.file.write_text(good)
    assert site.get("one.test") == (200, "one")


def test_its_administration_is_on_a_socket_only(site: Site) -> None:
    pid = site.container.state("{{.State.Pid}}")
    inodes = {link.readlink().name for link in Path(f"/proc/{pid}/fd").iterdir() if "socket:" in str(link.readlink())}
    listening = [line.split() for line in Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]]
    listening += [line.split() for line in Path(f"/proc/{pid}/net/tcp6").read_text().splitlines()[1:]]
    ports = {int(row[1].split(":")[1], 16) for row in listening if row[3] == "0A" and f"socket:[{row[9]}]" in inodes}
    assert ports == {site.port}
    own = Path(f"/proc/{pid}/root/run/caddy/admin.sock")
    assert own.is_socket()
    assert own.stat().st_uid == own.parent.stat().st_uid == 999
    assert own.parent.stat().st_mode & 0o077 == 0


def test_it_runs_as_its_own_user_without_capabilities(site: Site) -> None:
    status = Path(f"/proc/{site.container.state('{{.State.Pid}}')}/status").read_text()
    assert re.search(r"^Uid:\t999\t999\t999\t999$", status, re.MULTILINE)
    assert re.search(r"^CapEff:\t0+$", status, re.MULTILINE)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_it_has_no_shell(proxy_layout: Path, architecture: str) -> None:
    entries = contents.read(proxy_layout, architecture).entries.values()
    programs = [entry.path for entry in entries if entry.kind != "directory" and entry.mode & 0o111]
    shells = {"ash", "bash", "busybox", "csh", "dash", "fish", "ksh", "perl", "python3", "sh", "zsh"}
    assert [path for path in programs if path.rpartition("/")[2] in shells] == []


def test_it_serves_the_usual_ports_without_root(engine: Engine, proxy: str) -> None:
    with engine.container(proxy, "respond", "--listen", ":80", "--body", "here") as container:
        time.sleep(1)
        assert container.state("{{.State.Running}}") == "true", container.logs()
        pid = container.state("{{.State.Pid}}")
        rows = [line.split() for line in Path(f"/proc/{pid}/net/tcp6").read_text().splitlines()[1:]]
        assert any(row[1].endswith(":0050") and row[3] == "0A" for row in rows)


def test_it_stops_cleanly(engine: Engine, proxy: str) -> None:
    with engine.container(proxy) as container:
        time.sleep(0.5)
        before = time.monotonic()
        engine.docker("stop", "--time=20", container.id)
        assert time.monotonic() - before < 8
        assert container.state("{{.State.ExitCode}}") == "0"


def test_it_knows_the_shipped_authorities(proxy_layout: Path) -> None:
    image = contents.read(proxy_layout, "amd64")
    bundle = image.content("etc/ssl/certs/ca-certificates.crt")
    assert bundle.count(b"BEGIN CERTIFICATE") > 100
