"""What the job `try` does, on a folder that the driver made: a good one, and ones with a part of another build."""

import json
import os
import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from release.workflow.try_release import main


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    tools = [Path(os.environ["VIBERUN_NODE"]) / "bin", Path(os.environ["VIBERUN_UV"]).parent]
    return {
        "PATH": ":".join([*map(str, tools), "/usr/bin", "/bin"]),
        "LC_ALL": "C.UTF-8",
        "UV_PYTHON": "/usr/bin/python3",
        "UV_PYTHON_DOWNLOADS": "never",
    }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of a release that the test may change."""
    copy = tmp_path / "release"
    # Without the images, which are large and which nothing here looks at.
    shutil.copytree(Path(os.environ["VIBERUN_LOCAL_CHANNEL"], "channel"), copy, ignore=shutil.ignore_patterns("images"))
    for path in [copy, *copy.rglob("*")]:
        path.chmod(0o755)
    return copy


def tried(folder: Path, environ: dict[str, str]) -> int:
    packed = folder.with_suffix(".tar")
    with tarfile.open(packed, "w") as archive:
        archive.add(folder, "release")
    return main([str(packed)], environ)


def test_a_good_release_is_had_in_every_way(
    folder: Path, environ: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert tried(folder, environ) == 0, capsys.readouterr().out
    assert capsys.readouterr().out == ""


def other_manifest(folder: Path) -> None:
    """The version of the whole is another."""
    manifest = json.loads((folder / "channel.json").read_text())
    (folder / "channel.json").write_text(json.dumps({**manifest, "version": "0.0.0-dev.20990101000000+abcdef0"}))


def no_wheel(folder: Path) -> None:
    shutil.rmtree(folder / "pypi")


def broken_npm(folder: Path) -> None:
    (package,) = (folder / "npm").iterdir()
    unpacked = folder / "unpacked"
    shutil.unpack_archive(package, unpacked, format="gztar", filter="data")
    for program in (unpacked / "package/vendor").rglob("viberun"):
        program.write_text("#!/bin/sh\nexit 3\n")
    with tarfile.open(package, "w:gz") as archive:
        archive.add(unpacked / "package", "package")


@pytest.mark.parametrize(
    ("harm", "ways"),
    [
        (other_manifest, ["npx", "uvx", "uvx --from", "the install script", "the executable"]),
        (no_wheel, ["uvx", "uvx --from"]),
        (broken_npm, ["npx"]),
    ],
)
def test_a_part_that_is_not_of_this_release_is_named(
    folder: Path,
    environ: dict[str, str],
    capsys: pytest.CaptureFixture[str],
    harm: Callable[[Path], None],
    ways: list[str],
) -> None:
    harm(folder)
    assert tried(folder, environ) == 1
    lines = capsys.readouterr().out.splitlines()
    assert [line.removeprefix("::error::").partition(" gives ")[0] for line in lines] == ways
