import io
from pathlib import Path

import pytest

from release.commands.process import Process
from release.commands.version import print_version
from tests.release.fabricated import DEV
from viberun.build import Build
from viberun.errors import UsageError


def printed(tmp_path: Path, *arguments: str) -> str:
    (tmp_path / "version.json").write_text(DEV.to_json())
    out, err = io.StringIO(), io.StringIO()
    process = Process({"RUNFILES_DIR": str(tmp_path)}, "linux-amd64", lambda: 0.0, out, err)
    assert print_version(["version.json", *arguments], process) == 0
    assert err.getvalue() == ""
    return out.getvalue()


def test_the_semver_stands_alone(tmp_path: Path) -> None:
    assert printed(tmp_path) == "0.0.0-dev.20260125123045+abc1234\n"


@pytest.mark.parametrize(
    ("spelling", "text"),
    [
        ("semver", "0.0.0-dev.20260125123045+abc1234"),
        ("npm", "0.0.0-dev.20260125123045"),
        ("pypi", "0.0.0.dev20260125123045"),
        ("oci", "0.0.0-dev.20260125123045-abc1234"),
        ("git", "dev"),
    ],
)
def test_a_spelling_stands_alone(tmp_path: Path, spelling: str, text: str) -> None:
    assert printed(tmp_path, "--format", spelling) == f"{text}\n"


def test_json_has_everything_that_is_stamped(tmp_path: Path) -> None:
    assert Build.from_json(printed(tmp_path, "--format", "json")) == DEV


def test_another_format_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="invalid choice: 'deb'"):
        printed(tmp_path, "--format", "deb")
