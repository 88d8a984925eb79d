import subprocess
from pathlib import Path

import pytest

from tools.archive import executable_tarball, tar


@pytest.fixture
def packed(tmp_path: Path) -> Path:
    (tmp_path / "built").write_text("#!/bin/sh\necho ran\n")
    (tmp_path / "built").chmod(0o555)
    executable_tarball.main(
        {"executable": f"{tmp_path}/built", "name": "viberun", "tarball": f"{tmp_path}/viberun.tar.gz"}
    )
    return tmp_path / "viberun.tar.gz"


def test_it_holds_one_executable_of_roots(packed: Path, tmp_path: Path) -> None:
    with packed.open("rb") as file:
        (entry,) = tar.read(file)
    assert entry == tar.Entry("viberun", mode=0o755, data=(tmp_path / "built").read_bytes())


def test_the_tar_that_people_have_unpacks_something_that_runs(packed: Path, tmp_path: Path) -> None:
    subprocess.run(["tar", "-xzf", packed, "-C", tmp_path], check=True)
    assert subprocess.run([tmp_path / "viberun"], check=True, stdout=subprocess.PIPE).stdout == b"ran\n"


def test_neither_time_nor_mode_of_what_was_built_gets_in(packed: Path, tmp_path: Path) -> None:
    first = packed.read_bytes()
    (tmp_path / "built").chmod(0o700)
    (tmp_path / "built").touch()
    executable_tarball.pack(tmp_path / "built", "viberun", packed)
    assert packed.read_bytes() == first
