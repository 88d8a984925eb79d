"""Asks the Docker engine of this host what viberun wants of it, and gives its answers as data.

The only module that imports the `docker` SDK, and so the slow one to import. Every error of it leaves
here as a ViberunError.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import docker
import requests
from docker.errors import APIError, DockerException, NotFound
from docker.utils import kwargs_from_env
from docker.utils.socket import frames_iter

from viberun.errors import ViberunError
from viberun.server.engine.facts import Container, ContainerPlan, Event, Image, container_in, event_in, image_in
from viberun.server.engine.refusal import explain
from viberun.server.engine.stream import stalled_after
from viberun.server.errors import DockerError, DockerUnreachableError

# For one answer; what streams has no such limit, but may not fall silent for STALL_SECONDS.
ANSWER_SECONDS = 60
REGISTRY_SECONDS = 20
STALL_SECONDS = 180.0

_RESIZES = 10

# Docker holds back a key that could begin these, by default Ctrl-P, which shells and editors want at once. Detaching
# is tmux's business; that Ctrl-@ comes with the next key is not noticed.
_DETACH_KEYS = "ctrl-@,ctrl-^,ctrl-@,ctrl-_,ctrl-@"

_PROCESSES = Path("/proc")


class Engine:
    """A connection to Docker. Raises DockerUnreachableError where there is none, explained errors otherwise."""

    def __init__(self, client: docker.APIClient) -> None:
        self._client = client

    @classmethod
    def connect(cls, environ: Mapping[str, str]) -> Engine:
        """To where DOCKER_HOST says, else this host's socket; API versions from Docker 20.10's on."""
        with _translated("connecting to Docker"):
            return cls(docker.APIClient(version="auto", timeout=ANSWER_SECONDS, **kwargs_from_env(dict(environ))))

    def version(self) -> str:
        with _translated("asking Docker for its version"):
            return str(self._client.version()["Version"])

    # Images

    def image(self, reference: str) -> Image | None:
        """Returns the image of this name, digest or id on this host."""
        with _translated(f"looking for {reference}"):
            try:
                return image_in(self._client.inspect_image(reference))  # type: ignore[no-untyped-call]
            except NotFound:
                return None

    def pull(self, repository: str, tag: str) -> Iterator[Event]:
        """Pulls by tag, or by digest where `tag` is one; what Docker reports on the way."""
        doing = f"pulling {repository}{'@' if ':' in tag else ':'}{tag}"
        with _translated(doing):
            answers = self._client.pull(repository, tag=tag, stream=True, decode=True)
            for answer in stalled_after(STALL_SECONDS, answers):
                if "error" in answer:
                    raise explain(doing, str(answer["error"]))
                yield event_in(answer)

    def tag(self, image: str, repository: str, tag: str) -> None:
        with _translated(f"naming {repository}:{tag}"):
            self._client.tag(image, repository, tag, force=True)

    def forget_image(self, image: str) -> None:
        """Removes an image that has no name any more and that no container uses; leaves any other alone."""
        with contextlib.suppress(ViberunError):
            found = self.image(image)
            if found is not None and not found.names:
                with _translated("removing an image"):
                    self._client.remove_image(image)

    def registry_digest(self, reference: str) -> str:
        """Returns the digest that the registry has for a name now; nothing is pulled."""
        with _translated(f"asking the registry for {reference}"), self._patience(REGISTRY_SECONDS):
            answer = self._client.inspect_distribution(reference)  # type: ignore[no-untyped-call]
            return str(answer["Descriptor"]["digest"])

    # Containers

    def containers(self, label: str) -> list[Container]:
        """Returns the containers with this label, running or not, by name."""
        with _translated("listing containers"):
            found = [
                self.container(entry["Id"]) for entry in self._client.containers(all=True, filters={"label": label})
            ]
        return sorted((each for each in found if each is not None), key=lambda each: each.name)

    def container(self, reference: str) -> Container | None:
        """Returns the container of this name or id."""
        with _translated(f"looking at container {reference}"):
            try:
                return container_in(self._client.inspect_container(reference))
            except NotFound:
                return None

    def create(self, plan: ContainerPlan) -> str:
        """Makes a container, not yet running, and returns its id."""
        with _translated(f"making container {plan.name}"):
            made = self._client.create_container(
                image=plan.image,
                name=plan.name,
                hostname=plan.hostname,
                user=plan.user,
                environment=dict(plan.environment),
                labels=dict(plan.labels),
                ports=[plan.container_port],
                host_config=self._client.create_host_config(
                    binds={plan.volume: {"bind": plan.home, "mode": "rw"}},
                    port_bindings={plan.container_port: ("127.0.0.1", plan.host_port)},
                    restart_policy={"Name": "unless-stopped", "MaximumRetryCount": 0},
                ),
            )
        return str(made["Id"])

    def start(self, container: str) -> None:
        with _translated("starting the container"):
            self._client.start(container)

    def stop(self, container: str, seconds: int) -> None:
        """Ends it; killed where it takes longer than `seconds`. A stopped one is left as it is."""
        with _translated("stopping the container"), contextlib.suppress(NotFound):
            self._client.stop(container, timeout=seconds)

    def rename(self, container: str, name: str) -> None:
        with _translated(f"renaming a container to {name}"):
            self._client.rename(container, name)

    def remove(self, container: str) -> None:
        """Removes it, running or not; gone already is done. Volumes with a name stay."""
        with _translated("removing a container"), contextlib.suppress(NotFound):
            self._client.remove_container(container, force=True, v=True)

    def log(self, container: str, follow: bool, tail: int | None) -> Iterator[bytes]:
        """Yields what a container's processes printed; with `follow` until it stops."""
        with _translated("reading the container's log"):
            lines = self._client.logs(
                container, stream=True, follow=follow, tail="all" if tail is None else tail, stdout=True, stderr=True
            )
            yield from cast("Iterator[bytes]", lines)

    def session(self, container: str, command: Sequence[str], user: str, environment: Mapping[str, str]) -> ExecSession:
        """Starts a program with a terminal of its own in a container that runs."""
        with _translated("starting a session in the container"):
            made = self._client.exec_create(
                container,
                list(command),
                stdin=True,
                tty=True,
                user=user,
                environment=dict(environment),
                detach_keys=_DETACH_KEYS,
            )
            stream = self._client.exec_start(made["Id"], tty=True, socket=True)
        return ExecSession(self._client, str(made["Id"]), stream)

    def output(self, container: str, command: Sequence[str], user: str) -> Iterator[bytes]:
        """Yields what a program prints that is started in a container; its standard input ends once nobody reads on."""
        with _translated("starting a program in the container"):
            made = self._client.exec_create(container, list(command), stdin=True, user=user)
            stream = self._client.exec_start(made["Id"], socket=True)
            _socket(stream).settimeout(None)
            for _, piece in frames_iter(stream, tty=False):  # type: ignore[no-untyped-call]
                yield piece

    # Volumes

    def has_volume(self, name: str) -> bool:
        with _translated(f"looking for volume {name}"):
            try:
                self._client.inspect_volume(name)
            except NotFound:
                return False
            return True

    def make_volume(self, name: str, labels: Mapping[str, str]) -> None:
        """Makes it unless it is there."""
        with _translated(f"making volume {name}"):
            self._client.create_volume(name, labels=dict(labels))

    def remove_volume(self, name: str) -> None:
        with _translated(f"removing volume {name}"), contextlib.suppress(NotFound):
            self._client.remove_volume(name)

    @contextlib.contextmanager
    def _patience(self, seconds: int) -> Iterator[None]:
        before, self._client.timeout = self._client.timeout, seconds
        try:
            yield
        finally:
            self._client.timeout = before


