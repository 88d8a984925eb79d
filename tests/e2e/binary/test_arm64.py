"""The executables for arm64, run by qemu where the machine is another."""

import platform
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.e2e.binary.conftest import Machine

QEMU = "/usr/bin/qemu-aarch64-static"

# binfmt_misc(5): executables with these first bytes are started by qemu, which is opened here and now (F).
MAGIC = (
    r":arm64:M::\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00"
    r":\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff:"
)


@pytest.fixture
def arm64(empty: "Machine") -> "Machine":
    """The empty root, in a user namespace whose kernel hands programs for arm64 to qemu."""
    assert shutil.which(QEMU), f"{QEMU} is missing: install qemu-user-static"
    binfmt = empty.folder("/binfmt")
    empty.folder("/proc")
    empty.mounts = [
        f"mount -t binfmt_misc none {binfmt}",
        f"printf '%s' '{MAGIC}{QEMU}:FOC' >{binfmt}/register",
        'mount --rbind /proc "$root/proc"',
    ]
    empty.unshare = ["--user", "--map-root-user", "--mount"]
    return empty


def test_runs_in_an_empty_root(arm64: "Machine", viberun_arm64: Path, server_arm64: Path) -> None:
    client, server = arm64.install(viberun_arm64, "/viberun"), arm64.install(server_arm64, "/viberun-server")
    for program in (client, server, client):
        result = arm64.run(program, "--version")
        assert (result.returncode, result.stderr) == (0, "")
        assert result.stdout.startswith("0.0.0-dev.")


def test_the_program_runs_on_arm64(arm64: "Machine", probe_arm64: Path) -> None:
    program = arm64.install(probe_arm64, "/probe")
    code = "import os, ssl, ctypes, hashlib; print(os.uname().machine, ctypes.sizeof(ctypes.c_void_p))"
    assert arm64.run(program, code).stdout == "aarch64 8\n"


def test_another_architecture_is_named(empty: "Machine", viberun_arm64: Path, viberun: Path) -> None:
    other = {"x86_64": (viberun_arm64, "linux-arm64"), "aarch64": (viberun, "linux-amd64")}
    executable, name = other[platform.machine()]
    result = empty.run(empty.install(executable, "/viberun"), "--version")
    assert result.returncode == 126
    (line,) = result.stderr.splitlines()
    assert line.startswith(f"viberun: this is for {name} and does not start on this machine (Linux ")
    assert not list(empty.path("/var/cache/viberun").glob("runtime-*"))


def test_both_architectures_have_the_same_layout(viberun: Path, viberun_arm64: Path, tmp_path: Path) -> None:
    """But for the names that hold the architecture; and every program and library is for it."""
    amd64 = runtime(viberun, tmp_path / "amd64")
    arm64 = runtime(viberun_arm64, tmp_path / "arm64")
    assert set(amd64.values()) == {None, 62}  # ELF's e_machine: EM_X86_64
    assert set(arm64.values()) == {None, 183}  # EM_AARCH64
    names = {"x86_64-linux-gnu": "TRIPLET", "x86_64": "MACHINE", "ld-linux-x86-64.so.2": "LOADER"}
    others = {"aarch64-linux-gnu": "TRIPLET", "ld-linux-aarch64.so.1": "LOADER", "aarch64": "MACHINE"}
    assert {replace(path, names) for path in amd64} == {replace(path, others) for path in arm64}
    assert len(amd64) > 300


def replace(path: str, names: dict[str, str]) -> str:
    for name, neutral in names.items():
        path = path.replace(name, neutral)
    return path


def runtime(executable: Path, folder: Path) -> dict[str, int | None]:
    """Unpacks the runtime of an executable: its paths, and the machine of each that is an ELF file."""
    lines = executable.read_bytes()[: 12 * 1024].decode().splitlines()
    (fields,) = [line for line in lines if line.startswith("runtime_start=")]
    start, size = [int(field.partition("=")[2].strip("'")) for field in fields.split()]
    folder.mkdir()
    archive = executable.read_bytes()[start - 1 : start - 1 + size]
    subprocess.run(["tar", "-xzf", "-", "-C", folder], input=archive, check=True)
    found: dict[str, int | None] = {}
    for path in filter(Path.is_file, folder.rglob("*")):
        begin = path.read_bytes()[:20]
        machine = int.from_bytes(begin[18:20], "little") if begin.startswith(b"\x7fELF") else None
        found[str(path.relative_to(folder))] = machine
    return found
