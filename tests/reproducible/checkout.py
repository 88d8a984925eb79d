"""A clone of this repository with surroundings of its own, and builds in it that are counted."""

import json
import os
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.checkout.bazel import Bazel, checkout_folder, own_bazel, users_environment
from tests.checkout.git import git
from tests.checkout.namespaces import NO_NETWORK, namespaces

# Everything that is built, but what only tests use: they are made by the same rules. What an action sees is told by the last.
TARGETS = ("//...", "-//tests/...", "//tests/unit/tools/python:surroundings")


@dataclass(frozen=True)
class Surroundings:
    """What must not matter to a build."""

    time_zone: str
    language: str
    umask: str
    host_name: str
    network: bool
    host_python: bool
    modules: bool  # whether the repositories are those of MODULE.bazel, or of WORKSPACE


@dataclass(frozen=True)
class Checkout:
    """A clone of this repository, and a Bazel of its own in it."""

    folder: Path
    bazel: Bazel

    def build(self, *targets: str) -> Counter[str]:
        """Builds `targets`, else all; returns how many actions were executed (none from a cache), by mnemonic."""
        return Counter(mnemonic for mnemonic, _ in self.execute(*targets))

    def execute(self, *targets: str) -> list[tuple[str, str]]:
        """Builds `targets`, else all; returns mnemonic and label of each action that was executed (none from a cache)."""
        log = self.folder.parent / "execution.json"
        self.bazel.run("build", f"--execution_log_json_file={log}", "--", *(targets or TARGETS))
        spawns = list(json_objects(log.read_text()))
        assert not [spawn for spawn in spawns if spawn.get("cacheHit")]
        return [(str(spawn["mnemonic"]), str(spawn["targetLabel"])) for spawn in spawns]

    def coverage(self, target: str) -> Path:
        """Runs tests and returns the tracefile (geninfo(1)) of the lines that ran."""
        self.bazel.run("coverage", target)
        return Path(self.bazel.run("info", "output_path").strip()) / "_coverage/_coverage_report.dat"

    def outputs(self) -> dict[str, Path]:
        """Returns every file built of TARGETS, by its path below the output folder."""
        everything, tests, surroundings = TARGETS
        every = f"{everything} except {tests.removeprefix('-')} union {surroundings}"
        listing = self.bazel.run("cquery", "--output=files", every)
        root = Path(self.bazel.run("info", "execution_root").strip())
        files: dict[str, Path] = {}
        for name in listing.split():
            if name.startswith("bazel-out/"):
                path = root / name
                below = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
                files.update((str(file.relative_to(root)), file) for file in below)
        return files


def host_pythons() -> list[str]:
    """Returns every python3 on PATH or in the usual folders, links followed: one file each."""
    folders = [*os.environ["PATH"].split(":"), "/usr/bin", "/usr/local/bin"]
    programs = {path.resolve() for folder in folders for path in Path(folder).glob("python3*") if path.is_file()}
    return sorted(str(program) for program in programs if os.access(program, os.X_OK) and "'" not in str(program))


def json_objects(text: str) -> Iterator[dict[str, object]]:
    """Parses JSON objects that follow each other with white space between."""
    decoder = json.JSONDecoder()
    at = 0
    while at < len(text.rstrip()):
        value, at = decoder.raw_decode(text, at)
        yield value
        while at < len(text) and text[at].isspace():
            at += 1


def isolation(surroundings: Surroundings) -> Iterator[str]:
    """Yields the shell commands that make a new namespace what `surroundings` says."""
    yield f"busybox hostname {surroundings.host_name}"
    if not surroundings.network:
        yield NO_NETWORK
    if not surroundings.host_python:
        for program in host_pythons():
            yield f"mount --bind /bin/false '{program}'"


@contextmanager
def clone(folder: Path, repository_cache: Path, surroundings: Surroundings) -> Iterator[Checkout]:
    """Clones this checkout's commit and its uncommitted files to `folder/…`; every build there is with --config=hermetic."""
    checkout = folder / "checkout"
    subprocess.run(["git", "clone", "--quiet", str(checkout_folder()), str(checkout)], check=True)
    copy_changes(checkout_folder(), checkout)
    user = users_environment()
    environment = {
        "XDG_CACHE_HOME": f"{user['HOME']}/.cache",  # has Bazel
        **user,
        "HOME": str(folder / "home"),
        "LANG": surroundings.language,
        "TZ": surroundings.time_zone,
    }
    settings = ["build --config=hermetic", "build --disk_cache=", f"common --repository_cache={repository_cache}"]
    settings += [] if surroundings.modules else ["common --config=workspace"]
    kinds = ["mount", "uts", *([] if surroundings.network else ["net"])]
    shell = ["sh", "-euc", f'umask {surroundings.umask}; exec "$@"', "sh"]
    with namespaces(kinds, list(isolation(surroundings))) as inside:
        enter = [*inside, f"--wd={checkout}", *shell]
        with own_bazel(checkout, folder / "home", environment, settings, enter) as bazel:
            yield Checkout(checkout, bazel)


def copy_changes(workspace: Path, clone: Path) -> None:
    """Commits in the clone what is changed in `workspace`, the same commit in every clone."""
    listing = git(workspace, "ls-files", "--modified", "--others", "--exclude-standard").splitlines()
    for name in listing:
        source, target = workspace / name, clone / name
        if source.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)
        else:
            target.unlink(missing_ok=True)
    if listing:
        git(clone, "add", "--all")
        moment = "2038-01-01T00:00:00Z"
        git(clone, "commit", "--quiet", "-m", "uncommitted", GIT_COMMITTER_DATE=moment, GIT_AUTHOR_DATE=moment)
