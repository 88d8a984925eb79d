"""What the server's tests share: one engine and one registry in a network of their own, and the images that apps move between.

VIBERUN_IMAGES_APP and VIBERUN_IMAGES_PROXY name the images' layouts. A test that can't run fails.
"""

import json
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.images.conftest import layout
from tests.images.engine import Engine, started
from tests.server import namespace
from tests.server.host import Host, OpenRegistry


@dataclass(frozen=True)
class Images:
    """The digests of images of one repository: the release's, a newer one, and one whose containers end at once."""

    first: str
    newer: str
    broken: str
    nobody: str


@pytest.fixture(scope="session")
def network() -> Iterator[None]:
    with namespace.entered():
        yield


@pytest.fixture(scope="session")
def engine(network: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    with started(tmp_path_factory.mktemp("engine"), network=()) as engine:
        yield engine


@pytest.fixture(scope="session")
def registry(network: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with OpenRegistry(tmp_path_factory.mktemp("registry")) as registry:
        for name, image in (("app", "viberun"), ("proxy", "viberun-proxy")):
            push(layout(name), f"{registry.host}/owner/{image}:dev")
        yield registry.host


def push(folder: Path, reference: str) -> None:
    command = [
        "skopeo",
        "copy",
        "--quiet",
        "--all",
        "--dest-tls-verify=false",
        f"oci:{folder}",
        f"docker://{reference}",
    ]
    subprocess.run(command, check=True, timeout=300)


@dataclass(frozen=True)
class Pulled:
    """What the server said when it pulled the images to an engine that had none: on the way, and before and after."""

    before: Any
    lines: Sequence[Any]
    after: Any


def digest(name: str) -> str:
    (index,) = json.loads((layout(name) / "index.json").read_text())["manifests"]
    return str(index["digest"])


def by_digest() -> list[str]:
    return [f"--digest=viberun={digest('app')}", f"--digest=viberun-proxy={digest('proxy')}"]


@pytest.fixture(scope="session")
def pulled(engine: Engine, registry: str, tmp_path_factory: pytest.TempPathFactory) -> Pulled:
    host = Host(engine, registry, tmp_path_factory.mktemp("pulled"))
    before = host.ask("images", "status")
    printed = host.call("images", "pull", "--json", *by_digest())
    return Pulled(before, [json.loads(line) for line in printed.splitlines()], host.ask("images", "status"))


@pytest.fixture(scope="session")
def images(engine: Engine, registry: str, pulled: Pulled) -> Images:
    """All in the registry and, but for their names, in the engine."""
    repository = f"{registry}/owner/viberun"

    def derived(tag: str, *changes: str) -> str:
        container = engine.docker("create", f"{repository}:dev").strip()
        options = [option for change in changes for option in ("--change", change)]
        engine.docker("commit", *options, container, f"{repository}:{tag}")
        engine.docker("rm", container)
        engine.docker("push", "--quiet", f"{repository}:{tag}")
        return digest_of(tag)

    def digest_of(tag: str) -> str:
        printed = engine.docker("inspect", "--format={{range .RepoDigests}}{{println .}}{{end}}", f"{repository}:{tag}")
        (found,) = [line for line in printed.split() if line.startswith(f"{repository}@")]
        return found.rpartition("@")[2]

    return Images(
        first=digest_of("dev"),
        newer=derived("newer", "LABEL org.opencontainers.image.version=9.9.9"),
        broken=derived("broken", 'ENTRYPOINT ["sh", "-c", "echo the disk is on fire; exit 7"]', "CMD []"),
        nobody=derived("nobody", "USER root", "ENTRYPOINT []"),
    )


@pytest.fixture
def host(engine: Engine, registry: str, images: Images, tmp_path: Path) -> Iterator[Host]:
    """A host with no apps, whose image is the first."""
    host = Host(engine, registry, tmp_path / "state")
    use(host, images.first)
    yield host
    leave(engine)


def use(host: Host, digest: str) -> None:
    """Gives this image the name that apps are made from."""
    engine = host.engine
    engine.docker("tag", f"{host.image.rpartition(':')[0]}@{digest}", host.image)


def leave(engine: Engine) -> None:
    """Removes what a test has left."""
    if containers := engine.docker("ps", "--all", "--quiet").split():
        engine.docker("rm", "--force", "--volumes", *containers)
    if volumes := engine.docker("volume", "ls", "--quiet").split():
        engine.docker("volume", "rm", "--force", *volumes)
