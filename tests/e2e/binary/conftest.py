"""The executables under test, and machines to run them on.

A machine is a root file system of its own, entered with chroot in a private mount namespace: nothing is left mounted, and
nothing of the machine that tests is changed. The runner names the executables in environment variables.
"""

import os
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import pytest

# PATH is the machine's.
_ENTER = """
mount() {{ /usr/bin/mount "$@"; }}
mount --make-rprivate /
{mounts}
exec /usr/bin/env --default-signal /usr/sbin/chroot {identity} {root} {argv}
"""

_BUSYBOX = Path("/bin/busybox")


@dataclass
class Machine:
    """A root file system. `mounts` are shell lines run before each start; `$root` is the folder."""

    USER: ClassVar = 1234  # whose home folder is /home/user
    OTHER: ClassVar = 4321

    root: Path
    mounts: list[str] = field(default_factory=list)
    unshare: list[str] = field(default_factory=lambda: ["--mount"])

    def path(self, path: str) -> Path:
        """Where a path of the machine lies for the tests."""
        return self.root / path.lstrip("/")

    def folder(self, path: str, mode: int = 0o755, owner: int = 0) -> Path:
        """Makes a folder, and those above it as root's."""
        folder = self.path(path)
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(mode)
        os.chown(folder, owner, owner)
        return folder

    def install(self, executable: Path, path: str) -> str:
        """Copies an executable to a path of the machine, and returns the path."""
        self.path(path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(executable, self.path(path))
        self.path(path).chmod(0o755)
        return path

    def start(
        self, *argv: str, user: int = 0, environment: dict[str, str] | None = None, **options: object
    ) -> "subprocess.Popen[str]":
        """Starts `argv` with this environment and no other; the process becomes the command itself."""
        script = _ENTER.format(
            mounts="\n".join(self.mounts),
            identity=f"--userspec={user}:{user} --groups=" if user else "",
            root=shlex.quote(str(self.root)),
            argv=shlex.join(argv),
        )
        variables = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", **(environment or {})}
        return subprocess.Popen(  # type: ignore[call-overload, no-any-return]
            ["/usr/bin/unshare", *self.unshare, "/bin/sh", "-euc", f"root={shlex.quote(str(self.root))}\n{script}"],
            env=variables,
            text=True,
            **{"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | options,
        )

    def run(
        self,
        *argv: str,
        user: int = 0,
        environment: dict[str, str] | None = None,
        stdin: str = "",
        timeout: float = 120,
        **options: object,
    ) -> "subprocess.CompletedProcess[str]":
        """Runs `argv` to its end."""
        options = {"stdin": subprocess.PIPE, **options}
        with self.start(*argv, user=user, environment=environment, **options) as process:
            try:
                out, error = process.communicate(stdin if options["stdin"] == subprocess.PIPE else None, timeout)
            except BaseException:
                process.kill()
                raise
        return subprocess.CompletedProcess(list(argv), process.returncode, out, error)


def busybox_machine(root: Path) -> Machine:
    """A root that holds busybox with the links to it, and nothing else: neither /dev nor /proc nor /tmp."""
    binaries = root / "bin"
    binaries.mkdir(parents=True)
    shutil.copy(_BUSYBOX, binaries / "busybox")
    for applet in subprocess.run([_BUSYBOX, "--list"], capture_output=True, text=True, check=True).stdout.split():
        if applet != "busybox":
            (binaries / applet).symlink_to("busybox")
    return Machine(root)


def debian_machine(root: Path, shell: str) -> Machine:
    """A root with this machine's /usr, read-only, and with `shell` (`dash`, `bash`) as its /bin/sh."""
    root.mkdir(parents=True)
    for name in ("bin", "sbin", "lib", "lib64"):
        (root / name).symlink_to(f"usr/{name}")
    machine = Machine(root)
    for name in ("usr", "proc", "dev", "etc"):
        machine.folder(name)
    machine.folder("tmp", 0o1777)
    machine.mounts = [
        'mount --rbind /usr "$root/usr"',
        f'mount --bind /usr/bin/{shell} "$root/usr/bin/dash"',
        'mount --bind /proc "$root/proc"',
        'mount --bind /dev "$root/dev"',
    ]
    return machine


def executable(variable: str) -> Path:
    """The executable that an environment variable names; a test without it fails."""
    path = os.environ.get(variable)
    if not path:
        pytest.fail(f"{variable} is not set: it names an executable that `bazel build` made")
    return Path(path).resolve(strict=True)


@pytest.fixture(scope="session")
def viberun() -> Path:
    return executable("VIBERUN_LINUX_AMD64")


@pytest.fixture(scope="session")
def server() -> Path:
    return executable("VIBERUN_SERVER_LINUX_AMD64")


@pytest.fixture(scope="session")
def probe() -> Path:
    return executable("VIBERUN_PROBE_LINUX_AMD64")


@pytest.fixture(scope="session")
def viberun_arm64() -> Path:
    return executable("VIBERUN_LINUX_ARM64")


@pytest.fixture(scope="session")
def server_arm64() -> Path:
    return executable("VIBERUN_SERVER_LINUX_ARM64")


@pytest.fixture(scope="session")
def probe_arm64() -> Path:
    return executable("VIBERUN_PROBE_LINUX_ARM64")


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Machine]:
    """A root that holds busybox and nothing else."""
    root = tmp_path / "root"
    yield busybox_machine(root)
    shutil.rmtree(root)


@pytest.fixture(params=["busybox", "dash", "bash"])
def machine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Machine]:
    """A root with each of the shells that /bin/sh is; a test for which that makes no difference names one."""
    root = tmp_path / "root"
    if request.param == "busybox":
        made = busybox_machine(root)
        made.folder("/tmp", 0o1777)
    else:
        made = debian_machine(root, request.param)
    made.folder("/home/user", owner=Machine.USER)
    yield made
    shutil.rmtree(root)
