"""Images from a real registry: by digest, by name, and what keeps them from coming."""

import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.images.engine import started
from tests.release.servers.docker_registry import DockerRegistry
from tests.server.conftest import Pulled, by_digest, digest
from tests.server.host import Host, binary

NO_DIGEST = "sha256:" + "0" * 64


def lines(host: Host, *arguments: str) -> tuple[int, list[Any], str]:
    done = host.run(*arguments, "--json")
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()], done.stderr


def test_the_server_is_sound_and_finds_docker(host: Host) -> None:
    found = host.ask("self-check")
    assert found["docker"]["reachable"] is True
    assert found["docker"]["version"] == host.engine.docker("version", "--format={{.Server.Version}}").strip()


def test_a_build_s_images_come_by_digest_and_get_the_names_that_apps_use(pulled: Pulled, host: Host) -> None:
    assert [each["digest"] for each in pulled.before["images"]] == [None, None]
    ends = [line for line in pulled.lines if "ref" in line]
    assert ends == [
        {"image": name, "status": "pulled", "ref": ref, "digest": digest(folder), "problem": None}
        for name, ref, folder in (("viberun", host.image, "app"), ("viberun-proxy", host.proxy, "proxy"))
    ]
    steps = [line for line in pulled.lines if "ref" not in line and line["image"] == "viberun"]
    assert {line["status"] for line in steps} == {"pulling"}
    assert [line["done"] for line in steps] == sorted(line["done"] for line in steps)
    assert steps[-1]["done"] == steps[-1]["total"] > 50_000_000
    assert [(each["ref"], each["digest"]) for each in pulled.after["images"]] == [
        (line["ref"], line["digest"]) for line in ends
    ]
    assert all(each["size"] > 1_000_000 and each["version"] for each in pulled.after["images"])


def test_what_is_here_is_not_pulled_again(host: Host) -> None:
    code, printed, _ = lines(host, "images", "pull", *by_digest())
    assert (code, [line["status"] for line in printed]) == (0, ["present", "present"])
    assert [line.split()[:2] for line in host.call("images", "pull").splitlines()][1::2] == [
        ["viberun:", "present"],
        ["viberun-proxy:", "present"],
    ]


def test_one_that_fails_does_not_stop_the_other(host: Host) -> None:
    code, printed, said = lines(host, "images", "pull", f"--digest=viberun={NO_DIGEST}")
    assert code == 6
    ends = {line["image"]: line for line in printed if "ref" in line}
    assert ends["viberun"]["status"] == "failed"
    assert "not found" in ends["viberun"]["problem"]
    assert ends["viberun-proxy"]["status"] in ("pulled", "present")
    assert said == f"viberun-server: {ends['viberun']['problem']}\n"
    assert host.ask("images", "status")["images"][0]["digest"] == digest("app")


def test_a_registry_that_asks_who_one_is_gets_a_remedy(host: Host, tmp_path: Path) -> None:
    folder = tmp_path / "registry"
    folder.mkdir()
    with DockerRegistry(folder, users={"somebody": "secret"}) as private:
        other = host.having(VIBERUN_IMAGE=f"{private.host}/owner/viberun:dev")
        code, printed, said = lines(other, "images", "pull")
    assert code == 6
    assert "or run 'docker login' as root on the host" in said
    assert next(line["status"] for line in printed if "ref" in line) == "failed"


def test_a_registry_that_is_not_there_is_tried_again_and_said_not_to_be(host: Host) -> None:
    other = host.having(VIBERUN_IMAGE="127.0.0.1:1/owner/viberun:dev")
    assert "connection refused; look at the host's network" in other.run("images", "pull").stderr


@pytest.fixture
def small_disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("small")  # a short path: sockets go below it
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=60m", "tmpfs", folder], check=True)
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


@pytest.fixture
def bridge(network: None) -> Iterator[str]:
    """For an engine beside the other: one without any bridge would remove that of the other."""
    name = "small0"
    for command in (f"link add {name} type bridge", f"address add 172.31.255.1/24 dev {name}", f"link set {name} up"):
        subprocess.run(["ip", *command.split()], check=True)
    yield name
    subprocess.run(["ip", "link", "delete", name], check=True)


def test_a_full_disk_is_said_to_be_full(host: Host, small_disk: Path, bridge: str, tmp_path: Path) -> None:
    options = (f"--bridge={bridge}", "--iptables=false", "--ip-masq=false")
    with started(small_disk, network=options) as engine:
        code, printed, _ = lines(Host(engine, host.registry, tmp_path / "state"), "images", "pull")
    assert code == 6
    problems = [line["problem"] for line in printed if line.get("problem")]
    assert any("no space left on device; free some disk space" in problem for problem in problems), printed


@pytest.mark.parametrize(
    "arguments",
    [["images", "status"], ["images", "pull"], ["update-check"], ["apps", "list"], ["apps", "create", "demo"]],
)
def test_without_docker_every_command_says_so(host: Host, tmp_path: Path, arguments: list[str]) -> None:
    nowhere = host.having(DOCKER_HOST=f"unix://{tmp_path}/none")
    assert "Docker does not run, or is not installed; run 'systemctl start docker'" in nowhere.refused(3, *arguments)


@pytest.fixture
def for_everybody() -> Iterator[Path]:
    """The server where anybody can start it: what is built may lie in a folder of root's alone, as pytest's are."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(shutil.copy(binary(), folder))


def test_a_user_who_may_not_use_docker_is_told_to_be_root(host: Host, for_everybody: Path) -> None:
    command = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", str(for_everybody), "apps", "list"]
    home = {"HOME": "/nonexistent", "XDG_CACHE_HOME": "/nonexistent"}
    done = subprocess.run(command, env={**host.environment, **home}, capture_output=True, text=True, timeout=60)
    assert done.returncode == 3, done.stderr
    assert done.stderr.endswith("viberun-server: this user may not use Docker's socket; run this as root\n")
