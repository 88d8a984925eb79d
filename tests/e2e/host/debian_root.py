"""A root file system of Debian 13 with nothing of ours in it, which all machines of the tests lie over."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

SUITE = "trixie"
PERSON = "me"
ARCHIVE = "debian.example"

# What Debian puts on a server that somebody rents, as far as it matters here.
_PACKAGES = ("ca-certificates", "curl", "iproute2", "openssh-client", "openssh-server", "procps", "sudo")
# What `viberun setup` installs: fetched here, since machines have no way out.
_LATER = ("--no-install-recommends", "docker.io", "apparmor", "ca-certificates", "iptables")


def make(root: Path, certificate: bytes, environment: Mapping[str, str], more: Sequence[str] = ()) -> None:
    """Makes it in the folder `root`, which does not exist; machines in it trust `certificate` and have `more` packages.

    The packages that are installed later lie in `root`/srv/debian, at their paths below the archive's root.
    """
    mirror = _mirror(environment)
    options = [
        "--mode=root",
        "--variant=apt",
        "--skip=cleanup/apt,cleanup/reproducible",
        f"--include={','.join([*_PACKAGES, *more])}",
    ]
    options += ["--aptopt=Acquire::Check-Valid-Until false", "--aptopt=Acquire::Languages none"]
    options += ["--aptopt=Acquire::Retries 5"]
    options += ["--dpkgopt=force-unsafe-io", "--dpkgopt=force-confold", "--quiet"]
    options += ["--dpkgopt=path-exclude=/usr/share/doc/*", "--dpkgopt=path-exclude=/usr/share/man/*"]
    _run(["mmdebstrap", *options, SUITE, str(root), f"deb {mirror} {SUITE} main"])
    _fetch_later(root, mirror)
    # So that machines ask the archive of the tests, wherever the packages came from.
    _rename_lists(root, mirror)
    (root / "usr/local/share/ca-certificates/tests.crt").write_bytes(certificate)
    _run(["chroot", str(root), "update-ca-certificates"])
    _run(["chroot", str(root), "useradd", "--create-home", "--shell", "/bin/bash", PERSON])
    # Packages start their services, as they do where there is an init system.
    (root / "usr/sbin/policy-rc.d").write_text("#!/bin/sh\nexit 0\n")
    (root / "usr/sbin/policy-rc.d").chmod(0o755)
    for key in (root / "etc/ssh").glob("ssh_host_*"):
        key.unlink()
    (root / "etc/resolv.conf").write_text("")


def _mirror(environment: Mapping[str, str]) -> str:
    """Where Debian's packages are: DEBIAN_MIRROR, else what apt of this machine is set to, else the snapshot archive."""
    listed = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(REPO_URI) $(LABEL)", "Created-By: Packages"],
        capture_output=True,
        text=True,
    ).stdout
    found = [line.split(" ", 1)[0] for line in listed.splitlines() if line.endswith(" Debian")]
    named = environment.get("DEBIAN_MIRROR") or next(iter(found), "")
    return (named or _snapshot(Path(environment["VIBERUN_DEBIAN_LOCK"]))).rstrip("/")


def _snapshot(lock: Path) -> str:
    """The archive as it was when the lock was made, so that what it has does not change."""
    return f"https://snapshot.debian.org/archive/debian/{json.loads(lock.read_text())['snapshot']}"


def _fetch_later(root: Path, mirror: str) -> None:
    pool = root / "srv/debian"
    (root / "etc/resolv.conf").unlink(missing_ok=True)
    shutil.copy("/etc/resolv.conf", root / "etc/resolv.conf")
    printed = _run(["chroot", str(root), "apt-get", "install", "--print-uris", "-qq", "-y", *_LATER])
    _run(["chroot", str(root), "apt-get", "install", "--download-only", "-qq", "-y", *_LATER])
    for line in printed.splitlines():
        # 'http://mirror/pool/main/d/docker.io/docker.io_26_amd64.deb' docker.io_26_amd64.deb 23000000 SHA256:…
        url, name, *_ = line.split()
        path = pool / url.strip("'").removeprefix(mirror).lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(root / "var/cache/apt/archives" / name, path)
    _run(["chroot", str(root), "apt-get", "clean"])


def _rename_lists(root: Path, mirror: str) -> None:
    lists = root / "var/lib/apt/lists"
    prefix = mirror.split("://", 1)[1].replace("/", "_")
    for path in list(lists.glob(f"{prefix}_*")):
        path.rename(lists / path.name.replace(prefix, f"{ARCHIVE}_debian", 1))
    (root / "etc/apt/sources.list").write_text(f"deb http://{ARCHIVE}/debian {SUITE} main\n")


def packages(root: Path) -> Iterator[Path]:
    """The packages in `root`/srv/debian, each as its path below that folder."""
    folder = root / "srv/debian"
    return (path.relative_to(folder) for path in folder.rglob("*.deb"))


def _run(command: Sequence[str]) -> str:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, f"{' '.join(command)}: {done.returncode}\n{done.stdout}{done.stderr}"
    return done.stdout
