"""Updates on a real engine: to a newer image, from a broken one back, and cut short at every single step."""

import json
import subprocess
import sys
from typing import Any

import pytest

from tests.server.conftest import Images, use
from tests.server.host import Host

# Calls an update in a process that kills itself right before its N-th change of anything: of Docker or of the state folder.
KILLED = """
import datetime, json, os, signal, sys
sys.path[:] = json.loads(sys.argv[1])
import docker
from viberun.server.apps import ports, update
from viberun.server.apps.apps import Apps
from viberun.server.engine.engine import Engine
from viberun.server.apps.health import HealthCheck, arguments_of
from viberun.server.apps.inventory import Inventory
from viberun.server.images.reference import Reference
from viberun.server.state import State

left = int(sys.argv[2])

def counted(function):
    def call(*arguments, **options):
        global left
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        left -= 1
        return function(*arguments, **options)
    return call

for change in ("post", "delete"):
    setattr(docker.APIClient, change, counted(getattr(docker.APIClient, change)))
State.write = counted(State.write)
engine = Engine.connect(os.environ)
wanted = Reference.parse(os.environ["VIBERUN_IMAGE"], "VIBERUN_IMAGE")
inventory = Inventory(engine, State.of(os.environ), wanted)
apps = Apps(inventory, HealthCheck(engine, arguments_of), lambda: datetime.datetime.now(datetime.timezone.utc))
update.update(apps, "demo", settle=0.2)
"""


def updated(host: Host) -> Any:
    """What an update without a kill answers; it settles for as long as a user's does."""
    return host.ask("apps", "update", "demo")


def demo(host: Host, images: Images) -> None:
    """An app of the first image with something in its home, on a host that has a newer image."""
    host.call("apps", "create", "demo")
    host.inside("demo", "echo kept > ~/file")
    use(host, images.newer)


def test_an_app_moves_to_the_image_that_is_here_and_keeps_its_home_and_port(host: Host, images: Images) -> None:
    demo(host, images)
    before = host.app("demo")
    assert (before["behind"], before["digest"]) == (True, images.first)
    after = updated(host)
    assert after.pop("previous") == before
    assert (after["behind"], after["digest"], after["version"]) == (False, images.newer, "9.9.9")
    assert (after["port"], after["state"], after["created"]) == (before["port"], "running", before["created"])
    assert host.inside("demo", "cat ~/file") == "kept\n"
    assert host.containers("demo") == ["viberun-app-demo"]
    assert updated(host)["previous"] is None


def test_a_newer_build_that_was_pulled_leaves_apps_alone_until_they_are_updated(host: Host, images: Images) -> None:
    before = host.ask("apps", "create", "demo")
    host.call("images", "pull", f"--digest=viberun={images.newer}")
    assert host.app("demo") == {**before, "behind": True}
    host.call("apps", "stop", "demo")
    host.call("images", "pull", f"--digest=viberun={images.newer}")
    assert host.ask("apps", "start", "demo") == {**before, "behind": True}
    assert updated(host)["digest"] == images.newer


def test_the_registry_tells_that_the_image_is_behind_where_there_is_no_app(host: Host, images: Images) -> None:
    expected = {"ref": host.image, "has": images.first, "newest": images.first, "behind": False, "problem": None}
    assert host.ask("update-check") == {"image": expected, "apps": []}
    use(host, images.newer)
    assert host.ask("update-check")["image"] == {**expected, "has": images.newer, "behind": True}
    assert host.call("update-check") == f"{host.image}  behind {images.first}\n"


def test_the_registry_tells_what_is_behind_without_a_pull(host: Host, images: Images) -> None:
    host.call("apps", "create", "demo")
    current = host.ask("update-check")["apps"]
    expected = {"app": "demo", "image": host.image, "has": images.first, "newest": images.first}
    assert current == [{**expected, "behind": False, "problem": None}]
    newer = host.having(VIBERUN_IMAGE=f"{host.registry}/owner/viberun:newer")
    (found,) = newer.ask("update-check", "demo")["apps"]
    assert (found["has"], found["newest"], found["behind"]) == (images.first, images.newer, True)


def test_a_registry_that_does_not_answer_is_the_app_s_problem_and_no_failure(host: Host) -> None:
    host.call("apps", "create", "demo")
    (found,) = host.having(VIBERUN_IMAGE="127.0.0.1:1/owner/viberun:dev").ask("update-check")["apps"]
    assert (found["newest"], found["behind"]) == (None, None)
    assert "connection refused; look at the host's network" in found["problem"]


