import os
import shutil
import subprocess
from pathlib import Path

import pytest


@pytest.fixture
def runfiles() -> Path:
    return Path(os.environ["RUNFILES_DIR"]).resolve()


def started(program: Path, **environment: str) -> str:
    """The folder that the program takes for its runfiles."""
    return subprocess.run([program], env=environment, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


def test_a_program_among_the_runfiles_of_another_uses_those(runfiles: Path) -> None:
    program = Path(os.environ["PROBE"])
    assert started(program, RUNFILES_DIR=str(runfiles)) == str(runfiles)
    assert started(program, TEST_SRCDIR=str(runfiles)) == str(runfiles)


def test_a_program_uses_its_own_runfiles_whoever_starts_it(runfiles: Path, tmp_path: Path) -> None:
    program = Path(shutil.copy(os.environ["PROBE"], tmp_path / "a probe"))
    own = tmp_path / "a probe.runfiles"
    own.symlink_to(runfiles)
    assert started(program, RUNFILES_DIR="/nonexistent", TEST_SRCDIR="/nonexistent") == str(own)
