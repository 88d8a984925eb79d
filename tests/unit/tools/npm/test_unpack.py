import io
import json
import tarfile
from pathlib import Path

import pytest

from tools.npm import unpack


def archive(path: Path, **members: tuple[bytes, int]) -> None:
    with tarfile.open(path, "w:gz") as tar:
        for name, (content, mode) in members.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), mode
            tar.addfile(entry, io.BytesIO(content))


def test_each_package_lies_where_the_lock_says_without_its_own_folder(tmp_path: Path) -> None:
    archive(tmp_path / "0.tgz", **{"package/index.js": (b"a", 0o644), "package/bin/a": (b"run", 0o744)})
    archive(tmp_path / "1.tgz", **{"other name/index.js": (b"b", 0o600)})
    (tmp_path / "packages.json").write_text(
        json.dumps({"node_modules/a": "0.tgz", "node_modules/a/node_modules/@x/b": "1.tgz"})
    )
    unpack.main({"archives": str(tmp_path), "out": str(tmp_path / "out"), "packages": str(tmp_path / "packages.json")})
    found = {str(path.relative_to(tmp_path / "out")): path for path in (tmp_path / "out").rglob("*") if path.is_file()}
    assert {name: path.read_text() for name, path in found.items()} == {
        "node_modules/a/index.js": "a",
        "node_modules/a/bin/a": "run",
        "node_modules/a/node_modules/@x/b/index.js": "b",
    }
    assert {path.stat().st_mode & 0o777 for path in found.values()} == {0o644, 0o755}


def test_a_package_writes_nothing_outside_of_its_place(tmp_path: Path) -> None:
    archive(tmp_path / "0.tgz", **{"package/../../escaped": (b"a", 0o644)})
    with pytest.raises(tarfile.OutsideDestinationError):
        unpack.unpack(tmp_path / "0.tgz", tmp_path / "node_modules/a")
    assert not (tmp_path / "escaped").exists()
