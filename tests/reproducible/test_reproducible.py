"""Every artifact, built twice in surroundings that share nothing but the downloads, with Bazel's modules and without them.

The first build is the one that runs this test. The second has no network, no Python of the host, and another path, time zone,
language, umask, home folder and host name. It executes every action: there is no cache, and repositories lie elsewhere without
modules than with them, so no action of one build has the key of one of the other.
"""

import json
import os
import re
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from release.rebuild.difference import difference
from tests.checkout.bazel import repository_cache
from tests.checkout.git import git
from tests.reproducible.checkout import Checkout, clone, host_pythons, outputs_here

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


def comparable(file: Path) -> bytes:
    """The content; where it names runfiles (what starts a program, and bundle.json) or the folder that an action runs in
    (surroundings.json), as a build without modules spells them. Of the host `bazel test` lets an action see more, which
    is left out.
    """
    content = file.read_bytes()
    if file.name == "surroundings.json":
        content = json.dumps({**json.loads(content), "host": []}).encode()
    elif file.name != "bundle.json" and b"RUNFILES_DIR" not in content:
        return content
    return re.sub(rb"\b_main\b", b"viberun", content.replace(b"+pinned+", b""))


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checkout]:
    downloads = repository_cache(tmp_path_factory.mktemp("info"))
    repository = json.loads(Path(os.environ["VIBERUN_VERSION"]).read_text())["repository"] or ""
    with clone(tmp_path_factory.mktemp("another-and-longer-path") / "deeper", downloads, repository) as checkout:
        yield checkout


@pytest.fixture(scope="module")
def executed(elsewhere: Checkout) -> Counter[str]:
    return elsewhere.build()


def test_there_is_a_host_python_to_hide() -> None:
    assert host_pythons()


def test_the_second_build_ran_every_action(executed: Counter[str]) -> None:
    print(f"executed {executed.total()} actions: {dict(executed)}")
    assert executed.keys() > STAMPED | LAYERS


def test_an_action_sees_nothing_of_the_host_but_the_shell(executed: object, elsewhere: Checkout) -> None:
    assert executed
    (seen,) = [path for name, path in elsewhere.outputs().items() if name.endswith("/tools/python/surroundings.json")]
    host = set(json.loads(seen.read_text())["host"])
    libraries = {"/lib/x86_64-linux-gnu", "/lib/aarch64-linux-gnu", "/lib/ld-linux-aarch64.so.1"}
    assert "/bin/sh" in host
    assert host - libraries == {"/bin/sh"}


def test_every_output_has_the_same_bytes(executed: object, elsewhere: Checkout) -> None:
    assert executed
    one, other = outputs_here(), elsewhere.outputs()
    assert one
    assert one.keys() <= other.keys()
    differences = {
        name: difference(one[name], other[name]) for name in one if comparable(one[name]) != comparable(other[name])
    }
    print(f"compared {len(one)} of {len(other)} files, {sum(path.stat().st_size for path in one.values())} bytes")
    assert differences == {}


def test_a_commit_without_other_changes_runs_only_what_carries_the_version(
    executed: object, elsewhere: Checkout
) -> None:
    assert executed
    git(elsewhere.folder, "add", "--all")
    git(elsewhere.folder, "commit", "--quiet", "--allow-empty", "-m", "nothing")
    again = elsewhere.build()
    print(f"executed {dict(again)}")
    assert again.keys() == STAMPED


def test_a_tag_makes_a_prod_release_of_what_is_built_already(
    executed: object, elsewhere: Checkout, tmp_path: Path
) -> None:
    assert executed
    git(elsewhere.folder, "tag", "v1.2.3")
    again = elsewhere.build("//release:bundle_prod")
    print(f"executed {dict(again)}")
    assert again.keys() == STAMPED

    elsewhere.bazel.run("run", "//release:prod", "--", "--out", str(tmp_path / "prod"))
    github = tmp_path / "prod/github"
    plain = "viberun-linux-amd64.tar.gz"
    assert (github / plain).read_bytes() == (github / "viberun-1.2.3-linux-amd64.tar.gz").read_bytes()
    for sums in ("SHA256SUMS-1.2.3", f"{plain}.sha256"):
        subprocess.run(["sha256sum", "--check", "--quiet", sums], cwd=github, check=True)


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


def test_coverage_counts_lines_with_no_network(elsewhere: Checkout) -> None:
    records = elsewhere.coverage("//tests/unit/viberun:test_version").read_text().split("end_of_record\n")
    (version,) = [record for record in records if "\nSF:viberun/version.py\n" in record]
    (build,) = [record for record in records if "\nSF:viberun/build.py\n" in record]
    assert ",1\n" in version
    assert ",0\n" not in version
    assert ",1\n" in build
    assert ",0\n" in build
