"""TLS inside the app image, as its programs verify it."""

import subprocess
from collections.abc import Iterator

import pytest

from tests.images.engine import Container, Engine

SERVER = """
import http.server, ssl, sys
server = http.server.HTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[1], sys.argv[2])
server.socket = context.wrap_socket(server.socket, server_side=True)
print(server.server_port, flush=True)
server.serve_forever()
"""

CLIENTS = {
    "curl": ["curl", "-sSf", "-o", "/dev/null", "{url}"],
    "git": ["git", "ls-remote", "{url}repository"],
    "node": [
        "node",
        "-e",
        "fetch('{url}').then(r => process.exit(0), e => {{ console.error(e.cause); process.exit(1) }})",
    ],
    "python": ["python3", "-c", "import urllib.request as r; r.urlopen('{url}')"],
    "wget": ["wget", "-q", "-O", "/dev/null", "{url}"],
}

AUTHORITY = """
set -eu; cd "$1"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.crt -days 2 \
    -subj '/CN=Test authority' -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign
openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout server.key -out server.csr -subj /CN=localhost
printf 'subjectAltName=DNS:localhost\nbasicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth\n' > extensions
openssl x509 -req -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 -extfile extensions -out server.crt
"""


@pytest.fixture(scope="module")
def container(engine: Engine, app: str) -> Iterator[Container]:
    with engine.container(app, options=("--network=host",)) as container:
        yield container


@pytest.fixture(scope="module")
def url(container: Container) -> Iterator[str]:
    """A server inside the container, its certificate from an authority that nobody knows."""
    container.run("mkdir", "-p", "/tmp/tls/repository/info")
    container.run("sh", "-c", AUTHORITY, "sh", "/tmp/tls")
    container.shell("cd /tmp/tls && git init -q --bare repository && git -C repository update-server-info")
    command = ["docker", "exec", "--workdir=/tmp/tls", container.id]
    command += ["python3", "-c", SERVER, "server.crt", "server.key"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=container.engine.environment
    ) as server:
        assert server.stdout
        yield f"https://localhost:{int(server.stdout.readline())}/"
        container.run("pkill", "-f", "server.crt")


def client(name: str, url: str) -> list[str]:
    return [part.format(url=url) for part in CLIENTS[name]]


@pytest.mark.parametrize("name", CLIENTS)
def test_an_unknown_authority_is_refused(container: Container, url: str, name: str) -> None:
    container.run("sh", "-c", "rm -f /usr/local/share/ca-certificates/*; update-ca-certificates --fresh", user="root")
    done = container.engine.call("exec", container.id, *client(name, url))
    assert done.returncode != 0
    assert "certificate" in (done.stdout + done.stderr).lower() or name == "wget"


@pytest.mark.parametrize("name", CLIENTS)
def test_an_authority_that_was_added_is_trusted(container: Container, url: str, name: str) -> None:
    script = "cp /tmp/tls/ca.crt /usr/local/share/ca-certificates/test.crt; update-ca-certificates"
    container.run("sh", "-ec", script, user="root")
    container.run(*client(name, url))


def test_updating_the_certificates_changes_nothing_that_was_shipped(engine: Engine, app: str) -> None:
    script = """
        cd /etc/ssl/certs; for f in *; do printf '%s %s ' "$f" "$(readlink "$f" || true)"; md5sum < "$f"; done
        cat /etc/ca-certificates.conf
    """
    with engine.container(app) as container:
        shipped = container.shell(script)
        container.run("update-ca-certificates", "--fresh", user="root")
        assert container.shell(script) == shipped


def test_every_shipped_authority_can_be_used(engine: Engine, app: str) -> None:
    with engine.container(app) as container:
        files = container.shell("ls /usr/share/ca-certificates/mozilla | wc -l")
        script = "import ssl; print(len(ssl.create_default_context().get_ca_certs()))"
        assert container.run("python3", "-c", script) == files
        script = "for f in /usr/share/ca-certificates/mozilla/*; do openssl verify -no_check_time -CApath /etc/ssl/certs $f; done"
        assert "error" not in container.shell(f"{script} 2>&1")
