import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import pkg_pypi.viberun.launcher
from pkg_pypi.viberun.launcher import install_method

PACKAGE = Path(pkg_pypi.viberun.launcher.__file__).parent
START = """
import sys
from viberun.client import main
sys.exit(main())
"""
CLIENT = """
import os, sys, viberun
def main():
    print(viberun.__file__, sys.argv, os.environ.get("VIBERUN_INSTALL_METHOD"), sys.modules["__main__"].__file__)
    return 7
"""
COMMAND = "import sys; from viberun.launcher import main; sys.exit(main())"


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """site-packages with the launcher and a program whose package has the launcher's name."""
    site = tmp_path / "site"
    shutil.copytree(PACKAGE, site / "viberun")
    (site / "viberun/vendor").mkdir()
    with zipfile.ZipFile(site / "viberun/vendor/viberun", "w") as program:
        program.writestr("__main__.py", START)
        program.writestr("viberun/__init__.py", "")
        program.writestr("viberun/client.py", CLIENT)
    metadata = site / "viberun_dev-1.0.dist-info"
    metadata.mkdir()
    (metadata / "INSTALLER").write_text("pip\n")
    return site


def start(site: Path, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.defpath, "PYTHONPATH": str(site), **variables}
    return subprocess.run(
        [sys.executable, *command], env=environment, capture_output=True, text=True, check=False, timeout=60
    )


@pytest.mark.parametrize("command", [["-c", COMMAND], ["-m", "viberun"]], ids=["command", "module"])
def test_the_vendored_program_takes_the_place_of_the_launcher(site: Path, command: list[str]) -> None:
    program = site / "viberun/vendor/viberun"
    result = start(site, *command, "a b", "-x")
    assert result.stderr == ""
    assert result.stdout == f"{program}/viberun/__init__.py ['{program}', 'a b', '-x'] pip {program}/__main__.py\n"
    assert result.returncode == 7


def test_a_method_that_is_set_already_stands(site: Path) -> None:
    assert " script " in start(site, "-m", "viberun", VIBERUN_INSTALL_METHOD="script").stdout


def test_pip_and_uv_are_told_apart_by_the_metadata(site: Path, tmp_path: Path) -> None:
    assert install_method(str(tmp_path), str(site)) == "pip"
    (site / "viberun_dev-1.0.dist-info/INSTALLER").write_text("uv")
    assert install_method(str(tmp_path), str(site)) == "uv-pip"


def test_another_projects_metadata_does_not_count(site: Path, tmp_path: Path) -> None:
    (site / "viberunner-1.0.dist-info").mkdir()
    (site / "viberunner-1.0.dist-info/INSTALLER").write_text("uv")
    assert install_method(str(tmp_path), str(site)) == "pip"


def test_a_package_that_nobody_recorded_counts_as_pips(site: Path, tmp_path: Path) -> None:
    (site / "viberun_dev-1.0.dist-info/INSTALLER").unlink()
    assert install_method(str(tmp_path), str(site)) == "pip"


@pytest.mark.parametrize(("receipt", "method"), [("uv-receipt.toml", "uv"), ("pipx_metadata.json", "pipx")])
def test_environments_of_tools_are_known_by_their_receipts(
    site: Path, tmp_path: Path, receipt: str, method: str
) -> None:
    (tmp_path / receipt).touch()
    assert install_method(str(tmp_path), str(site)) == method


@pytest.mark.parametrize(("tagged", "method"), [(True, "uvx"), (False, "pip")])
def test_an_environment_in_a_cache_of_uv_is_uvx(site: Path, tmp_path: Path, tagged: bool, method: str) -> None:
    prefix = tmp_path / "anywhere/archive-v0/B7GxgTHrogrLH40O"
    prefix.mkdir(parents=True)
    if tagged:
        (tmp_path / "anywhere/CACHEDIR.TAG").touch()
    assert install_method(str(prefix), str(site)) == method
