from __future__ import annotations

import pytest

from viberun.server.engine.facts import Container, Event, container_in, event_in, image_in

DIGEST = "sha256:" + "1" * 64


def test_an_image_is_known_by_digests_of_each_repository() -> None:
    image = image_in(
        {
            "Id": "sha256:2",
            "RepoTags": ["r/a:dev"],
            "RepoDigests": [f"r/a@{DIGEST}"],
            "Config": {"Labels": {"org.opencontainers.image.version": "1.2.3"}},
            "Size": 7,
        }
    )
    assert image.digest_in("r/a") == DIGEST
    assert image.digest_in("r/b") is None
    assert (image.version, image.size, image.names) == ("1.2.3", 7, ("r/a:dev",))


def test_an_image_that_was_loaded_has_no_digest_and_need_not_have_labels() -> None:
    image = image_in({"Id": "sha256:2", "RepoTags": None, "RepoDigests": None, "Config": {"Labels": None}})
    assert (image.digests, image.version, image.size) == ((), None, None)
    assert image_in({"Id": "sha256:2", "Config": None}).version is None


def test_a_container_s_port_is_the_one_of_the_host() -> None:
    answer = {
        "Id": "c",
        "Name": "/viberun-app-a",
        "State": {"Status": "running", "StartedAt": "t", "Health": {"Status": "healthy"}, "ExitCode": 0, "Pid": 42},
        "Image": "sha256:2",
        "Config": {"Labels": {"l": "v"}},
        "HostConfig": {"PortBindings": {"8080/tcp": [{"HostIp": "127.0.0.1", "HostPort": "20001"}]}},
        "RestartCount": 2,
        "Created": "then",
    }
    container = container_in(answer)
    expected = Container(
        "c", "viberun-app-a", "running", "sha256:2", {"l": "v"}, 20001, "t", 2, 0, "healthy", "then", 42
    )
    assert container == expected
    assert container.running


def test_a_container_without_ports_or_labels_is_one_too() -> None:
    answer = {"Id": "c", "Name": "/x", "State": {"Status": "exited"}, "Image": "i", "Config": {"Labels": None}}
    container = container_in(answer)
    assert (container.port, dict(container.labels), container.health, container.running) == (None, {}, None, False)


@pytest.mark.parametrize(
    ("state", "running", "kept"),
    [("running", True, True), ("restarting", False, True), ("exited", False, False), ("created", False, False)],
)
def test_a_container_that_docker_starts_again_and_again_is_kept_running(state: str, running: bool, kept: bool) -> None:
    container = Container("c", "viberun-app-a", state, "sha256:2")
    assert (container.running, container.kept_running) == (running, kept)


def test_a_line_of_a_pull_may_lack_everything_but_its_status() -> None:
    assert event_in({"status": "Pulling from a"}) == Event(None, "Pulling from a")
    line = {"id": "l", "status": "Downloading", "progressDetail": {"current": 1, "total": 2}}
    assert event_in(line) == Event("l", "Downloading", 1, 2)
    assert event_in({"id": "l", "status": "Waiting", "progressDetail": {}}) == Event("l", "Waiting")
