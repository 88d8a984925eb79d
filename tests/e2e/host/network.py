"""The network of the tests: a laptop, and hosts that it reaches; the addresses are those that RFC 5737 keeps free."""

import contextlib
import itertools
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.e2e.host import machine
from tests.e2e.host.debian_root import PERSON
from tests.e2e.host.machine import Machine

LAPTOP = "192.0.2.1"
GITHUB = "192.0.2.10"
REGISTRY = "192.0.2.11"
ARCHIVE = "192.0.2.12"

NAMES = {
    "github.com": GITHUB,
    "release-assets.githubusercontent.com": GITHUB,
    "ghcr.io": REGISTRY,
    "debian.example": ARCHIVE,
}


@dataclass
class Network:
    """`lower` is the root file system of every machine, `folder` has what they write."""

    lower: Path
    folder: Path
    laptop: Machine
    key: str
    names: dict[str, str] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(100))

    @contextlib.contextmanager
    def host(self, name: str, disk: Path | None = None) -> Iterator[Machine]:
        """A host with an sshd, called `name` on the laptop; on its disk is what was on another's (`Machine.save`)."""
        number = next(self._numbers)
        address, folder = f"192.0.2.{number}", self.folder / f"{name}-{number}"
        with machine.started(name, address, self.lower, folder, disk) as host:
            self._connect(host, number)
            _name(host, NAMES)
            names = {**NAMES, **self.names, name: address}
            self.names[name] = address
            _name(self.laptop, names)
            _set_up_docker(host)
            _serve_ssh(host, self.key)
            yield host

    @contextlib.contextmanager
    def slowed(self, host: Machine, rate: int) -> Iterator[None]:
        """Lets `rate` bytes a second come to the host, and no more, for as long as the block."""
        queue = f"dev port{host.address.rpartition('.')[2]} root"
        _in_network(self.laptop, f"tc qdisc add {queue} tbf rate {8 * rate}bit burst 64kb latency 400ms")
        try:
            yield
        finally:
            _in_network(self.laptop, f"tc qdisc delete {queue}")

    def _connect(self, host: Machine, number: int) -> None:
        script = f"""
            ip link add port{number} type veth peer name eth0 netns {host.pid}
            ip link set port{number} master bridge up
        """
        _in_network(self.laptop, script)
        _in_network(host, f"ip address add {host.address}/24 dev eth0; ip link set eth0 up")


@contextlib.contextmanager
def made(lower: Path, folder: Path) -> Iterator[Network]:
    """A network with a laptop, on which PERSON has a key that every host's PERSON lets in."""
    with machine.started("laptop", LAPTOP, lower, folder / "laptop") as laptop:
        addresses = " ".join([LAPTOP, *dict.fromkeys(NAMES.values())])
        _in_network(
            laptop,
            f"""
            ip link add bridge type bridge
            for address in {addresses}; do ip address add "$address/24" dev bridge; done
            ip link set bridge up
            """,
        )
        _name(laptop, NAMES)
        laptop.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", f"/home/{PERSON}/.ssh/id_ed25519")
        key = laptop.run("cat", ".ssh/id_ed25519.pub")
        yield Network(lower, folder, laptop, key)


def _in_network(of: Machine, script: str) -> None:
    """Runs a script of this machine, as this machine's root, in the network of the other."""
    command = ["nsenter", f"--net=/proc/{of.pid}/ns/net", "sh", "-euc", script]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def _name(of: Machine, names: Mapping[str, str]) -> None:
    lines = [f"127.0.0.1 localhost {of.name}", *(f"{address} {name}" for name, address in names.items())]
    of.path("/etc/hosts").write_text("".join(f"{line}\n" for line in lines))


def _set_up_docker(host: Machine) -> None:
    """Settings that Docker's package finds when it is installed, and that apt is told to keep."""
    options = f"--cgroup-parent=/{machine.control_group(host.name)}"
    # The limit that the package's start script sets is for machines of metal, who may raise it.
    host.path("/etc/default/docker").write_text(f'DOCKER_OPTS="{options}"\nulimit() {{ :; }}\n')


def _serve_ssh(host: Machine, key: str) -> None:
    """Starts sshd; PERSON may become root, and root may come in as well."""
    host.path(f"/etc/sudoers.d/{PERSON}").write_text(f"{PERSON} ALL=(ALL) NOPASSWD: ALL\n")
    for user, home in ((PERSON, f"/home/{PERSON}"), ("root", "/root")):
        folder = host.path(f"{home}/.ssh")
        folder.mkdir(mode=0o700, exist_ok=True)
        (folder / "authorized_keys").write_text(key)
        shutil.chown(folder, *2 * [0 if user == "root" else 1000])
        shutil.chown(folder / "authorized_keys", *2 * [0 if user == "root" else 1000])
    host.root("[ -e /etc/ssh/ssh_host_ed25519_key ] || ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/ssh_host_ed25519_key")
    host.root("/usr/sbin/sshd -o HostKey=/etc/ssh/ssh_host_ed25519_key")
