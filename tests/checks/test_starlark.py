"""buildifier over every BUILD file and every .bzl."""

import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

Run = Callable[[Sequence[str]], None]


@pytest.fixture(scope="session")
def buildifier(workspace: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program, from npm's package as package-lock.json pins it."""
    folder = tmp_path_factory.mktemp("npm")
    for name in ("package.json", "package-lock.json"):
        shutil.copy(workspace / "tests/checks" / name, folder)
    node = Path(os.environ["VIBERUN_NODE"])
    environment = {
        **os.environ,
        "PATH": f"{node / 'bin'}:{os.environ['PATH']}",
        "npm_config_cache": str(folder / "cache"),
    }
    subprocess.run(
        [str(node / "bin/npm"), "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
        cwd=folder,
        env=environment,
        check=True,
        timeout=300,
    )
    machine = {"x86_64": "amd64", "aarch64": "arm64"}[os.uname().machine]
    program = folder / f"node_modules/@bazel/buildifier/buildifier-linux_{machine}"
    program.chmod(0o755)
    return program


def test_buildifier_finds_nothing(run: Run, buildifier: Path, tracked: list[str]) -> None:
    files = [path for path in tracked if Path(path).name in ("BUILD", "WORKSPACE") or path.endswith(".bzl")]
    assert len(files) > 10
    run([str(buildifier), "-mode=check", "-lint=warn", *files])
