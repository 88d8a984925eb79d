import json
import os
import shlex
import subprocess
from pathlib import Path

import pytest

from release.bundle.model import Bundle
from release.destinations.local.destination import LocalChannel
from release.destinations.local.swapped_folder import SwappedFolder
from release.driver import steps as driver
from release.driver.outcome import Plan
from release.driver.steps import PreflightError, StepError
from release.transport import content
from tests.release import fabricated
from tests.unit import golden
from tests.unit.release.driver.recorder import silence
from viberun.manifest import Manifest


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    return fabricated.make(tmp_path / "built")


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


def release(bundle: Bundle, out: Path) -> bool:
    destinations = [LocalChannel(out, "linux-amd64")]
    return driver.release(bundle, destinations, silence(), dry_run=False).changed


def plan(bundle: Bundle, out: Path) -> Plan:
    destinations = [LocalChannel(out, "linux-amd64")]
    return driver.release(bundle, destinations, silence(), dry_run=True).plans[0][1]


def files(folder: Path) -> list[Path]:
    return sorted(Path(root, name) for root, _, names in os.walk(folder) for name in names)


def state(folder: Path) -> list[tuple[str, int, int]]:
    """Everything that changes when anything is written."""
    return [(str(path), path.lstat().st_ino, path.lstat().st_mtime_ns) for path in sorted([folder, *folder.rglob("*")])]


@pytest.mark.parametrize("build", [fabricated.DEV, fabricated.PROD], ids=["dev", "prod"])
def test_the_layout_is_that_of_the_design(tmp_path: Path, out: Path, build: object) -> None:
    made = fabricated.make(tmp_path / "built", build)  # type: ignore[arg-type]
    release(made, out)
    blobs = {p.name for p in files(out) if "blobs" in p.parts}
    paths = [str(p.relative_to(out)) for p in files(out) if p.name not in blobs]
    golden.check(f"tests/unit/release/golden/layout.{made.manifest.build.channel}", "\n".join(paths) + "\n")
    assert len(blobs) == 4


def test_files_at_is_the_only_difference_between_the_two_manifests(bundle: Bundle, out: Path) -> None:
    release(bundle, out)
    above = Manifest.parse((out / "channel.json").read_bytes())
    beside = Manifest.parse((out / "github/channel.json").read_bytes())
    assert above.files_at == "github/"
    assert beside == bundle.manifest
    assert (out / "channel.json").read_text() == (out / "github/channel.json").read_text().replace(
        '"files_at": ""', '"files_at": "github/"'
    )


def test_the_release_beside_its_manifest_is_what_github_has(bundle: Bundle, out: Path) -> None:
    release(bundle, out)
    own = out / "github" / bundle.manifest.name
    assert own.read_bytes() == (out / "github/channel.json").read_bytes()


def test_every_file_of_the_manifest_is_where_it_says(bundle: Bundle, out: Path) -> None:
    release(bundle, out)
    said = Manifest.parse((out / "channel.json").read_bytes())
    for file in said.files:
        folder = {"npm": "npm/", "wheel": "pypi/"}.get(file.kind, said.files_at)
        assert (out / folder / file.name).stat().st_size == file.size


def test_an_image_is_a_whole_oci_layout(bundle: Bundle, out: Path) -> None:
    release(bundle, out)
    layout = out / "images" / "viberun"
    digest = bundle.manifest.images["viberun"].digest.removeprefix("sha256:")
    assert json.loads((layout / "index.json").read_bytes())["manifests"][0]["digest"][7:] == digest
    assert (layout / "blobs/sha256" / digest).is_file()
    assert (layout / "oci-layout").is_file()


def test_files_are_644_and_folders_755_whatever_the_umask(bundle: Bundle, out: Path) -> None:
    before = os.umask(0o077)
    try:
        release(bundle, out)
    finally:
        os.umask(before)
    for path in out.resolve().rglob("*"):
        assert path.stat().st_mode & 0o777 == (0o755 if path.is_dir() else 0o644), path


