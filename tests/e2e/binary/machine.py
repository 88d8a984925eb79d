"""Machines to run an executable on: root file systems of their own, entered with chroot in a private mount namespace.

Nothing of this leaves a trace on the machine that tests: what is mounted goes with the process that was started.
"""

import os
import shlex
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

_ENTER = """
mount --make-rprivate /
{mounts}
exec chroot --userspec={user}:{user} --groups= {root} {argv}
"""

_BUSYBOX = Path("/bin/busybox")
USER = 1234
OTHER = 4321


@dataclass
class Machine:
    """A root file system. `mounts` are shell lines run before each start; `$root` is the folder."""

    root: Path
    mounts: list[str] = field(default_factory=list)

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
            mounts="\n".join(self.mounts), user=user, root=shlex.quote(str(self.root)), argv=shlex.join(argv)
        )
        variables = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", **(environment or {})}
        return subprocess.Popen(  # type: ignore[call-overload, no-any-return]
            ["/usr/bin/unshare", "--mount", "/bin/sh", "-euc", f"root={shlex.quote(str(self.root))}\n{script}"],
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
