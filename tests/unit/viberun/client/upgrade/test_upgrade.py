from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tests.unit.viberun.client.hosts import archive, build_at
from tests.unit.viberun.installed import BUILD, START, install, run
from viberun.build import Build
from viberun.client.download.fetch import Fetcher, NotThereError
from viberun.client.identity import Identity
from viberun.client.screen import Screen
from viberun.client.store import Store
from viberun.client.upgrade.script_install import ScriptInstall
from viberun.client.upgrade.upgrade import RollbackError, Upgrade
from viberun.errors import UsageError
from viberun.manifest import File, Manifest
from viberun.version import Version

OLDER, NEWER, NEWEST = build_at(-30), build_at(30), build_at(60)
PROD = Build(Version.prod("1.2.3"), "prod", BUILD.commit, BUILD.committed, "owner/name")
PLATFORM = {"x86_64": "linux-amd64", "aarch64": "linux-arm64"}[os.uname().machine]


@pytest.fixture(scope="session")
def clients(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("clients")
    builds = {"dev": BUILD, "prod": PROD}
    return {name: install(folder / name, START.format(program="client"), build) for name, build in builds.items()}


class Installed:
    """A client that the install script put below `home`, and a channel."""

    def __init__(self, clients: dict[str, Path], home: Path) -> None:
        self.clients, self.home = clients, home
        self.launcher = ScriptInstall(home / "it's lib", home / "bin")
        self.channel = home / "channel"
        for folder in (self.launcher.folder, self.launcher.bin, self.channel):
            folder.mkdir(parents=True)
        with self.launcher.workplace() as new:
            (new / "viberun").write_text(client_script(BUILD.version))
            self.launcher.switch(BUILD.version, new / "viberun")

    def release(self, build: Build, content: bytes | None = None, platform: str = PLATFORM) -> File:
        """Makes this build the channel's newest."""
        packed = content if content is not None else archive(client_script(build.version), "viberun")
        name = f"viberun-{build.version.oci}-{platform}.tar.gz"
        file = File(name, "client", platform, len(packed), hashlib.sha256(packed).hexdigest())
        manifest = Manifest(build, "", (file,), {})
        (self.channel / name).write_bytes(packed)
        for each in ("channel.json", manifest.name):
            (self.channel / each).write_text(manifest.to_json())
        return file

    def run(self, *arguments: str, client: str = "dev", **variables: str) -> subprocess.CompletedProcess[str]:
        environ = {
            "HOME": str(self.home),
            "PATH": "/usr/bin:/bin",
            "VIBERUN_CHANNEL_URL": str(self.channel),
            "VIBERUN_INSTALL_METHOD": "script",
            "VIBERUN_INSTALL_DIR": str(self.launcher.folder),
            "VIBERUN_INSTALL_BIN": str(self.launcher.bin),
            **variables,
        }
        return run(self.clients[client], *arguments, env=environ, stdin=subprocess.DEVNULL)

    def says(self) -> str:
        """The version that the command starts."""
        done = subprocess.run([self.launcher.command, "--version"], capture_output=True, text=True, check=True)
        return done.stdout.strip()

    def files(self) -> list[str]:
        found = [path for folder in (self.launcher.folder, self.launcher.bin) for path in folder.rglob("*")]
        return sorted(str(path.relative_to(self.home)) for path in found if path.is_file())


def client_script(version: Version) -> str:
    return f"#!/bin/sh\necho {version}\n"


@pytest.fixture
def installed(clients: dict[str, Path], tmp_path: Path) -> Installed:
    return Installed(clients, tmp_path)


def only(done: subprocess.CompletedProcess[str], status: int = 1) -> str:
    assert done.returncode == status, (done.stdout, done.stderr)
    (line,) = done.stderr.splitlines()
    return line


def test_the_newest_build_takes_the_place_and_the_one_before_is_kept(installed: Installed) -> None:
    installed.release(NEWER)
    done = installed.run("upgrade")
    assert (done.returncode, done.stderr) == (0, "")
    assert f"viberun is {NEWER.version} (was {BUILD.version}); the one before is " in done.stdout
    assert installed.says() == NEWER.version.semver
    previous = subprocess.run([installed.launcher.previous], capture_output=True, text=True, check=True)
    assert previous.stdout.strip() == BUILD.version.semver
    os.utime(installed.launcher.executable(BUILD.version).parent, (time.time() - 3700,) * 2)
    installed.release(NEWEST)
    assert installed.run("upgrade").returncode == 0
    assert installed.files() == [
        "bin/viberun",
        f"it's lib/{NEWER.version.oci}/viberun",
        f"it's lib/{NEWEST.version.oci}/viberun",
        "it's lib/viberun.previous",
    ]


def test_what_another_upgrade_may_be_about_to_start_is_left(installed: Installed) -> None:
    for build in (NEWER, NEWEST):
        installed.release(build)
        assert installed.run("upgrade").returncode == 0
    for build in (BUILD, NEWER, NEWEST):
        assert installed.launcher.executable(build.version).exists()


def test_the_newest_build_stays(installed: Installed) -> None:
    installed.release(BUILD)
    before = installed.launcher.command.stat().st_mtime_ns
    done = installed.run("upgrade")
    assert (done.returncode, done.stdout) == (0, f"viberun is {BUILD.version}: up to date.\n")
    assert installed.launcher.command.stat().st_mtime_ns == before


def test_checking_installs_nothing(installed: Installed) -> None:
    installed.release(NEWER)
    done = installed.run("upgrade", "--check")
    assert (done.returncode, done.stdout) == (0, f"viberun {NEWER.version} is there: 'viberun upgrade' installs it.\n")
    done = installed.run("upgrade", "--check", VIBERUN_INSTALL_METHOD="uvx")
    assert done.stdout == f"viberun {NEWER.version} is there: 'uvx viberun-dev@latest' installs it.\n"
    assert installed.says() == BUILD.version.semver


def test_a_channel_that_stands_further_back_takes_nobody_along(installed: Installed) -> None:
    installed.release(OLDER)
    done = installed.run("upgrade")
    assert done.returncode == 0
    assert f"newer than the channel's newest, {OLDER.version}" in done.stdout
    assert f"'viberun upgrade --to {OLDER.version}' goes back" in done.stdout
    assert installed.says() == BUILD.version.semver


def test_a_channel_that_had_a_newer_build_before_is_not_followed_unless_its_build_is_named(
    installed: Installed,
) -> None:
    installed.release(NEWEST)
    assert installed.run("upgrade", "--check").returncode == 0
    installed.release(NEWER)
    line = fails(installed)
    assert f"has {NEWER.version}, and before it had {NEWEST.version}: somebody put it back" in line
    assert line.endswith("; wait until it is newer again, or name that version with --to")
    assert line == only(installed.run("upgrade", "--check"))
    assert installed.run("upgrade", "--to", NEWER.version.semver).returncode == 0
    assert installed.says() == NEWER.version.semver


def test_another_channel_s_newest_is_not_followed_back_either(installed: Installed) -> None:
    installed.release(replace(PROD, version=Version.prod("1.3.0")))
    assert installed.run("upgrade", "--check", VIBERUN_CHANNEL="prod").returncode == 0
    installed.release(PROD)
    assert "has 1.2.3, and before it had 1.3.0: somebody put it back" in fails(installed, VIBERUN_CHANNEL="prod")


@dataclass(frozen=True)
class _Gone(Fetcher):
    """Finds no file, and the channel at something else from then on."""

    go_on: Callable[[], object] = bool

    def download(self, *_: object, **__: object) -> None:
        self.go_on()
        raise NotThereError("it is gone")


def looks_again(installed: Installed, then: Build, state: Path) -> None:
    """Upgrades where the channel stands at `then` by the time that the file is asked for."""
    environ = {
        "VIBERUN_CHANNEL_URL": str(installed.channel),
        "VIBERUN_INSTALL_METHOD": "script",
        "VIBERUN_INSTALL_DIR": str(installed.launcher.folder),
        "VIBERUN_INSTALL_BIN": str(installed.launcher.bin),
    }
    fetch, screen = _Gone(go_on=lambda: installed.release(then)), Screen(sys.stdout, sys.stderr, environ)
    Upgrade(Identity.of(BUILD, environ), environ, fetch, Store(state), screen).perform(None)


def test_a_second_look_takes_nobody_back(installed: Installed, capsys: pytest.CaptureFixture[str]) -> None:
    installed.release(NEWER)
    looks_again(installed, OLDER, installed.home / "state")
    assert f"newer than the channel's newest, {OLDER.version}" in capsys.readouterr().out


def test_a_second_look_does_not_follow_a_channel_back_even_where_nothing_can_be_remembered(
    installed: Installed,
) -> None:
    installed.release(NEWEST)
    (installed.home / "file").touch()
    with pytest.raises(RollbackError, match=f"before it had {re.escape(str(NEWEST.version))}"):
        looks_again(installed, NEWER, installed.home / "file" / "state")


@pytest.mark.parametrize("spelling", ["semver", "npm", "oci", "pypi"])
def test_a_version_is_installed_older_or_newer(installed: Installed, spelling: str) -> None:
    installed.release(OLDER)
    done = installed.run("upgrade", "--to", OLDER.version.spellings[spelling])
    assert done.returncode == 0, done.stderr
    assert installed.says() == OLDER.version.semver


def test_a_release_is_installed_over_a_dev_build_where_it_is_named(installed: Installed) -> None:
    installed.release(PROD)
    assert "is of the channel prod, not dev" in only(installed.run("upgrade"))
    assert installed.run("upgrade", "--to", "1.2.3").returncode == 0
    assert installed.says() == "1.2.3"


@pytest.mark.parametrize(
    ("method", "command"),
    [
        ("npm", "npm install --prefer-online -g viberun@dev"),
        ("npx", "npx --prefer-online -y viberun@dev"),
        ("uvx", "uvx viberun-dev@latest"),
        ("uv", "uv tool upgrade viberun-dev"),
        ("pip", "python3 -m pip install --upgrade viberun-dev"),
        ("pipx", "pipx upgrade viberun-dev"),
    ],
)
def test_who_else_manages_the_client_is_named_with_the_command(installed: Installed, method: str, command: str) -> None:
    installed.release(NEWER)
    line = only(installed.run("upgrade", VIBERUN_INSTALL_METHOD=method))
    assert line == f"viberun: this viberun was installed by {method}, which has to update it; run '{command}'"


def test_the_version_to_go_to_is_in_the_command_of_another_manager(installed: Installed) -> None:
    line = only(installed.run("upgrade", "--to", "1.2.3", VIBERUN_INSTALL_METHOD="npm"))
    assert line.endswith("; run 'npm install --prefer-online -g viberun@1.2.3'")


def test_a_bare_executable_says_that_nobody_manages_it(installed: Installed) -> None:
    line = only(installed.run("upgrade", VIBERUN_INSTALL_METHOD=""))
    assert "npx --prefer-online -y viberun@dev" in line


def fails(installed: Installed, *arguments: str, status: int = 1, **variables: str) -> str:
    """The line of an upgrade that fails, which must leave everything as it was."""
    before = installed.files()
    line = only(installed.run("upgrade", *arguments, **variables), status)
    assert (installed.files(), installed.says()) == (before, BUILD.version.semver)
    assert list(installed.launcher.folder.glob(".new.*")) == []
    return line


def test_other_bytes_than_announced(installed: Installed) -> None:
    file = installed.release(NEWER)
    (installed.channel / file.name).write_bytes(b"x" * file.size)
    assert "is not what the manifest says" in fails(installed)


def test_no_file_for_this_machine(installed: Installed) -> None:
    installed.release(NEWER, platform="darwin-arm64")
    assert f"no client for {PLATFORM} (it has darwin-arm64)" in fails(installed)


def test_no_release(installed: Installed) -> None:
    assert "there is no release" in fails(installed)
    installed.release(NEWER)
    assert f"there is no release {OLDER.version} at" in fails(installed, "--to", OLDER.version.semver)


def test_a_client_that_does_not_start(installed: Installed) -> None:
    for script in ("#!/bin/sh\necho no such libc >&2\nexit 1\n", client_script(OLDER.version), "not a program\n"):
        installed.release(NEWER, archive(script, "viberun"))
        assert f"viberun {NEWER.version} does not start on this machine: " in fails(installed)


def test_an_archive_that_is_none(installed: Installed) -> None:
    for content in (b"nothing", archive("x", "other")):
        installed.release(NEWER, content)
        assert "the download can't be unpacked" in fails(installed)


def test_a_version_that_is_none(installed: Installed) -> None:
    assert "'dev' is not a version of viberun" in fails(installed, "--to", "dev", status=2)


def test_an_environment_that_does_not_say_where(installed: Installed) -> None:
    installed.release(NEWER)
    assert "start it by the command that the install script made" in fails(installed, status=2, VIBERUN_INSTALL_DIR="")
    with pytest.raises(UsageError):
        ScriptInstall.of({"VIBERUN_INSTALL_DIR": "relative", "VIBERUN_INSTALL_BIN": "/bin"})


def test_a_folder_that_is_gone(installed: Installed) -> None:
    installed.release(NEWER)
    line = fails(installed, VIBERUN_INSTALL_DIR=str(installed.home / "gone"))
    assert "can't be written: No such file or directory" in line


def test_a_client_of_the_release_channel_takes_the_latest_release(installed: Installed) -> None:
    newer = replace(PROD, version=Version.prod("1.3.0"))
    installed.release(newer)
    done = installed.run("upgrade", client="prod")
    assert done.returncode == 0, done.stderr
    assert installed.says() == "1.3.0"


def test_killed_before_the_switch_the_command_is_the_one_before(
    installed: Installed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At each rename of the switch, what the disk holds then is what a crash leaves."""
    states = []
    real = os.replace

    def watched(source: object, target: object) -> None:
        states.append(installed.says())
        real(source, target)  # type: ignore[arg-type]
        states.append(installed.says())

    monkeypatch.setattr(os, "replace", watched)
    with installed.launcher.workplace() as new:
        (new / "viberun").write_text(client_script(NEWER.version))
        installed.launcher.switch(NEWER.version, new / "viberun")
    assert states == [BUILD.version.semver] * 5 + [NEWER.version.semver]


def test_a_full_disk_leaves_the_launcher(installed: Installed, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(source: object, target: object) -> None:
        raise OSError(28, "No space left on device", str(target))

    monkeypatch.setattr(os, "replace", full)
    installed.release(NEWER)
    with installed.launcher.workplace() as new:
        shutil.copyfile(installed.launcher.command, new / "viberun")
        with pytest.raises(Exception, match="No space left on device"):
            installed.launcher.switch(NEWER.version, new / "viberun")
    assert installed.says() == BUILD.version.semver
    assert installed.files() == ["bin/viberun", f"it's lib/{BUILD.version.oci}/viberun"]
