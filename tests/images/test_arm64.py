"""The arm64 images on any machine: qemu-user in a chroot. Every program is started by the test itself, since qemu does not
follow a program that starts another."""

import http.client
import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.images import contents
from tests.release.servers.process import free_port

QEMU = "qemu-aarch64-static"


class Root:
    """An unpacked image; commands run in it under qemu."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def command(self, program: str, *arguments: str) -> list[str]:
        # Mounts of its own: what is below the folder goes with the namespace.
        script = 'mount --bind /dev "$1/dev"; mount -t proc proc "$1/proc"; exec chroot "$@"'
        return ["unshare", "--mount", "sh", "-euc", script, "sh", str(self.path), f"/{QEMU}", program, *arguments]

    def run(self, program: str, *arguments: str, **environment: str) -> str:
        variables = {"HOME": "/root", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", **environment}
        done = subprocess.run(
            self.command(program, *arguments),
            env={**os.environ, **variables},
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert done.returncode == 0, f"{program}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout


def unpacked(layout: Path, folder: Path) -> Root:
    qemu = shutil.which(QEMU)
    assert qemu, f"{QEMU} is needed (Debian: qemu-user-static)"
    contents.unpack(contents.read(layout, "arm64"), folder)
    shutil.copy(qemu, folder / QEMU)
    return Root(folder)


@pytest.fixture(scope="module")
def app_root(app_layout: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Root]:
    folder = tmp_path_factory.mktemp("app")
    yield unpacked(app_layout, folder)
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def proxy_root(proxy_layout: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Root]:
    folder = tmp_path_factory.mktemp("proxy")
    yield unpacked(proxy_layout, folder)
    shutil.rmtree(folder)


def test_the_shell_runs(app_root: Root) -> None:
    assert app_root.run("/bin/bash", "-c", "echo $((6 * 7)) $HOSTTYPE") == "42 aarch64\n"


def test_git_commits(app_root: Root) -> None:
    app_root.run("/usr/bin/git", "init", "-q", "/root/work")
    (app_root.path / "root/work/file").write_text("1")
    git = ["/usr/bin/git", "-C", "/root/work", "-c", "user.name=n", "-c", "user.email=e@example.org"]
    git += ["-c", "gc.auto=0", "-c", "maintenance.auto=false"]
    app_root.run(*git, "add", "file")
    app_root.run(*git, "commit", "-qm", "first")
    assert app_root.run(*git, "log", "--format=%s") == "first\n"


def test_python_has_tls_and_its_compiled_library(app_root: Root) -> None:
    script = "import ssl, json, sqlite3; print(len(ssl.create_default_context().get_ca_certs()) > 100, ssl.OPENSSL_VERSION[:7])"
    assert app_root.run("/usr/bin/python3", "-c", script) == "True OpenSSL\n"
    verbose = subprocess.run(
        app_root.command("/usr/bin/python3", "-v", "-c", "import json, http.client"), capture_output=True, text=True
    ).stderr
    assert verbose.count("code object from '/usr/lib/python3.13/") > 30
    assert ".py'\n" not in verbose


def test_libraries_are_found_through_the_loader_s_cache(app_root: Root) -> None:
    printed = app_root.run("/usr/sbin/ldconfig", "-p")
    assert "libcrypto.so.3 (libc6,AArch64) => /lib/aarch64-linux-gnu/libcrypto.so.3" in printed


def test_node_runs(app_root: Root) -> None:
    assert app_root.run("/usr/bin/node", "-e", "console.log(process.arch, [1, 2].at(-1))") == "arm64 2\n"
    version = json.loads((app_root.path / "usr/local/lib/node_modules/npm/package.json").read_text())["version"]
    assert (
        app_root.run("/usr/bin/node", "/usr/local/lib/node_modules/npm/bin/npm-cli.js", "--version") == f"{version}\n"
    )


SEED = """
from importlib import machinery, util
from pathlib import Path
loader = machinery.SourceFileLoader("init", "/usr/local/bin/viberun-init")
init = util.module_from_spec(util.spec_from_loader("init", loader))
loader.exec_module(init)
init.seed(Path("/home/viberun"))
print(*sorted(path.name for path in Path("/home/viberun").iterdir()))
"""


def test_the_first_process_seeds_the_home(app_root: Root) -> None:
    assert app_root.run("/usr/bin/python3", "-IS", "-c", SEED) == ".bashrc .local .profile AGENTS.md\n"


def test_dpkg_knows_its_architecture(app_root: Root) -> None:
    assert app_root.run("/usr/bin/dpkg", "--print-architecture") == "arm64\n"
    assert "ii  libc6:arm64" in app_root.run("/usr/bin/dpkg-query", "--list", "libc6", COLUMNS="200")


def test_caddy_serves(proxy_root: Root) -> None:
    port = free_port()
    command = proxy_root.command("/usr/bin/caddy", "respond", "--listen", f"127.0.0.1:{port}", "--body", "hello")
    environment = {**os.environ, "HOME": "/var/lib/caddy", "CADDY_ADMIN": "off"}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as caddy:
        try:
            deadline = time.monotonic() + 60
            while True:
                connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
                try:
                    connection.request("GET", "/")
                    assert connection.getresponse().read() == b"hello"
                    break
                except ConnectionRefusedError:
                    assert caddy.poll() is None
                    assert time.monotonic() < deadline
                    time.sleep(0.2)
        finally:
            caddy.terminate()
