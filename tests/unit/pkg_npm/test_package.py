import io
import json
import os
from pathlib import Path

import pytest

import pkg_npm.package
from pkg_npm.package import Source, pack, package_json
from tools.archive import tar
from viberun.build import Build
from viberun.version import Version

COMMIT = "abc1234" + "0" * 33
COMMITTED = "2026-01-25T12:30:45Z"
DEV = Build(Version.parse("0.0.0-dev.20260125123045+abc1234"), "dev", COMMIT, COMMITTED, "Some-One/viberun")
PROD = Build(Version.parse("1.2.3"), "prod", COMMIT, COMMITTED, None)
TEMPLATE = Path(pkg_npm.package.__file__).with_name("package.json.in").read_text()


@pytest.fixture
def sources(tmp_path: Path) -> dict[str, Source]:
    contents = {"README.md": False, "bin/viberun.js": True, "vendor/linux-amd64/viberun": True}
    for path in contents:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(f"content of {path}")
        (tmp_path / path).chmod(0o600)
    return {path: Source(tmp_path / path, executable) for path, executable in contents.items()}


def test_the_version_is_spelt_for_npm_and_in_full_beside_it() -> None:
    document = json.loads(package_json(TEMPLATE, DEV))
    assert document["version"] == "0.0.0-dev.20260125123045"
    assert document["semver"] == "0.0.0-dev.20260125123045+abc1234"
    assert document["commit"] == COMMIT


def test_the_repository_is_the_builds_own_as_npm_compares_it() -> None:
    document = json.loads(package_json(TEMPLATE, DEV))
    assert document["repository"] == {"type": "git", "url": "git+https://github.com/Some-One/viberun.git"}
    assert document["bugs"] == "https://github.com/Some-One/viberun/issues"


def test_a_build_without_a_repository_has_no_address() -> None:
    text = package_json(TEMPLATE, PROD)
    assert "github.com" not in text
    assert "None" not in text
    assert json.loads(text)["version"] == json.loads(text)["semver"] == "1.2.3"


def test_what_npm_needs_to_know_is_there() -> None:
    document = json.loads(package_json(TEMPLATE, DEV))
    assert document["name"] == "viberun"
    assert document["bin"] == {"viberun": "bin/viberun.js"}
    assert document["license"] == "BSD-3-Clause"
    assert document["engines"] == {"node": ">=18"}
    assert not {"scripts", "dependencies", "optionalDependencies"} & set(document)


def test_the_archive_holds_the_files_with_their_run_bits(sources: dict[str, Source], tmp_path: Path) -> None:
    pack(sources, "{}", tmp_path / "out.tgz")
    entries = tar.read(io.BytesIO((tmp_path / "out.tgz").read_bytes()))
    assert [(entry.path, entry.mode, entry.kind, entry.uid) for entry in entries] == [
        ("package/README.md", 0o644, "file", 0),
        ("package/bin/viberun.js", 0o755, "file", 0),
        ("package/package.json", 0o644, "file", 0),
        ("package/vendor/linux-amd64/viberun", 0o755, "file", 0),
    ]
    assert [bytes(entry.data) for entry in entries[1:3]] == [b"content of bin/viberun.js", b"{}"]


def test_packing_twice_gives_the_same_bytes(sources: dict[str, Source], tmp_path: Path) -> None:
    pack(sources, "{}", tmp_path / "one.tgz")
    for source in sources.values():
        os.utime(source.file, (0, 0))
    pack(dict(reversed(sources.items())), "{}", tmp_path / "two.tgz")
    assert (tmp_path / "one.tgz").read_bytes() == (tmp_path / "two.tgz").read_bytes()


def test_the_program_takes_a_manifest(sources: dict[str, Source], tmp_path: Path) -> None:
    (tmp_path / "version.json").write_text(DEV.to_json())
    (tmp_path / "template").write_text(TEMPLATE)
    manifest = {
        "template": str(tmp_path / "template"),
        "version": str(tmp_path / "version.json"),
        "files": {"README.md": str(sources["README.md"].file)},
        "programs": {"bin/viberun.js": str(sources["bin/viberun.js"].file)},
        "out": str(tmp_path / "out.tgz"),
    }
    pkg_npm.package.main(manifest)
    entries = {entry.path: entry for entry in tar.read(io.BytesIO((tmp_path / "out.tgz").read_bytes()))}
    assert entries["package/bin/viberun.js"].mode == 0o755
    assert json.loads(bytes(entries["package/package.json"].data)) == json.loads(package_json(TEMPLATE, DEV))
