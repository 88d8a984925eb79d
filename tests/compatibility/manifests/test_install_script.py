"""install.sh, under each shell, against the manifests of every schema there was, and of tomorrow."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.compatibility.manifests.channels import make_channel
from tests.compatibility.manifests.manifest import PAST, TOMORROW

SCRIPT = Path(__file__).parents[3] / "install.sh"
# A program, argv[0] first, and the arguments that make it a shell.
SHELLS = {
    "dash": ("/usr/bin/dash", "sh"),
    "bash": ("/usr/bin/bash", "sh"),
    "busybox": ("/bin/busybox", "busybox", "sh"),
}

(MEANING,) = (path for path in TOMORROW if path.stem == "meaning")


def install(shell: str, folder: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Runs the script as `curl … | sh` does."""
    program, *argv = SHELLS[shell]
    environ = {
        "HOME": str(folder),
        "PATH": "/usr/bin:/bin",
        "VIBERUN_INSTALL_DIR": str(folder / "lib"),
        "VIBERUN_INSTALL_BIN": str(folder / "bin"),
        **more,
    }
    return subprocess.run(
        [*argv, "-s", "--", *arguments],
        executable=program,
        input=SCRIPT.read_text(),
        env=environ,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("path", [path for path in (*PAST, *TOMORROW) if path != MEANING], ids=lambda path: path.stem)
def test_what_is_not_known_is_left_out_and_the_client_installed(tmp_path: Path, shell: str, path: Path) -> None:
    version = make_channel(tmp_path, path)
    done = install(shell, tmp_path, "--dev", VIBERUN_CHANNEL_URL=str(tmp_path))
    assert done.returncode == 0, done.stderr
    says = subprocess.run([tmp_path / "bin/viberun"], capture_output=True, text=True, check=True).stdout
    assert says == f"{version}\n"


@pytest.mark.parametrize("shell", SHELLS)
def test_a_meaning_that_is_not_known_is_one_line_with_the_way_to_update(tmp_path: Path, shell: str) -> None:
    make_channel(tmp_path, MEANING)
    done = install(shell, tmp_path, "--dev", VIBERUN_CHANNEL_URL=str(tmp_path))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f"viberun install: {tmp_path}/channel.json takes a reader of schema 5, and this script reads schema 1;"
        " get the newest one of that channel\n"
    )
    assert not (tmp_path / "bin/viberun").exists()


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(("channel", "at"), [("dev", "download/dev"), ("prod", "latest/download")])
def test_on_github_the_way_to_update_is_the_script_of_main(tmp_path: Path, shell: str, channel: str, at: str) -> None:
    (tmp_path / "programs").mkdir()
    curl = tmp_path / "programs/curl"
    curl.write_text(f'#!/bin/sh\nwhile [ "$1" != --output ]; do shift; done\ncp {MEANING} "$2"\nprintf 200\n')
    curl.chmod(0o755)
    done = install(
        shell,
        tmp_path,
        PATH=f"{tmp_path}/programs:/usr/bin:/bin",
        VIBERUN_REPOSITORY="owner/name",
        GITHUB_SERVER_URL="https://ghe.example.org",  # as in any job of Actions there; what is stamped counts
        VIBERUN_CHANNEL=channel,
    )
    repository = "https://github.com/owner/name"
    assert done.stderr == (
        f"viberun install: {repository}/releases/{at}/channel.json takes a reader of schema 5, and this script reads"
        f" schema 1; get the newest one, {repository}/raw/main/install.sh\n"
    )