def test_the_second_run_with_nothing_changed_writes_nothing(bundle: Bundle, tmp_path: Path) -> None:
    parent = tmp_path / "dist"
    assert release(bundle, parent / "dev")
    before = state(parent)
    assert not release(bundle, parent / "dev")
    assert state(parent) == before


def test_the_next_build_replaces_the_folder_as_a_whole_and_keeps_the_one_before(
    bundle: Bundle, tmp_path: Path, out: Path
) -> None:
    release(bundle, out)
    old = out.resolve()
    release(fabricated.make(tmp_path / "newer", fabricated.NEWER), out)
    assert out.resolve() != old
    assert Manifest.parse((out / "channel.json").read_bytes()).build == fabricated.NEWER
    assert Manifest.parse((old / "channel.json").read_bytes()).build == fabricated.DEV
    assert not any("abc1234" in path.name for path in files(out))


def test_an_older_build_is_no_problem_here(bundle: Bundle, tmp_path: Path, out: Path) -> None:
    release(fabricated.make(tmp_path / "newer", fabricated.NEWER), out)
    release(bundle, out)
    assert Manifest.parse((out / "channel.json").read_bytes()).build == fabricated.DEV


def test_the_same_version_with_other_bytes_is_a_change(tmp_path: Path, out: Path) -> None:
    release(fabricated.make(tmp_path / "one", size=2000), out)
    assert release(fabricated.make(tmp_path / "two", size=2001), out)
    assert next(out.glob("npm/*.tgz")).stat().st_size == 2001


@pytest.mark.parametrize("damage", ["truncated", "altered", "removed", "added"])
def test_a_damaged_channel_is_made_whole(bundle: Bundle, out: Path, damage: str) -> None:
    release(bundle, out)
    wheel = next(out.glob("pypi/*.whl"))
    right = wheel.read_bytes()
    match damage:
        case "truncated":
            wheel.write_bytes(right[:-1])
        case "altered":
            wheel.write_bytes(right[:-1] + b"?")
        case "removed":
            wheel.unlink()
        case "added":
            (out / "npm" / "viberun-9.9.9.tgz").write_bytes(b"?")
    assert plan(bundle, out).changes
    assert release(bundle, out)
    assert next(out.glob("pypi/*.whl")).read_bytes() == right
    assert len(files(out / "npm")) == 1
    assert not plan(bundle, out).changes


def test_what_a_killed_run_left_goes_even_if_nothing_has_changed(bundle: Bundle, out: Path) -> None:
    release(bundle, out)
    (out.parent / ".out.editions" / "2-half").mkdir()
    assert [str(change) for change in plan(bundle, out).changes] == ["delete what a killed release left"]
    release(bundle, out)
    assert len(list((out.parent / ".out.editions").iterdir())) == 1


def test_a_dry_run_makes_not_even_a_parent(bundle: Bundle, tmp_path: Path) -> None:
    changes = plan(bundle, tmp_path / "dist" / "dev").changes
    assert not (tmp_path / "dist").exists()
    assert changes[-1].verb == "switch"
    assert {c.subject for c in changes if c.verb == "write"} >= {"channel.json"}


def test_the_plan_is_exactly_what_gets_written(bundle: Bundle, out: Path) -> None:
    planned = {c.subject: c.size for c in plan(bundle, out).changes if c.verb == "write"}
    release(bundle, out)
    assert {str(p.relative_to(out)): p.stat().st_size for p in files(out)} == planned


def test_a_folder_of_somebody_elses_is_refused_untouched(bundle: Bundle, out: Path) -> None:
    out.mkdir()
    (out / "precious").write_text("mine")
    with pytest.raises(PreflightError, match="holds other files; give --out a folder that is"):
        release(bundle, out)
    assert [path.name for path in out.iterdir()] == ["precious"]
    assert not (out.parent / ".out.editions").exists()


