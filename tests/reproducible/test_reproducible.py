"""Every artifact, built twice in surroundings that share nothing but the downloads.

The second build has no network, no Python of the host, and another path, time zone, language, umask, home folder and host name.
"""

import json
import os
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.reproducible.checkout import Checkout, Surroundings, clone, host_pythons
from tests.reproducible.difference import difference

HERE = Surroundings("UTC", "C.UTF-8", "022", "one", network=True, host_python=True)
ELSEWHERE = Surroundings("Asia/Tokyo", "de_DE.ISO-8859-1", "077", "another.example", network=False, host_python=False)

# The actions that carry the version, and so the only ones that a commit without other changes may run.
STAMPED = {
    "ExecutableTarball",
    "ImageLayout",
    "InstallScript",
    "NpmPackage",
    "PexVersion",
    "PythonWheel",
    "ReleaseBundle",
    "SelfContainedBinary",
    "Stamp",
}

# The actions that are made of Debian packages alone.
LAYERS = {"ImageConfiguration", "ImageLayer", "ImagePlan", "PythonRuntime"}


@pytest.fixture(scope="module")
def workspace() -> Path:
    return Path(os.environ["VIBERUN_BAZELW"]).resolve().parent


@pytest.fixture(scope="module")
def repository_cache(workspace: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """That of this checkout, told by another server: its own is busy, with this test.

    Bazel takes TEST_TMPDIR for the place of all its caches.
    """
    bazel = ["./bazelw", f"--output_base={tmp_path_factory.mktemp('info') / 'output'}"]
    environment = {name: value for name, value in os.environ.items() if name != "TEST_TMPDIR"}
    done = subprocess.run(
        [*bazel, "info", "repository_cache"],
        cwd=workspace,
        env=environment,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    subprocess.run([*bazel, "shutdown"], cwd=workspace, env=environment, check=True)
    return Path(done.stdout.strip())


@pytest.fixture(scope="module")
def here(workspace: Path, repository_cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checkout]:
    with clone(workspace, tmp_path_factory.mktemp("a"), repository_cache, HERE) as checkout:
        yield checkout


@pytest.fixture(scope="module")
def elsewhere(workspace: Path, repository_cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checkout]:
    folder = tmp_path_factory.mktemp("another-and-longer-path") / "deeper"
    with clone(workspace, folder, repository_cache, ELSEWHERE) as checkout:
        yield checkout


@pytest.fixture(scope="module")
def executed(here: Checkout, elsewhere: Checkout) -> tuple[Counter[str], Counter[str]]:
    return here.build(), elsewhere.build()


def test_there_is_a_host_python_to_hide() -> None:
    assert host_pythons()


def test_both_builds_ran_every_action(executed: tuple[Counter[str], Counter[str]]) -> None:
    one, other = executed
    print(f"executed {one.total()} and {other.total()} actions: {dict(one)}")
    assert one == other
    assert one.keys() >= STAMPED
    assert one.keys() > STAMPED


def test_an_action_sees_nothing_of_the_host_but_the_shell(executed: object, elsewhere: Checkout) -> None:
    assert executed
    (seen,) = [path for name, path in elsewhere.outputs().items() if name.endswith("/tools/python/surroundings.json")]
    host = set(json.loads(seen.read_text())["host"])
    libraries = {"/lib/x86_64-linux-gnu", "/lib/aarch64-linux-gnu", "/lib/ld-linux-aarch64.so.1"}
    assert "/bin/sh" in host
    assert host - libraries == {"/bin/sh"}


def test_every_output_has_the_same_bytes(
    executed: tuple[Counter[str], Counter[str]], here: Checkout, elsewhere: Checkout
) -> None:
    one, other = here.outputs(), elsewhere.outputs()
    assert one.keys() == other.keys()
    assert one
    differences = {name: lines for name in one if (lines := difference(one[name], other[name]))}
    print(f"compared {len(one)} files, {sum(path.stat().st_size for path in one.values())} bytes")
    assert differences == {}


def test_a_commit_without_other_changes_runs_only_what_carries_the_version(
    executed: tuple[Counter[str], Counter[str]], elsewhere: Checkout
) -> None:
    elsewhere.git("commit", "--quiet", "--allow-empty", "-m", "nothing")
    again = elsewhere.build()
    print(f"executed {dict(again)}")
    assert again.keys() == STAMPED


@pytest.mark.parametrize(
    ("source", "packs", "apart"),
    [
        ("viberun/client/download/resolver.py", "//viberun/client", ("//viberun/server",)),
        (
            "viberun/server/engine/engine.py",
            "//viberun/server",
            ("//viberun/client", "//images", "//pkg_npm", "//pkg_pypi"),
        ),
        ("viberun/channel.py", "//viberun", ()),
    ],
)
def test_a_change_of_the_product_makes_again_only_what_imports_it(
    executed: object, elsewhere: Checkout, source: str, packs: str, apart: tuple[str, ...]
) -> None:
    assert executed
    # All builds of a changed tree have one version: what runs does so for the change alone.
    (elsewhere.folder / "changed").touch()
    elsewhere.build()
    with (elsewhere.folder / source).open("a") as file:
        file.write("# A comment.\n")
    again = elsewhere.execute()
    print(f"executed {len(again)} actions for {source}: {sorted(again)}")
    assert any(mnemonic == "CompileProgram" and label.startswith(packs) for mnemonic, label in again)
    assert not [label for _, label in again if label.startswith(apart)]
    assert not {mnemonic for mnemonic, _ in again} & LAYERS


def test_a_tag_makes_a_prod_release_of_what_is_built_already(here: Checkout, executed: object, tmp_path: Path) -> None:
    assert executed
    here.git("tag", "v1.2.3")
    again = here.build("//release:bundle_prod")
    print(f"executed {dict(again)}")
    assert again.keys() == STAMPED

    here.run("//release:prod", "--out", str(tmp_path / "prod"))
    github = tmp_path / "prod/github"
    plain = "viberun-linux-amd64.tar.gz"
    assert (github / plain).read_bytes() == (github / "viberun-1.2.3-linux-amd64.tar.gz").read_bytes()
    for sums in ("SHA256SUMS-1.2.3", f"{plain}.sha256"):
        subprocess.run(["sha256sum", "--check", "--quiet", sums], cwd=github, check=True)


def test_coverage_counts_lines_with_no_network(elsewhere: Checkout) -> None:
    records = elsewhere.coverage("//tests/unit/viberun:test_version").read_text().split("end_of_record\n")
    (version,) = [record for record in records if "\nSF:viberun/version.py\n" in record]
    (build,) = [record for record in records if "\nSF:viberun/build.py\n" in record]
    assert ",1\n" in version
    assert ",0\n" not in version
    assert ",1\n" in build
    assert ",0\n" in build
