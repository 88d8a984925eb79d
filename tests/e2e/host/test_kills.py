"""Setup that is killed, cut off or interrupted at eleven moments: the host stays whole, and the next run ends well.

One host that begins with nothing; each run goes on with what the one before left there, and is stopped at a later moment.
"""

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.e2e.host import hosts
from tests.e2e.host.machine import Machine
from tests.e2e.host.world import Person, World

# Slow enough to be stopped in the middle of, bytes a second.
_SLOW = 3_000_000


@dataclass
class Running:
    """A setup that runs, and what it has printed."""

    host: Machine
    process: "subprocess.Popen[str]"
    said: str = ""
    before: dict[str, set[tuple[Path, int]]] = field(default_factory=dict)

    def follow(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self.said += line


def exists(pattern: str) -> Callable[[Running], bool]:
    """Whether the host has such a file that was not there when setup began, or was another."""

    def found(running: Running) -> bool:
        there = set(_changed(running.host.path("/").glob(pattern.lstrip("/"))))
        return bool(there - running.before.setdefault(pattern, there))

    return found


def _changed(paths: Iterable[Path]) -> Iterator[tuple[Path, int]]:
    for path in paths:
        with contextlib.suppress(FileNotFoundError):
            yield path, path.lstat().st_mtime_ns


def said(text: str) -> Callable[[Running], bool]:
    return lambda running: text in running.said


def runs(pattern: str) -> Callable[[Running], bool]:
    """Whether such a process runs on the host."""
    return lambda running: running.host.call("pgrep", "-f", pattern, user="root").returncode == 0


def is_set_up(package: str) -> Callable[[Running], bool]:
    query = ("dpkg-query", "--show", "--showformat", "${db:Status-Status}", package)
    return lambda running: running.host.call(*query, user="root").stdout == "installed"


def once(first: Callable[[Running], bool], then: Callable[[Running], bool]) -> Callable[[Running], bool]:
    """`then`, which is not looked at before."""
    return lambda running: first(running) and then(running)


def kill(running: Running) -> None:
    """The client dies at once, and has no chance to clean up."""
    os.killpg(running.process.pid, signal.SIGKILL)
    running.host.call("true")


def interrupt(running: Running) -> None:
    """Ctrl-C."""
    os.killpg(running.process.pid, signal.SIGINT)


def cut(running: Running) -> None:
    """The connection is gone, for the host and the client."""
    running.host.call("pkill", "-KILL", "-f", "sshd-session|sshd: me", user="root")


def lose_power(running: Running) -> None:
    """Everything on the host dies, but for what makes it a machine and its sshd."""
    stays = "sshd -o HostKey|/bin/sh -euc|[0-9] cat$|ps -eo|grep -vE"
    running.host.root(f"kill -KILL $(ps -eo pid=,args= | grep -vE '{stays}|awk' | awk '{{ print $1 }}') || true")


# When, and how it is stopped.
_MOMENTS: list[tuple[str, Callable[[Running], bool], Callable[[Running], None]]] = [
    ("once the host was looked at", said("✓ broken is"), kill),
    ("while Docker's packages are unpacked", exists("/var/lib/dpkg/info/containerd.list"), lose_power),
    ("while Docker is installed", exists("/usr/sbin/dockerd"), lose_power),
    ("when Docker is set up and others are not", is_set_up("docker.io"), lose_power),
    ("while Docker starts", exists("/run/docker.pid"), cut),
    ("while the server comes", exists("/usr/local/bin/.viberun-new-*/server.tar.gz"), kill),
    ("in the middle of the server", exists("/usr/local/bin/.viberun-new-*/server.tar.gz"), cut),
    ("while the server is tried", exists("/usr/local/bin/.viberun-new-*/viberun-server"), lose_power),
    ("once the server stands", exists("/usr/local/bin/viberun-server"), interrupt),
    ("while an image comes", runs("viberun-server.* images"), kill),
    (
        "in the middle of an image",
        once(said("the server is sound"), exists("/var/lib/docker/tmp/GetImageBlob*")),
        lose_power,
    ),
]


@pytest.fixture(scope="module")
def broken(world: World) -> Iterator[Machine]:
    with world.network.host("broken") as host:
        # The last that dpkg does, once all packages are set up: it takes long enough to be stopped in the middle of.
        host.root("sed -i '1a [ \"$1\" != triggered ] || sleep 5' /var/lib/dpkg/info/libc-bin.postinst")
        yield host


@pytest.fixture(scope="module")
def me(world: World, broken: Machine) -> Person:
    return world.person(broken)


def slowly(world: World, host: Machine) -> contextlib.AbstractContextManager[None]:
    """What is to be stopped in the middle of comes slowly; Docker's packages, which are many, do not."""
    return world.network.slowed(host, _SLOW) if host.path("/usr/sbin/dockerd").exists() else contextlib.nullcontext()


def stopped(host: Machine, person: Person, when: Callable[[Running], bool], how: Callable[[Running], None]) -> Running:
    # A client that was killed leaves its command running on the host: that would come to the moment before this one.
    host.call("pkill", "-KILL", "-f", "viberun-server", user="root")
    process = person.laptop.start("/opt/older/viberun", "setup", host.name, user=person.name)
    running = Running(host, process)
    reader = threading.Thread(target=running.follow, daemon=True)
    reader.start()
    deadline = time.monotonic() + 120
    while not when(running):
        assert process.poll() is None, f"it ended before the moment:\n{running.said}"
        assert time.monotonic() < deadline, f"the moment did not come:\n{running.said}"
        time.sleep(0.02)
    how(running)
    try:
        process.wait(60)
    except subprocess.TimeoutExpired:
        pytest.fail(f"it goes on:\n{running.said}")
    finally:
        person.laptop.call("pkill", "-KILL", "-u", person.name, user="root")
    reader.join(5)
    return running


def is_whole(host: Machine, world: World) -> None:
    """There is no server on the host, or the released one with its mode."""
    path = host.path(hosts.SERVER)
    if path.exists():
        assert path.stat().st_mode & 0o777 == 0o755
        assert hosts.sha256(path.read_bytes()) == hosts.sha256(hosts.program(world.releases["older"]))


@pytest.mark.parametrize(("when", "how"), [moment[1:] for moment in _MOMENTS], ids=[moment[0] for moment in _MOMENTS])
def test_what_is_there_is_whole(
    when: Callable[[Running], bool], how: Callable[[Running], None], broken: Machine, me: Person, world: World
) -> None:
    with slowly(world, broken):
        running = stopped(broken, me, when, how)
    assert running.process.returncode != 0, running.said
    assert "Traceback" not in running.said
    is_whole(broken, world)


def test_the_next_run_ends_well(broken: Machine, me: Person, world: World) -> None:
    older = world.releases["older"]
    done = me.call("older", "setup", "broken")
    assert done.returncode == 0, done.stdout + done.stderr
    assert hosts.version(broken) == older.version
    assert hosts.images(broken) == {name: older.digest(name) for name in older.images}
    assert hosts.record(broken)["images_result"] == "complete"
    assert "Status: install ok installed" in broken.run("dpkg", "--status", "docker.io")
    assert broken.run("dpkg", "--audit", user="root") == ""


def test_a_package_that_dpkg_wants_unpacked_again_is(broken: Machine, me: Person) -> None:
    """The host lost power when all files of the package were there and dpkg had not noted that it is whole."""
    noted = "/^Package: docker.io$/,/^$/s/^Status: .*/Status: install reinstreq unpacked/"
    broken.root(f"sed -i '{noted}' /var/lib/dpkg/status")
    assert "reinstreq" in broken.run("dpkg", "--status", "docker.io")
    done = me.call("older", "setup", "broken")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Status: install ok installed" in broken.run("dpkg", "--status", "docker.io")
    assert broken.run("dpkg", "--audit", user="root") == ""
