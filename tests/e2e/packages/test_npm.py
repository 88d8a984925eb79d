"""The npm package, as npm and npx install it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tests.e2e.packages.conftest import Shell

WAIT = "#!/bin/sh\ntrap 'exit 9' TERM\necho ready\nwhile :; do sleep 0.05; done\n"


@pytest.fixture
def without_python(tmp_path: Path) -> str:
    """A folder with the programs of this system, but no Python."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for program in [*Path("/usr/bin").iterdir(), *Path("/bin").iterdir()]:
        if "py" not in program.name and not os.path.lexists(folder / program.name):
            (folder / program.name).symlink_to(program)
    return str(folder)


@pytest.fixture
def npm(shell: Shell, home: Path, node: Path, without_python: str) -> Shell:
    """Surroundings with Node.js, an empty cache and settings of its own, on a machine without Python."""
    settings = {
        "audit": "false",
        "cache": str(home / "cache"),
        "fund": "false",
        "globalconfig": str(home / "global.npmrc"),
        "offline": "true",
        "registry": "http://127.0.0.1:9/",
        "update_notifier": "false",
        "userconfig": str(home / "user.npmrc"),
    }
    variables = {f"npm_config_{key}": value for key, value in settings.items()}
    return replace(shell, path=(str(node), without_python), variables=variables)


@pytest.fixture
def installed(npm: Shell, home: Path, tgz: Path) -> Path:
    """The package's folder, installed for all users."""
    npm.check("npm", "install", "--global", "--prefix", home / "prefix", tgz)
    return home / "prefix/lib/node_modules/viberun"


def preload(folder: Path, platform: str, architecture: str) -> str:
    """Returns the NODE_OPTIONS that make Node.js believe in another machine."""
    script = folder / "machine.js"
    values = {"platform": platform, "arch": architecture}
    script.write_text(
        "".join(f"Object.defineProperty(process, '{key}', {{ value: '{value}' }})\n" for key, value in values.items())
    )
    return f"--require={script}"


def test_the_archive_holds_the_package_and_nothing_else(tgz: Path) -> None:
    with tarfile.open(tgz) as archive:
        assert [(member.name, member.mode) for member in archive] == [
            ("package/LICENSE", 0o644),
            ("package/README.md", 0o644),
            ("package/bin/viberun.js", 0o755),
            ("package/package.json", 0o644),
            ("package/vendor/darwin-amd64/viberun", 0o755),
            ("package/vendor/darwin-arm64/viberun", 0o755),
            ("package/vendor/linux-amd64/viberun", 0o755),
            ("package/vendor/linux-arm64/viberun", 0o755),
        ]


def test_the_package_is_the_build_that_the_wheel_is(package_json: dict[str, object], build: dict[str, object]) -> None:
    assert package_json["semver"] == build["version"]
    assert package_json["commit"] == build["commit"]
    spellings = build["spellings"]
    assert isinstance(spellings, dict)
    assert package_json["version"] == spellings["npm"]


def test_the_vendored_pex_is_the_wheels(tgz: Path, program: Path) -> None:
    with tarfile.open(tgz) as archive:
        for platform in ("darwin-amd64", "darwin-arm64"):
            vendored = archive.extractfile(f"package/vendor/{platform}/viberun")
            assert vendored is not None
            assert vendored.read() == program.read_bytes()


def test_npm_would_publish_it_as_it_is(npm: Shell, tgz: Path, package_json: dict[str, object]) -> None:
    result = npm.run("npm", "publish", tgz, "--dry-run", "--tag", "dev")
    assert result.status == 0, result.stderr
    assert f"+ viberun@{package_json['version']}" in result.stdout
    assert "tag dev" in result.stderr
    assert "auto-corrected" not in result.stderr


def test_npx_runs_it(npm: Shell, home: Path, tgz: Path, semver: str) -> None:
    shutil.copyfile(tgz, home / "viberun.tgz")
    assert npm.check("npx", "--yes", f"file:{tgz}", "--version") == f"{semver}\n"
    assert npm.check("npx", "--yes", "./viberun.tgz", "--version") == f"{semver}\n"
    assert npm.check("npx", "--yes", "--package", tgz, "viberun", "--help").startswith("usage: viberun ")


@pytest.mark.parametrize("options", [[], ["--ignore-scripts", "--no-optional", "--omit=dev"]], ids=["plain", "careful"])
def test_npm_installs_it_where_there_is_no_python(
    npm: Shell, home: Path, tgz: Path, semver: str, options: list[str]
) -> None:
    npm.check("npm", "install", "--global", "--prefix", home / "prefix", *options, tgz)
    assert npm.check(home / "prefix/bin/viberun", "--version") == f"{semver}\n"
    assert npm.check(home / "prefix/bin/viberun", "--help").startswith("usage: viberun ")


def test_a_project_can_depend_on_it(npm: Shell, home: Path, tgz: Path, semver: str) -> None:
    npm.check("npm", "init", "--yes")
    npm.check("npm", "install", tgz)
    assert npm.check("npx", "viberun", "--version") == f"{semver}\n"


def test_programs_that_lost_their_executable_bit_run(npm: Shell, installed: Path, semver: str) -> None:
    programs = list(installed.glob("vendor/*/viberun"))
    for program in programs:
        program.chmod(0o644)
    assert len(programs) == 4
    assert npm.check(installed / "bin/viberun.js", "--version") == f"{semver}\n"


def test_the_exit_status_of_an_error_passes_through(npm: Shell, installed: Path) -> None:
    result = npm.run(installed / "bin/viberun.js", "--nonsense")
    assert (result.status, result.stdout) == (2, "")
    assert result.stderr.startswith("viberun: ")


def test_a_signal_reaches_the_program_through_npms_link(npm: Shell, home: Path, installed: Path) -> None:
    for program in installed.glob("vendor/linux-*/viberun"):
        program.write_text(WAIT)
    environment = {"PATH": ":".join(npm.path)}
    with subprocess.Popen([home / "prefix/bin/viberun"], env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 9


def test_macos_runs_the_pex_with_python3(npm: Shell, home: Path, pinned: Path, installed: Path, semver: str) -> None:
    for architecture in ("x64", "arm64"):
        options = preload(home, "darwin", architecture)
        assert (
            npm.of(pinned.parent).check(installed / "bin/viberun.js", "--version", NODE_OPTIONS=options)
            == f"{semver}\n"
        )


def test_macos_without_python3_gets_one_line(npm: Shell, home: Path, installed: Path) -> None:
    result = npm.run(installed / "bin/viberun.js", "--version", NODE_OPTIONS=preload(home, "darwin", "arm64"))
    assert (result.status, result.stdout) == (1, "")
    assert result.stderr.startswith(
        "viberun: needs Python 3.9 or newer, and there is no python3 here; install it with "
    )
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize(("platform", "remedy"), [("win32", "WSL"), ("freebsd", "Linux or macOS")])
def test_an_unsupported_platform_gets_one_line(
    npm: Shell, home: Path, installed: Path, platform: str, remedy: str
) -> None:
    result = npm.run(installed / "bin/viberun.js", "--version", NODE_OPTIONS=preload(home, platform, "x64"))
    assert (result.status, result.stdout) == (1, "")
    assert result.stderr.startswith("viberun: does not run on ")
    assert remedy in result.stderr
    assert result.stderr.count("\n") == 1
