import os
import subprocess
import sys
import zipfile
from pathlib import Path

GREET = os.environ["GREET"]


def test_any_python_runs_the_program(tmp_path: Path) -> None:
    environment = {"HOME": str(tmp_path)}
    done = subprocess.run([sys.executable, GREET, "World"], env=environment, check=True, capture_output=True, text=True)
    assert done.stdout == "Hello, World!\n"


def test_its_version_is_in_it() -> None:
    with zipfile.ZipFile(GREET) as pex:
        assert b"0.0.0-dev." in pex.read("tools/python/example/version.json")
