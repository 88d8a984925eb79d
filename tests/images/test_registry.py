"""The images through a real registry: pushed with skopeo, pulled by Docker, read by skopeo."""

import json
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.images import contents
from tests.images.conftest import layout
from tests.images.engine import Engine
from tests.release.servers.process import free_port

CONFIGURATION = """
version: 0.1
storage:
  filesystem:
    rootdirectory: {folder}/data
http:
  addr: 127.0.0.1:{port}
"""


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("registry")
    port = free_port()
    (folder / "config.yml").write_text(CONFIGURATION.format(folder=folder, port=port))
    with (
        (folder / "log").open("wb") as log,
        subprocess.Popen(["docker-registry", "serve", str(folder / "config.yml")], stdout=log, stderr=log) as process,
    ):
        try:
            deadline = time.monotonic() + 20
            while True:
                try:
                    urllib.request.urlopen(f"http://127.0.0.1:{port}/v2/", timeout=5).close()
                    break
                except OSError:
                    assert time.monotonic() < deadline
                    time.sleep(0.05)
            yield f"127.0.0.1:{port}"
        finally:
            process.terminate()


def skopeo(*arguments: str) -> str:
    done = subprocess.run(["skopeo", *arguments], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module", params=["app", "proxy"])
def pushed(request: pytest.FixtureRequest, registry: str) -> tuple[str, Path]:
    """An image in the registry: its name there, and the layout that it came from."""
    folder = layout(request.param)
    name = f"{registry}/{request.param}:dev"
    skopeo("copy", "--quiet", "--all", "--dest-tls-verify=false", f"oci:{folder}", f"docker://{name}")
    return name, folder


def test_the_registry_has_the_layout_s_own_index(pushed: tuple[str, Path]) -> None:
    name, folder = pushed
    raw: dict[str, Any] = json.loads(skopeo("inspect", "--raw", "--tls-verify=false", f"docker://{name}"))
    assert raw == contents.index(folder)
    assert [m["platform"]["architecture"] for m in raw["manifests"]] == ["amd64", "arm64"]


@pytest.mark.parametrize("architecture", contents.ARCHITECTURES)
def test_skopeo_reads_each_architecture(pushed: tuple[str, Path], architecture: str) -> None:
    name, folder = pushed
    for place in (f"docker://{name}", f"oci:{folder}"):
        options = ["--tls-verify=false"] if place.startswith("docker:") else []
        printed = json.loads(skopeo(f"--override-arch={architecture}", "inspect", *options, place))
        assert printed["Architecture"] == architecture
        assert printed["Layers"] == [
            layer["digest"] for layer in contents.read(folder, architecture).manifest["layers"]
        ]


def test_docker_pulls_by_tag_and_by_digest(pushed: tuple[str, Path], engine: Engine) -> None:
    name, folder = pushed
    digest = json.loads((folder / "index.json").read_text())["manifests"][0]["digest"]
    repository = name.rpartition(":")[0]
    for reference in (name, f"{repository}@{digest}"):
        engine.docker("pull", "--quiet", reference)
        assert (
            engine.docker("inspect", "--format", "{{index .RepoDigests 0}}", reference).strip()
            == f"{repository}@{digest}"
        )
    for architecture in contents.ARCHITECTURES:
        engine.docker("pull", "--quiet", f"--platform=linux/{architecture}", name)
        assert engine.docker("inspect", "--format", "{{.Architecture}}", name).strip() == architecture
        engine.docker("rmi", "--force", name)
