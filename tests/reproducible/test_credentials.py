"""No repository rule, which may run pip or apt-get, sees what a release is made with."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

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
    workspace = Path(os.environ["VIBERUN_BAZELW"]).resolve().parent
    for name in (".bazelrc", ".bazelversion", "bazelw", "tools/sandbox"):
        target = tmp_path / "workspace" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if (workspace / name).is_dir() else shutil.copy)(workspace / name, target)
    folder, output = tmp_path / "workspace", tmp_path / "output"
    (folder / "probe.bzl").write_text(PROBE)
    (folder / "BUILD").touch()
    (folder / "WORKSPACE").write_text('load("//:probe.bzl", "probe")\nprobe(name = "probe")\n')
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "VIBERUN_SEEN": "yes",
        **dict.fromkeys(OTHERS, MARK),
    }
    bazel = ["./bazelw", f"--output_base={output}"]
    try:
        done = subprocess.run(
            [*bazel, "query", "--config=workspace", "--noshow_progress", "@probe//:seen"],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert done.returncode == 0, done.stderr
        return (output / "external/probe/seen").read_text()
    finally:
        subprocess.run([*bazel, "shutdown"], cwd=folder, env=environment, capture_output=True, timeout=60)


def test_repository_rules_see_the_environment_but_no_credential(seen: str) -> None:
    assert "VIBERUN_SEEN=yes" in seen.splitlines()
    assert MARK not in seen


def test_every_credential_that_the_driver_takes_is_among_those_kept_away() -> None:
    workspace = Path(os.environ["VIBERUN_BAZELW"]).resolve().parent
    taken = {
        name
        for source in (workspace / "release").rglob("*.py")
        for name in re.findall(r"\"([A-Z_]*(?:TOKEN|PASSWORD|SECRET)[A-Z_]*)\"", source.read_text())
    }
    assert "GITHUB_TOKEN" in taken
    assert {name for name in taken if not name.endswith("_URL")} <= set(OTHERS)