class ExecSession:
    """A program that was started in a container, with a terminal."""

    def __init__(self, client: docker.APIClient, identity: str, stream: Any) -> None:
        self._client = client
        self._id = identity
        self._held = stream  # closes the socket when it goes
        self.stream = _socket(stream)

    def resize(self, rows: int, columns: int) -> None:
        """Passes the window's size on; tried again for a moment, since the program may only just start."""
        for _ in range(_RESIZES):
            try:
                with _translated("passing on the window's size"):
                    return self._client.exec_resize(self._id, height=rows, width=columns)
            except DockerError:
                time.sleep(0.05)

    def exit_code(self) -> int | None:
        """None while it runs, and where Docker does not know it any more: its container was removed."""
        with _translated("asking how the session ended"):
            try:
                answer = self._client.exec_inspect(self._id)
            except NotFound:
                return None
        return None if answer["Running"] else answer["ExitCode"]

    def hang_up(self) -> None:
        """Ends what would run on in the container: Docker does not when its client goes.

        Done by a signal from here, and so only where the container is on this host.
        """
        with _translated("ending the session"):
            try:
                answer = self._client.exec_inspect(self._id)
            except NotFound:
                return
        if answer["Running"] and answer.get("Pid") and _is_in(answer["Pid"], answer["ContainerID"]):
            with contextlib.suppress(OSError):
                os.kill(answer["Pid"], signal.SIGHUP)


def _is_in(pid: int, container: str) -> bool:
    """Whether the process of this host with that number is one of the container's, as its control groups tell."""
    try:
        return container in (_PROCESSES / str(pid) / "cgroup").read_text()
    except OSError:
        return False


def _socket(stream: Any) -> socket.socket:
    """Returns the socket below what the SDK gives out, which is a file over it where there is no TLS."""
    found: socket.socket = getattr(stream, "_sock", stream)
    return found


@contextlib.contextmanager
def _translated(doing: str) -> Iterator[None]:
    """Turns the SDK's errors, and those of what is below it, into this program's."""
    try:
        yield
    except APIError as error:
        raise explain(doing, _explanation(error)) from None
    except requests.exceptions.ReadTimeout:
        raise DockerError(
            f"{doing}: Docker did not answer in time", remedy="look at 'journalctl -u docker' and run this again"
        ) from None
    except (requests.exceptions.RequestException, DockerException, OSError) as error:
        raise _unreachable(error) from None


def _explanation(error: APIError) -> str:
    return str(error.explanation or error)


def _unreachable(error: Exception) -> DockerUnreachableError:
    text = " ".join(str(error).split())
    for sign, message, remedy in (
        ("Permission denied", "this user may not use Docker's socket", "run this as root"),
        (
            "No such file",
            "Docker does not run, or is not installed",
            "run 'systemctl start docker', or 'viberun setup'",
        ),
        ("Connection refused", "Docker does not run", "run 'systemctl start docker'"),
        ("Connection aborted", "Docker hung up", "look at 'systemctl status docker' and run this again"),
    ):
        if sign in text:
            return DockerUnreachableError(message, remedy=remedy)
    return DockerUnreachableError(f"Docker can't be reached: {text}", remedy="look at 'systemctl status docker'")
