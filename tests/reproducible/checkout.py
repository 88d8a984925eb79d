"""What was built here, and a clone of this repository in other surroundings, where what is executed is counted."""

import json
import os
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.checkout.bazel import Bazel, checkout_folder, own_bazel, users_environment
from tests.checkout.git import git
from tests.checkout.namespaces import NO_NETWORK, namespaces

# Everything that is built, but what only tests use: they are made by the same rules. What an action sees is told by the last.
TARGETS = ("//...", "-//tests/...", "//tests/unit/tools/python:surroundings")


# What must not matter to a build: these and the path, the home folder, the host's name, its network and its Python.
_LANGUAGE = "de_DE.ISO-8859-1"
_TIME_ZONE = "Asia/Tokyo"
_UMASK = "077"


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
        root, built = (Path(self.bazel.run("info", key).strip()) for key in ("execution_root", "bazel-bin"))
        paths = [root / name for name in listing.split()]
        return files(built, [str(path.relative_to(built)) for path in paths if path.is_relative_to(built)])


def outputs_here() -> dict[str, Path]:
    """Returns every file of what is released that the build made which runs this test; likewise."""
    names = Path(os.environ["VIBERUN_OUTPUTS"])
    return files(names.parents[2], names.read_text().splitlines())


def files(root: Path, names: Iterable[str]) -> dict[str, Path]:
    """Returns the files of these names, and those in folders of these names, by their paths below `root`."""
    found: dict[str, Path] = {}
    for path in (root / name for name in names):
        below = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
        found.update((str(file.relative_to(root)), file) for file in below)
    return found


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


def isolation() -> Iterator[str]:
    """Yields the shell commands that make a new namespace a machine without a network and Python."""
    yield "busybox hostname another.example"
    yield NO_NETWORK
    for program in host_pythons():
        yield f"mount --bind /bin/false '{program}'"


@contextmanager
def clone(folder: Path, repository_cache: Path, repository: str) -> Iterator[Checkout]:
    """Clones this checkout with its uncommitted files to `folder/…`; every build there is hermetic, and without modules.

    It is of the same `repository` on GitHub.
    """
    checkout = folder / "checkout"
    subprocess.run(["git", "clone", "--quiet", str(checkout_folder()), str(checkout)], check=True)
    copy_changes(checkout_folder(), checkout)
    user = users_environment()
    environment = {
        "XDG_CACHE_HOME": f"{user['HOME']}/.cache",  # has Bazel
        **user,
        "GITHUB_REPOSITORY": repository,
        "HOME": str(folder / "home"),
        "LANG": _LANGUAGE,
        "TZ": _TIME_ZONE,
    }
    settings = [
        "build --config=hermetic",
        "build --disk_cache=",
        f"common --repository_cache={repository_cache}",
        "common --config=workspace",
    ]
    shell = ["sh", "-euc", f'umask {_UMASK}; exec "$@"', "sh"]
    with namespaces(["mount", "uts", "net"], list(isolation())) as inside:
        enter = [*inside, f"--wd={checkout}", *shell]
        with own_bazel(checkout, folder / "home", environment, settings, enter) as bazel:
            yield Checkout(checkout, bazel)


def copy_changes(workspace: Path, clone: Path) -> None:
    """Changes in the clone what is changed in `workspace`, staged or not."""
    changed = git(workspace, "diff", "--name-only", "--no-renames", "HEAD")
    new = git(workspace, "ls-files", "--others", "--exclude-standard")
    for name in (changed + new).splitlines():
        source, target = workspace / name, clone / name
        if source.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)
        else:
            target.unlink(missing_ok=True)
