"""Apps on a real engine: made, used, stopped, removed, and made again from what is left of them."""

import json
import re
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.server.conftest import Images, use
from tests.server.host import Host

NOT_KNOWN = {"digest": None, "version": None, "behind": None}


def wait_for(condition: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def test_an_app_answers_on_a_port_of_loopback_and_has_no_privileges(host: Host) -> None:
    app = host.ask("apps", "create", "web")
    assert app == host.ask("apps", "list")["apps"][0]
    assert (app["state"], app["behind"], app["image"]) == ("running", False, host.image)
    assert app["port"] >= 20000
    version = json.loads(host.inside("web", "cat /usr/share/viberun/version.json"))["version"]
    assert version.replace("+", "-").startswith(app["version"].replace("+", "-"))
    assert host.inside("web", "id -un; echo $PORT; hostname; ls -a ~/.bashrc").split()[:3] == ["viberun", "8080", "web"]
    host.inside("web", "echo hello > ~/index.html; viberun-service add web python3 -m http.server $PORT")
    wait_for(lambda: fetched(app["port"]) == "hello\n")
    (container,) = json.loads(host.engine.docker("inspect", "viberun-app-web"))
    settings = container["HostConfig"]
    assert settings["PortBindings"] == {"8080/tcp": [{"HostIp": "127.0.0.1", "HostPort": str(app["port"])}]}
    assert settings["RestartPolicy"]["Name"] == "unless-stopped"
    assert container["Config"]["User"] == "viberun"
    assert (settings["Privileged"], settings["CapAdd"], settings["Devices"]) == (False, None, None)
    assert settings["NetworkMode"] in ("default", "bridge")  # since Docker 26 the name that it means
    assert (settings["PidMode"], settings["IpcMode"], settings["UsernsMode"]) == ("", "private", "")
    assert [(mount["Type"], mount["Name"], mount["Destination"]) for mount in container["Mounts"]] == [
        ("volume", "viberun-home-web", "/home/viberun")
    ]


def fetched(port: int) -> str | None:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/index.html", timeout=5) as answer:
            return str(answer.read().decode())
    except OSError:
        return None


def test_an_app_stops_starts_and_goes(host: Host) -> None:
    host.call("apps", "create", "demo")
    host.inside("demo", "echo kept > ~/file")
    assert host.ask("apps", "stop", "demo")["state"] == "exited"
    assert host.ask("apps", "stop", "demo")["state"] == "exited"
    assert host.ask("apps", "create", "demo", "--reuse")["state"] == "running"
    assert host.ask("apps", "start", "demo")["state"] == "running"
    assert host.inside("demo", "cat ~/file") == "kept\n"
    assert "already" in host.refused(5, "apps", "create", "demo")
    host.call("apps", "rm", "demo", "--keep-data")
    assert host.ask("apps", "list") == {"apps": []}
    assert host.volumes() == ["viberun-home-demo"]
    host.call("apps", "create", "demo")
    assert host.inside("demo", "cat ~/file") == "kept\n"
    host.call("apps", "rm", "demo")
    assert (host.containers("demo"), host.volumes(), list((host.state / "apps").iterdir())) == ([], [], [])


def test_a_container_that_somebody_removed_is_made_again(host: Host) -> None:
    before = host.ask("apps", "create", "demo")
    host.inside("demo", "echo kept > ~/file")
    host.engine.docker("rm", "--force", "viberun-app-demo")
    assert host.app("demo")["state"] == "missing"
    after = host.ask("apps", "start", "demo")
    assert (after["state"], after["port"], after["created"]) == ("running", before["port"], before["created"])
    assert host.inside("demo", "cat ~/file") == "kept\n"


@pytest.mark.parametrize("left", ["", "garbage"])
def test_a_record_that_is_gone_is_made_up_from_the_container(host: Host, left: str) -> None:
    before = host.ask("apps", "create", "demo")
    record = host.state / "apps/demo.json"
    if left:
        record.write_text(left)
    else:
        record.unlink()
    assert {**host.app("demo"), "created": ""} == {**before, "created": ""}
    host.call("apps", "rm", "demo")
    assert not record.exists()


def test_a_port_that_something_listens_on_is_left_to_it(host: Host) -> None:
    with socket.create_server(("127.0.0.1", 20000)):
        app = host.ask("apps", "create", "demo")
        assert app["port"] == 20001
    host.call("apps", "stop", "demo")
    with socket.create_server(("127.0.0.1", 20001)):
        assert "20001" in host.refused(5, "apps", "start", "demo")
    assert host.ask("apps", "start", "demo")["port"] == 20001


def test_a_container_with_the_app_s_name_that_is_another_s_is_left_alone(host: Host) -> None:
    host.engine.docker("create", "--name=viberun-app-demo", host.image)
    for command in ("create", "start", "stop", "update", "rm"):
        assert "not viberun's" in host.refused(5, "apps", command, "demo")
    assert host.engine.docker("inspect", "--format={{.State.Status}}", "viberun-app-demo") == "created\n"


def test_a_container_of_another_s_under_an_app_s_name_stands_in_no_other_app_s_way(host: Host) -> None:
    before = host.ask("apps", "create", "demo")
    host.engine.docker("rm", "--force", "viberun-app-demo")
    host.engine.docker("create", "--name=viberun-app-demo", host.image)
    other = host.ask("apps", "create", "other")
    assert other["port"] != before["port"]
    assert host.ask("apps", "list")["apps"] == [{**before, "state": "conflict", **NOT_KNOWN}, other]
    (host.state / "apps/demo.json").write_text("garbage")
    done = host.run("apps", "list", "--json")
    assert (done.returncode, json.loads(done.stdout)) == (0, {"apps": [other]})
    assert "viberun-server: note: there is a container viberun-app-demo that is not viberun's; rename" in done.stderr
    assert host.ask("apps", "stop", "other")["state"] == "exited"


@pytest.mark.parametrize("command", ["start", "stop", "update", "rm", "logs"])
def test_an_app_that_does_not_exist_is_said_not_to(host: Host, command: str) -> None:
    assert "there is no app 'nope'" in host.refused(4, "apps", command, "nope")


def test_an_update_check_of_one_that_does_not_exist_says_so_too(host: Host) -> None:
    assert "there is no app 'nope'" in host.refused(4, "update-check", "nope")


@pytest.mark.parametrize("name", ["", "A", "-a", "a-", "a_b", "a.previous", "../x", "a" * 33])
def test_a_name_that_is_none_is_refused(host: Host, name: str) -> None:
    assert "no name for an app" in host.refused(2, "apps", "create", "--", name)


def test_an_image_that_is_not_here_leaves_nothing(host: Host) -> None:
    other = host.having(VIBERUN_IMAGE=f"{host.registry}/owner/viberun:never")
    assert "is not on this host; pull it" in other.refused(6, "apps", "create", "demo")
    assert_nothing_is_left(host)


def test_an_image_whose_containers_end_leaves_nothing_and_says_why(host: Host, images: Images) -> None:
    use(host, images.broken)
    done = host.run("apps", "create", "demo")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    # Docker may have started it anew by the time that somebody looks.
    assert re.search("its container ended( with status 7)?, having said: the disk is on fire", done.stderr), done.stderr
    assert_nothing_is_left(host)


def test_an_image_without_the_user_leaves_nothing_and_says_so(host: Host) -> None:
    other = host.having(VIBERUN_IMAGE=host.proxy)
    assert "no user viberun" in other.refused(6, "apps", "create", "demo")
    assert_nothing_is_left(host)


def assert_nothing_is_left(host: Host) -> None:
    assert (host.containers("demo"), host.volumes(), host.ask("apps", "list")["apps"]) == ([], [], [])


def test_many_at_once_get_ports_of_their_own(host: Host) -> None:
    started = [host.start("apps", "create", name, "--json") for name in ("a", "b", "c")]
    created = [json.loads(process.communicate(timeout=120)[0]) for process in started]
    assert len({app["port"] for app in created}) == 3
    assert {app["state"] for app in created} == {"running"}
    assert host.ask("apps", "list")["apps"] == created


def test_two_who_make_the_same_app_at_once_make_one(host: Host) -> None:
    first, second = host.start("apps", "create", "demo"), host.start("apps", "create", "demo")
    assert sorted([first.wait(120), second.wait(120)]) == [0, 5]
    both = [host.start("apps", "create", "demo", "--reuse") for _ in range(2)]
    assert [process.wait(120) for process in both] == [0, 0]
    for process in (first, second, *both):
        process.communicate()
    assert host.containers("demo") == ["viberun-app-demo"]


def test_logs_show_what_was_printed_and_follow_what_will_be(host: Host) -> None:
    host.call("apps", "create", "demo")
    host.inside("demo", "echo one > /proc/1/fd/1; echo two > /proc/1/fd/1")
    assert host.call("apps", "logs", "demo").endswith("one\ntwo\n")
    assert host.call("apps", "logs", "demo", "--tail", "1") == "two\n"
    with host.start("apps", "logs", "demo", "--follow", "--tail=1") as following:
        assert following.stdout is not None
        assert following.stdout.readline() == "two\n"
        host.inside("demo", "echo three > /proc/1/fd/1")
        assert following.stdout.readline() == "three\n"
        following.send_signal(2)
        assert following.wait(20) == 130


def test_logs_have_what_services_print_too(host: Host) -> None:
    host.call("apps", "create", "demo")
    script = "while :; do echo up-$((i=i+1)); sleep 0.2; done"
    host.engine.docker("exec", "viberun-app-demo", "viberun-service", "add", "web", "sh", "-c", script)
    wait_for(lambda: "up-2" in host.call("apps", "logs", "demo"))
    assert "==> web/current <==\n" in host.call("apps", "logs", "demo", "--tail=1")
    with host.start("apps", "logs", "demo", "--follow", "--tail=0") as following:
        assert following.stdout is not None
        printed = iter(following.stdout.readline, "")
        assert any("up-" in line for line in printed)
        following.kill()
    wait_for(lambda: "tail" not in host.inside("demo", "ps -eo comm"))
    host.call("apps", "stop", "demo")
    assert "up-" not in host.call("apps", "logs", "demo")


def test_a_state_folder_without_space_makes_no_app(host: Host, tmp_path: Path) -> None:
    full = tmp_path / "full"
    full.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8k", "tmpfs", full], check=True)
    try:
        (full / "apps").mkdir()
        (full / "filler").write_bytes(bytes(4096))
        other = host.having(VIBERUN_STATE=str(full))
        assert "no space left on device; free some disk space" in other.refused(1, "apps", "create", "demo")
    finally:
        subprocess.run(["umount", full], check=True)
    assert_nothing_is_left(host)
