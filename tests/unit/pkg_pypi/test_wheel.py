import base64
import csv
import hashlib
import io
import os
import zipfile
from email.message import Message
from email.parser import Parser
from pathlib import Path

import pytest

import pkg_pypi.wheel
from pkg_pypi.wheel import Project, make
from viberun.build import Build
from viberun.version import Version

COMMIT = "abc1234" + "0" * 33
COMMITTED = "2026-01-25T12:30:45Z"
DEV = Build(Version.parse("0.0.0-dev.20260125123045+abc1234"), "dev", COMMIT, COMMITTED, "Some-One/viberun")
DIRTY = Build(Version.parse("0.0.0-dev.20260125123045+abc1234.dirty"), "dev", COMMIT, COMMITTED, None)
PROD = Build(Version.parse("1.2.3"), "prod", COMMIT, COMMITTED, None)
TEMPLATE = Path(pkg_pypi.wheel.__file__).with_name("pyproject.toml.in").read_text()


def build_wheel(folder: Path, build: Build = DEV) -> Path:
    """Builds a wheel around a placeholder in `folder`."""
    contents = {
        "README.md": "# viberun\n",
        "LICENSE": "BSD\n",
        "viberun/__init__.py": '"""Apps."""\n',
        "viberun/launcher.py": "",
        pkg_pypi.wheel.PROGRAM: "program",
    }
    files = {}
    for path, text in contents.items():
        files[path] = folder / "in" / path
        files[path].parent.mkdir(parents=True, exist_ok=True)
        files[path].write_text(text)
    (folder / "scratch").mkdir()
    commands = ["viberun", "viberun-dev"] if build.channel == "dev" else ["viberun"]
    make(Project(commands[-1], commands, TEMPLATE, files), build, folder / "made.whl", folder / "scratch")
    return folder / "made.whl"


def member(wheel: Path, file: str) -> str:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith(f".dist-info/{file}")]
        return archive.read(name).decode()


def metadata(wheel: Path, file: str = "METADATA") -> Message:
    return Parser().parsestr(member(wheel, file))


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_wheel(tmp_path_factory.mktemp("wheel"))


def test_two_builds_in_different_folders_have_the_same_bytes(wheel: Path, tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        again = build_wheel(tmp_path)
    finally:
        os.umask(before)
    assert again.read_bytes() == wheel.read_bytes()


def test_the_wheel_holds_the_package_the_program_and_the_metadata(wheel: Path) -> None:
    info = "viberun_dev-0.0.0.dev20260125123045.dist-info"
    assert zipfile.ZipFile(wheel).namelist() == [
        "viberun/__init__.py",
        "viberun/launcher.py",
        "viberun/vendor/viberun",
        f"{info}/entry_points.txt",
        f"{info}/licenses/LICENSE",
        f"{info}/WHEEL",
        f"{info}/METADATA",
        f"{info}/RECORD",
    ]


def test_the_record_has_the_digest_and_size_of_every_file(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        contents = {name: archive.read(name) for name in archive.namelist()}
    recorded = {name: (digest, size) for name, digest, size in csv.reader(io.StringIO(member(wheel, "RECORD")))}
    for name, content in contents.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        own = name.endswith("/RECORD")
        assert recorded.pop(name) == (("", "") if own else (f"sha256={digest}", str(len(content))))
    assert not recorded


def test_the_metadata_says_what_the_index_shows(wheel: Path) -> None:
    said = metadata(wheel)
    assert said["Name"] == "viberun-dev"
    assert said["Version"] == "0.0.0.dev20260125123045"
    assert said["Requires-Python"] == ">=3.9"
    assert (said["License-Expression"], said["License-File"]) == ("BSD-3-Clause", "LICENSE")
    assert said["Description-Content-Type"] == "text/markdown"
    assert said.get_payload() == "# viberun\n\n"
    assert said.get_all("Project-URL") == [
        "Homepage, https://github.com/Some-One/viberun",
        "Issues, https://github.com/Some-One/viberun/issues",
        f"Source, https://github.com/Some-One/viberun/tree/{COMMIT}",
    ]
    assert said["Requires-Dist"] is None
    assert metadata(wheel, "WHEEL")["Tag"] == "py3-none-any"


def test_dev_gives_both_commands_and_prod_one(wheel: Path, tmp_path: Path) -> None:
    entry = "=viberun.launcher:main"
    assert member(wheel, "entry_points.txt").split() == ["[console_scripts]", f"viberun{entry}", f"viberun-dev{entry}"]
    prod = build_wheel(tmp_path, PROD)
    assert member(prod, "entry_points.txt").split() == ["[console_scripts]", f"viberun{entry}"]
    assert (metadata(prod)["Name"], metadata(prod)["Version"]) == ("viberun", "1.2.3")


def test_a_build_without_a_repository_has_no_addresses(tmp_path: Path) -> None:
    assert metadata(build_wheel(tmp_path, PROD))["Project-URL"] is None


def test_a_dirty_build_says_so_in_its_local_version(tmp_path: Path) -> None:
    assert metadata(build_wheel(tmp_path, DIRTY))["Version"] == "0.0.0.dev20260125123045+gabc1234.dirty"