def test_a_built_file_that_changed_since_is_refused_and_the_old_channel_stays(
    bundle: Bundle, tmp_path: Path, out: Path
) -> None:
    release(bundle, out)
    newer = fabricated.make(tmp_path / "newer", fabricated.NEWER)
    npm = newer.artifact("npm")
    assert npm is not None
    npm.path.write_bytes(b"another build's")
    before = state(out.parent / ".out.editions")[1:]
    with pytest.raises(StepError, match="built otherwise than it was bundled"):
        release(newer, out)
    assert state(out.parent / ".out.editions")[1:] == before
    assert Manifest.parse((out / "channel.json").read_bytes()).build == fabricated.DEV


def test_a_built_file_that_is_gone_is_named(bundle: Bundle, out: Path) -> None:
    wheel = bundle.artifact("wheel")
    assert wheel is not None
    wheel.path.unlink()
    with pytest.raises(StepError, match=r"No such file or directory .*wheel"):
        release(bundle, out)
    assert not out.exists()


def test_what_the_disk_did_not_take_is_never_promoted(
    bundle: Bundle, tmp_path: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    release(bundle, out)
    write = content.write

    def forgetful(source: Path | bytes, target: Path, moved: content.Moved) -> content.Digest:
        digest = write(source, target, moved)
        if target.suffix == ".whl":
            os.truncate(target, 10)
        return digest

    monkeypatch.setattr(content, "write", forgetful)
    with pytest.raises(StepError, match=r"not shown: write pypi/viberun_dev-.*\.whl"):
        release(fabricated.make(tmp_path / "newer", fabricated.NEWER), out)
    assert Manifest.parse((out / "channel.json").read_bytes()).build == fabricated.DEV


def test_a_file_that_vanishes_after_the_switch_is_noticed(
    bundle: Bundle, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    switch = SwappedFolder.switch

    def meddle(folder: SwappedFolder, edition: Path) -> None:
        switch(folder, edition)
        (out / "channel.json").unlink()

    monkeypatch.setattr(SwappedFolder, "switch", meddle)
    with pytest.raises(StepError, match=r"verify failed: .* was changed by something else"):
        release(bundle, out)


def test_the_tarball_command_works_as_printed(tmp_path: Path) -> None:
    made = fabricated.make(tmp_path / "built")
    client = made.artifact("client", "linux-amd64")
    assert client is not None
    out = tmp_path / "a folder with 'quotes'"
    (command,) = [command for command in LocalChannel(out, "linux-amd64").receipt(made).commands if "tar " in command]
    program = tmp_path / "viberun"
    program.write_text('#!/bin/sh\necho "viberun $*"\n')
    program.chmod(0o755)
    (out / "github").mkdir(parents=True)
    subprocess.run(["tar", "-czf", out / "github" / client.name, "-C", tmp_path, "viberun"], check=True)
    ran = subprocess.run(
        ["sh", "-euc", command],
        env={"PATH": os.environ["PATH"], "TMPDIR": str(tmp_path)},
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert ran.stdout == "viberun --version\n"


def test_the_commands_name_what_was_released(bundle: Bundle, out: Path) -> None:
    release(bundle, out)
    commands = LocalChannel(out, "linux-arm64").receipt(bundle).commands
    assert [shlex.split(command)[0] for command in commands] == ["uvx", "npx", "d=$(mktemp"]
    named = [word for c in commands for word in shlex.split(c) if word.startswith(str(out))]
    assert len(named) == 3
    assert all(Path(path).is_file() for path in named)
    assert named[2].endswith("-linux-arm64.tar.gz")


def test_a_machine_that_no_client_is_for_gets_no_command_for_it(bundle: Bundle, out: Path) -> None:
    commands = LocalChannel(out, "freebsd-amd64").receipt(bundle).commands
    assert [shlex.split(command)[0] for command in commands] == ["uvx", "npx"]
