"""A real Docker engine for tests: started on its own socket and folders, stopped and cleaned up in the end."""

import os
import platform
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tools.oci.image import load

_READY_SECONDS = 60

# Containers that need no network, on a machine whose own is left alone.
_NO_NETWORK = ("--bridge=none", "--iptables=false", "--ip-masq=false")


@dataclass(frozen=True)
class Container:
    """A container of an engine, running or not."""

    engine: "Engine"
    id: str

    def run(self, *command: str, user: str | None = None, text: str | None = None) -> str:
        """Runs a command in it and returns its output; fails with all that it printed."""
        options = [*(["--user", user] if user else []), *(["--interactive"] if text is not None else [])]
        return self.engine.docker("exec", *options, self.id, *command, text=text)

    def shell(self, script: str, user: str | None = None) -> str:
        return self.run("sh", "-euc", script, user=user)

    def answers(self, *command: str, user: str | None = None) -> int:
        """Runs a command in it and returns its exit code."""
        options = ["--user", user] if user else []
        return self.engine.call("exec", *options, self.id, *command).returncode

    def logs(self) -> str:
        done = self.engine.call("logs", self.id)
        return done.stdout + done.stderr

    def state(self, template: str) -> str:
        return self.engine.docker("inspect", "--format", template, self.id).strip()


@dataclass(frozen=True)
class Engine:
    socket: Path

    @property
    def environment(self) -> dict[str, str]:
        return {"PATH": os.environ["PATH"], "HOME": str(self.socket.parent), "DOCKER_HOST": f"unix://{self.socket}"}

    def call(self, *arguments: str, text: str | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["docker", *arguments], env=self.environment, input=text, capture_output=True, text=True, timeout=600
        )

    def docker(self, *arguments: str, text: str | None = None) -> str:
        done = self.call(*arguments, text=text)
        assert done.returncode == 0, f"docker {' '.join(arguments)}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout

    def load(self, layout: Path, tag: str) -> str:
        """Puts the image for this machine into the engine, as `bazel run //images:….load` does."""
        architecture = {"x86_64": "amd64", "aarch64": "arm64"}[platform.machine()]
        with subprocess.Popen(["docker", "load", "--quiet"], stdin=subprocess.PIPE, env=self.environment) as docker:
            assert docker.stdin
            load.write(layout, architecture, [tag], docker.stdin)
        assert docker.returncode == 0
        return tag

    @contextmanager
    def container(self, image: str, *command: str, options: Sequence[str] = ("--network=none",)) -> Iterator[Container]:
        """A container that runs for as long as the block."""
        container = Container(self, self.docker("run", "--detach", *options, image, *command).strip())
        try:
            yield container
        finally:
            self.docker("rm", "--force", "--volumes", container.id)


@contextmanager
def started(folder: Path, network: Sequence[str] = _NO_NETWORK) -> Iterator[Engine]:
    """Starts an engine whose every file is below `folder`, and whose mounts nobody else sees and go when it does.

    `network` are its options for that; one that makes a network belongs into a namespace of its own.
    """
    assert os.getuid() == 0, "a container engine needs root"
    engine = Engine(folder / "docker.sock")
    (folder / "daemon.json").write_text("{}")
    command = [
        "unshare",
        "--mount",
        "dockerd",
        f"--config-file={folder / 'daemon.json'}",
        f"--data-root={folder / 'data'}",
        f"--exec-root={folder / 'exec'}",
        f"--pidfile={folder / 'docker.pid'}",
        f"--host=unix://{engine.socket}",
        *network,
    ]
    with (folder / "dockerd.log").open("wb") as log, subprocess.Popen(command, stdout=log, stderr=log) as daemon:
        try:
            _wait_until_ready(engine, daemon, folder / "dockerd.log")
            yield engine
        finally:
            daemon.terminate()
            daemon.wait(60)
    shutil.rmtree(folder, ignore_errors=True)


def _wait_until_ready(engine: Engine, daemon: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    while engine.call("version").returncode:
        assert daemon.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.1)
