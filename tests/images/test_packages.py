"""apt and dpkg inside the app image: they believe that they have installed it, and go on from there."""

import os
import re
import subprocess
from collections.abc import Iterator, Mapping

import pytest

from tests.images.engine import Container, Engine

# Packages whose maintainer scripts' work the image has as data.
REINSTALLED = [
    "base-files",
    "base-passwd",
    "bash",
    "ca-certificates",
    "dash",
    "debianutils",
    "less",
    "libc-bin",
    "libpam-runtime",
    "mawk",
    "nano",
    "netbase",
    "nodejs",
    "openssh-client",
    "passwd",
    "python3.13-minimal",
    "tar",
    "tzdata",
    "vim-tiny",
    "xz-utils",
]
INSTALLED = ["cowsay", "hello", "locales", "ncurses-term", "python3-yaml"]

_SUITES = ("trixie", "trixie-updates")

# What a day of use leaves, and a fresh image has no reason to have; and of left-out documentation dpkg keeps some folders.
_PASSING = re.compile(
    r"/(etc/(group|gshadow|passwd|shadow|subgid|subuid)-|etc/\.pwd\.lock|etc/ld\.so\.cache|etc/ssl/certs"
    r"|usr/share/doc/.*|root/.*|tmp/.*|var/(cache|log)/.*|var/lib/(apt|dpkg|python|systemd)/.*|var/lib/pam/seen|etc/(rc.\.d|systemd)/.*"
    r"|usr/lib/python3.*\.pyc|usr/lib/python3.*/__pycache__|etc/apt/sources.list.d/.*)"
)


def mirrors(environ: Mapping[str, str]) -> str:
    """Sources for the image's release: DEBIAN_MIRROR, else this machine's own; nothing where it has none of Debian."""
    listing = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages"],
        capture_output=True,
        text=True,
        check=True,
    )
    own = sorted({line.rstrip("/") for line in listing.stdout.splitlines()})
    named = environ.get("DEBIAN_MIRROR", "").split()
    lines = [f"deb {root} {suite} main" for root in named or own if root.endswith("/debian") for suite in _SUITES]
    lines += [f"deb {root} trixie-security main" for root in own if not named and root.endswith("/debian-security")]
    return "".join(f"{line}\n" for line in lines)


@pytest.fixture(scope="module")
def container(engine: Engine, app: str) -> Iterator[Container]:
    """A container with this machine's mirrors and network, its indexes fetched."""
    with engine.container(app, options=("--network=host",)) as container:
        if sources := mirrors(os.environ):  # else the image's own, the snapshot archive
            container.run("rm", "/etc/apt/sources.list.d/debian.sources", user="root")
            container.run("tee", "/etc/apt/sources.list", user="root", text=sources)
        configuration = subprocess.run(["apt-config", "dump"], capture_output=True, text=True, check=True).stdout
        kept = [line for line in configuration.splitlines() if line.startswith(("Acquire::http", "Acquire::Check"))]
        container.run("tee", "/etc/apt/apt.conf.d/99machine", user="root", text="".join(f"{line}\n" for line in kept))
        container.run("apt-get", "-qq", "update", user="root")
        yield container


def apt(container: Container, *arguments: str) -> str:
    options = ["-qq", "-y", "--no-install-recommends", "-o", "Dpkg::Use-Pty=0"]
    return container.run("env", "DEBIAN_FRONTEND=noninteractive", "apt-get", *options, *arguments, user="root")


def listing(container: Container) -> dict[str, str]:
    """Mode, owner and target of everything in the root file system, by path."""
    found = container.shell(r"find / -xdev -printf '%p\t%m %u %g %y %l\n'", user="root")
    rows = dict(line.split("\t", 1) for line in found.splitlines())
    return {path: row for path, row in rows.items() if not _PASSING.fullmatch(path)}


def test_dpkg_and_apt_find_nothing_wrong(container: Container) -> None:
    assert container.run("dpkg", "--audit", user="root") == ""
    assert container.run("apt-get", "-qq", "check", user="root") == ""


def test_every_file_is_what_its_package_says(container: Container) -> None:
    done = container.engine.call("exec", "--user=root", container.id, "dpkg", "--verify")
    changed = [line for line in done.stdout.splitlines() if not line.startswith("missing")]
    assert changed == []
    missing = [line.split()[-1] for line in done.stdout.splitlines() if line.startswith("missing")]
    left_out = "/usr/share/(doc|man|info|locale|lintian|linda|groff|bug)/.*"
    assert [path for path in missing if not re.fullmatch(left_out, path)] == []


def test_reinstalling_changes_nothing(container: Container) -> None:
    before = listing(container)
    apt(container, "install", "--reinstall", "--allow-downgrades", *REINSTALLED)
    after = listing(container)
    paths = [path for path in sorted(before | after) if before.get(path) != after.get(path)]
    assert not paths, "\n".join(f"{path}: {before.get(path)} now {after.get(path)}" for path in paths)
    assert container.run("dpkg", "--audit", user="root") == ""


def test_installing_works_and_leaves_documentation_out(container: Container) -> None:
    apt(container, "install", *INSTALLED)
    assert container.run("hello") == "Hello, world!\n"
    assert "moo" in container.run("/usr/games/cowsay", "moo")
    assert container.run("python3", "-c", "import yaml; print(yaml.safe_load('[1]'))") == "[1]\n"
    assert container.answers("test", "-e", "/usr/share/man/man1/hello.1.gz") == 1
    assert container.answers("test", "-e", "/usr/share/doc/hello/copyright") == 0
    assert container.run("dpkg", "--audit", user="root") == ""


def test_removing_works(container: Container) -> None:
    apt(container, "install", "hello")
    apt(container, "purge", "hello")
    assert container.answers("sh", "-c", "command -v hello") != 0


def test_a_shared_library_is_found_once_it_is_installed(container: Container) -> None:
    apt(container, "install", "libyaml-0-2")
    assert "libyaml-0.so.2" in container.run("ldconfig", "-p", user="root")


def test_an_alternative_of_higher_priority_takes_over(container: Container) -> None:
    apt(container, "install", "gawk")
    assert container.run("readlink", "-f", "/usr/bin/awk") == "/usr/bin/gawk\n"
    apt(container, "remove", "gawk")
    assert container.run("readlink", "-f", "/usr/bin/awk") == "/usr/bin/mawk\n"


def test_apt_goes_to_the_archive_of_the_lock_s_day(engine: Engine, app: str) -> None:
    with engine.container(app) as container:
        printed = container.run("apt-get", "update", "--print-uris", user="root")
    found = re.findall(r"'https://snapshot\.debian\.org/archive/(\S+)/dists/(\S+)/InRelease'", printed)
    assert len(found) == 3
    assert all(line.startswith("'https://snapshot.debian.org/") for line in printed.splitlines())
    assert {suite for _, suite in found} == {"trixie", "trixie-updates", "trixie-security"}
    assert len({archive.split("/")[1] for archive, _ in found}) == 1
