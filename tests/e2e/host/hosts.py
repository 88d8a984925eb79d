"""Hosts as the tests find and look at them."""

import hashlib
import json
import shutil
import stat
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.e2e.host.machine import Machine
from tests.e2e.host.release import Release
from tests.e2e.host.terminal import Terminal
from tests.e2e.host.world import Person

SERVER = "/usr/local/bin/viberun-server"


@dataclass(frozen=True)
class State:
    """What is on a host: the server's bytes and mode, the images that have the dev channel's names, setup's record."""

    server: bytes
    mode: int
    leftovers: list[str]
    images: Mapping[str, str | None]
    record: Mapping[str, Any]


@dataclass(frozen=True)
class Settled:
    """A host, who set it up on which terminal, and what was on it then."""

    host: Machine
    person: Person
    terminal: Terminal
    state: State


def put(host: Machine, server: bytes) -> None:
    path = host.path(SERVER)
    path.with_name("new").write_bytes(server)
    path.with_name("new").chmod(0o755)
    path.with_name("new").rename(path)


def program(of: Release) -> bytes:
    """The executable in the server's tarball."""
    with tarfile.open(of.file("server")) as tarball:
        member = tarball.extractfile("viberun-server")
        assert member
        return member.read()


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def look(host: Machine) -> State:
    path = host.path(SERVER)
    return State(path.read_bytes(), stat.S_IMODE(path.stat().st_mode), leftovers(host), images(host), record(host))


def version(host: Machine) -> str:
    """What the server on the host says."""
    return str(json.loads(host.run(SERVER, "version", "--json", user="root"))["version"])


def record(host: Machine) -> Mapping[str, Any]:
    """What the last setup noted on the host."""
    found: Mapping[str, Any] = json.loads(host.path("/var/lib/viberun/setup.json").read_text())
    return found


def images(host: Machine, channel: str = "dev") -> Mapping[str, str | None]:
    """The digests of the images that have a channel's names on the host."""
    names = {
        f"VIBERUN_{variable}": f"ghcr.io/example/viberun/{name}:{channel}"
        for variable, name in (("IMAGE", "viberun"), ("PROXY_IMAGE", "viberun-proxy"))
    }
    said = host.run(SERVER, "images", "status", "--json", user="root", **names)
    return {image["name"]: image["digest"] for image in json.loads(said)["images"]}


def forget(host: Machine, of: Release) -> None:
    """Removes the release's images from the host, and the names that they have there."""
    for name in of.images:
        engine(host, "DELETE", f"/images/ghcr.io/example/viberun/{name}@{of.digest(name)}?force=true")


def engine(host: Machine, method: str, path: str) -> Any:
    """Asks the host's Docker directly; None where it answers with an error."""
    curl = ["curl", "--silent", "--unix-socket", "/run/docker.sock", "--request", method]
    done = host.call(*curl, "--fail", f"http://docker{path}", user="root")
    return None if done.returncode else json.loads(done.stdout or "null")


def stop_docker(host: Machine) -> None:
    host.root("service docker stop; while pgrep -x dockerd >/dev/null; do sleep 0.1; done; rm -f /run/docker.sock")


def start_docker(host: Machine) -> None:
    """Starts it and waits until it answers."""
    answers = "curl --silent --fail --output /dev/null --unix-socket /run/docker.sock http://docker/_ping"
    host.root(f"pgrep -x dockerd >/dev/null || service docker start; until {answers}; do sleep 0.1; done")


def leftovers(host: Machine) -> list[str]:
    """What lies beside the server and is not a server."""
    folder = host.path(SERVER).parent
    return sorted(
        path.name for path in folder.iterdir() if path.name not in ("viberun-server", "viberun-server.previous")
    )


def remove(path: Path) -> None:
    shutil.rmtree(path, ignore_errors=True)
