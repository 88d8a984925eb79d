"""No repository rule, which may run pip or apt-get, sees what a release is made with."""

import re
import shutil
from pathlib import Path

import pytest

from tests.checkout.bazel import checkout_folder, copy_bazelw, own_bazel, users_environment

PROBE = """\
def _probe_impl(ctx):
    seen = ctx.execute(["env"]).stdout
    ctx.file("BUILD", "exports_files(['seen'])")
    ctx.file("seen", seen)

probe = repository_rule(implementation = _probe_impl, local = True)
"""
MARK = "planted-credential"
OTHERS = (
    "GITHUB_TOKEN",
    "GH_TOKEN",
    "NPM_TOKEN",
    "NODE_AUTH_TOKEN",
    "TWINE_PASSWORD",
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
)


@pytest.fixture
def seen(tmp_path: Path) -> str:
    """The environment of a repository rule, in a workspace with this one's settings."""
    folder = tmp_path / "workspace"
    copy_bazelw(folder)
    shutil.copy(checkout_folder() / ".bazelrc", folder)
    (folder / "probe.bzl").write_text(PROBE)
    (folder / "BUILD").touch()
    (folder / "WORKSPACE").write_text('load("//:probe.bzl", "probe")\nprobe(name = "probe")\n')
    environment = {**users_environment(), "VIBERUN_SEEN": "yes", **dict.fromkeys(OTHERS, MARK)}
    with own_bazel(folder, tmp_path, environment) as bazel:
        bazel.run("query", "--config=workspace", "@probe//:seen")
        return (tmp_path / "output/external/probe/seen").read_text()


def test_repository_rules_see_the_environment_but_no_credential(seen: str) -> None:
    assert "VIBERUN_SEEN=yes" in seen.splitlines()
    assert MARK not in seen


def test_every_credential_that_the_driver_takes_is_among_those_kept_away() -> None:
    taken = {
        name
        for source in (checkout_folder() / "release").rglob("*.py")
        for name in re.findall(r"\"([A-Z_]*(?:TOKEN|PASSWORD|SECRET)[A-Z_]*)\"", source.read_text())
    }
    assert "GITHUB_TOKEN" in taken
    assert {name for name in taken if not name.endswith("_URL")} <= set(OTHERS)