def test_what_is_not_healthy_is_put_back(host: Host, images: Images) -> None:
    demo(host, images)
    before = host.app("demo")
    use(host, images.broken)
    done = host.run("apps", "update", "demo")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert (
        "app 'demo' stays as it was: its container ended with status 7, having said: the disk is on fire" in done.stderr
    )
    assert {**host.app("demo"), "behind": True} == before
    assert host.inside("demo", "cat ~/file") == "kept\n"
    assert host.containers("demo") == ["viberun-app-demo"]


def test_an_app_that_was_stopped_is_stopped_afterwards(host: Host, images: Images) -> None:
    demo(host, images)
    host.call("apps", "stop", "demo")
    after = updated(host)
    assert (after["state"], after["digest"]) == ("exited", images.newer)
    use(host, images.broken)
    assert host.run("apps", "update", "demo").returncode == 1
    assert (host.app("demo")["state"], host.app("demo")["digest"]) == ("exited", images.newer)


def test_an_update_that_is_ended_puts_the_app_back(host: Host, images: Images) -> None:
    demo(host, images)
    container = host.engine.docker("inspect", "--format={{.Id}}", "viberun-app-demo")
    with host.start("apps", "update", "demo") as update:
        while "viberun-app-demo.previous" not in host.containers("demo"):
            assert update.poll() is None
        update.terminate()
        assert update.wait(60) == 128 + 15
    assert (host.app("demo")["digest"], host.app("demo")["state"]) == (images.first, "running")
    assert host.engine.docker("inspect", "--format={{.Id}}", "viberun-app-demo") == container


def test_two_updates_at_once_are_one(host: Host, images: Images) -> None:
    demo(host, images)
    both = [host.start("apps", "update", "demo", "--json") for _ in range(2)]
    answers = [json.loads(process.communicate(timeout=120)[0]) for process in both]
    assert sorted(answer["previous"] is None for answer in answers) == [False, True]
    assert {answer["digest"] for answer in answers} == {images.newer}


def killed(host: Host, changes: int) -> bool:
    """An update that is killed before so many changes and one; False where there were no more to make."""
    command = [sys.executable, "-I", "-S", "-c", KILLED, json.dumps(sys.path), str(changes)]
    done = subprocess.run(command, env=host.environment, capture_output=True, text=True, timeout=120)
    assert done.returncode in (0, -9), done.stderr
    return done.returncode == -9


def test_an_update_that_is_killed_anywhere_is_finished_or_put_back_by_the_next_command(
    host: Host, images: Images
) -> None:
    """Every third point is followed by another update, the others by a start; each begins where the one before ended."""
    demo(host, images)
    before, target = images.first, images.newer
    changes = 0
    while killed(host, changes):
        again = changes % 3 == 1
        app = host.ask("apps", *(("update", "demo") if again else ("start", "demo")))
        assert app["state"] == "running", changes
        assert app["digest"] in ([target] if again else [before, target]), changes
        assert host.inside("demo", "cat ~/file") == "kept\n"
        assert host.containers("demo") == ["viberun-app-demo"], changes
        if app["digest"] == target:
            before, target = target, before
            use(host, target)
        changes += 1
    assert host.app("demo")["digest"] == target
    assert changes >= 8


def test_an_image_that_nothing_uses_any_more_is_removed_and_one_with_a_name_is_not(host: Host) -> None:
    unique = host.having(VIBERUN_IMAGE=f"{host.registry}/owner/only:dev")
    engine = host.engine
    for tag in ("one", "two"):
        container = engine.docker("create", host.image).strip()
        engine.docker("commit", "--change", f"LABEL which={tag}", container, f"{host.registry}/owner/only:{tag}")
        engine.docker("rm", container)
    ids = [engine.docker("inspect", "--format={{.Id}}", f"{host.registry}/owner/only:{tag}") for tag in ("one", "two")]
    engine.docker("tag", f"{host.registry}/owner/only:one", f"{host.registry}/owner/only:dev")
    unique.call("apps", "create", "demo")
    engine.docker("rmi", f"{host.registry}/owner/only:one")
    engine.docker("tag", f"{host.registry}/owner/only:two", f"{host.registry}/owner/only:dev")
    engine.docker("rmi", f"{host.registry}/owner/only:two")
    unique.call("apps", "update", "demo")
    assert engine.call("inspect", ids[0].strip()).returncode != 0
    unique.call("apps", "rm", "demo")
    assert engine.docker("inspect", "--format={{.Id}}", f"{host.registry}/owner/only:dev") == ids[1]


@pytest.mark.parametrize("arguments", [["apps", "update", "demo"], ["apps", "create", "demo", "--reuse"]])
def test_an_older_container_of_an_update_that_was_done_goes(host: Host, images: Images, arguments: list[str]) -> None:
    demo(host, images)
    label = ("--label", "dev.viberun.app=demo")
    host.engine.docker("create", *label, "--name=viberun-app-demo.previous", host.image)
    host.call(*arguments)
    assert host.containers("demo") == ["viberun-app-demo"]
