"""A clone of this repository with surroundings of its own, and builds in it that are counted."""

import json
import os
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

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


@dataclass(frozen=True)
class Checkout:
    """A clone at `folder`, built with an output base and a home folder of its own, in the namespaces of process `holder`."""

    folder: Path
    home: Path
    repository_cache: Path
    surroundings: Surroundings
    holder: int

    def git(self, *arguments: str) -> None:
        git(self.folder, *arguments)

    def bazel(self, *arguments: str, capture: bool = False) -> str:
        """Runs Bazel inside the surroundings; returns what it printed if `capture`."""
        here = self.surroundings
        environment = {"HOME": str(self.home), "LANG": here.language, "PATH": os.environ["PATH"], "TZ": here.time_zone}
        environment["XDG_CACHE_HOME"] = os.environ.get("XDG_CACHE_HOME") or f"{os.environ['HOME']}/.cache"  # has Bazel
        enter = ["nsenter", f"--target={self.holder}", "--mount", "--uts", "--net", f"--wd={self.folder}"]
        shell = ["sh", "-euc", f'umask {here.umask}; exec "$@"', "sh"]
        done = subprocess.run(
            [*enter, *shell, "./bazelw", f"--output_base={self.home / 'output'}", *arguments],
            env=environment,
            stdout=subprocess.PIPE if capture else None,
            text=True,
            timeout=1500,
        )
        assert done.returncode == 0, f"bazel {' '.join(arguments)} exited with {done.returncode}"
        return done.stdout or ""

    def build(self, *targets: str) -> Counter[str]:
        """Builds `targets`, else all; returns how many actions were executed (none from a cache), by mnemonic."""
        return Counter(mnemonic for mnemonic, _ in self.execute(*targets))

    def execute(self, *targets: str) -> list[tuple[str, str]]:
        """Builds `targets`, else all; returns mnemonic and label of each action that was executed (none from a cache)."""
        log = self.home / "execution.json"
        options = ["--config=hermetic", "--disk_cache=", f"--repository_cache={self.repository_cache}"]
        self.bazel("build", *options, f"--execution_log_json_file={log}", "--", *(targets or TARGETS))
        spawns = list(json_objects(log.read_text()))
        assert not [spawn for spawn in spawns if spawn.get("cacheHit")]
        return [(str(spawn["mnemonic"]), str(spawn["targetLabel"])) for spawn in spawns]

    def run(self, target: str, *arguments: str) -> None:
        """Runs a program of the checkout."""
        options = ["--config=hermetic", f"--repository_cache={self.repository_cache}"]
        self.bazel("run", *options, target, "--", *arguments)

    def coverage(self, target: str) -> Path:
        """Runs tests and returns the tracefile (geninfo(1)) of the lines that ran."""
        options = ["--config=hermetic", "--disk_cache=", f"--repository_cache={self.repository_cache}"]
        self.bazel("coverage", *options, target)
        return Path(self.bazel("info", "output_path", capture=True).strip()) / "_coverage/_coverage_report.dat"

    def outputs(self) -> dict[str, Path]:
        """Returns every file built of TARGETS, by its path below the output folder."""
        options = ["--config=hermetic", f"--repository_cache={self.repository_cache}", "--output=files"]
        everything, tests, surroundings = TARGETS
        every = f"{everything} except {tests.removeprefix('-')} union {surroundings}"
        listing = self.bazel("cquery", *options, every, capture=True)
        root = Path(self.bazel("info", "execution_root", capture=True).strip())
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
        yield "busybox ip link set lo up"
    if not surroundings.host_python:
        for program in host_pythons():
            yield f"mount --bind /bin/false '{program}'"


@contextmanager
def namespaces(surroundings: Surroundings) -> Iterator[int]:
    """Holds namespaces open that a Bazel server can live in; yields the process that holds them."""
    kinds = ["--mount", "--uts", *([] if surroundings.network else ["--net"])]
    script = "\n".join([*isolation(surroundings), "echo ready", "exec cat"])
    with subprocess.Popen(
        ["unshare", *kinds, "sh", "-euc", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdin
        assert holder.stdout
        assert holder.stdout.readline() == b"ready\n"
        yield holder.pid
        holder.stdin.close()


@contextmanager
def clone(workspace: Path, folder: Path, repository_cache: Path, surroundings: Surroundings) -> Iterator[Checkout]:
    """Clones the commit and the uncommitted files of `workspace` to `folder/…`; stops its Bazel server in the end."""
    home, checkout = folder / "home", folder / "checkout"
    home.mkdir(parents=True)
    subprocess.run(["git", "clone", "--quiet", str(workspace), str(checkout)], check=True)
    copy_changes(workspace, checkout)
    with namespaces(surroundings) as holder:
        made = Checkout(checkout, home, repository_cache, surroundings, holder)
        try:
            yield made
        finally:
            made.bazel("shutdown")
    subprocess.run(["find", str(folder), "-type", "d", "-exec", "chmod", "u+w", "{}", "+"], check=True)
    shutil.rmtree(folder)


def git(folder: Path, *arguments: str) -> None:
    """Runs git in `folder` as somebody."""
    identity = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, stdout=subprocess.DEVNULL)


def copy_changes(workspace: Path, clone: Path) -> None:
    """Commits in the clone what is changed in `workspace`, the same commit in every clone."""
    listing = git_lines(workspace, "ls-files", "--modified", "--others", "--exclude-standard")
    for name in listing:
        source, target = workspace / name, clone / name
        if source.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)
        else:
            target.unlink(missing_ok=True)
    if listing:
        git(clone, "add", "--all")
        author = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
        moment = {"GIT_COMMITTER_DATE": "2038-01-01T00:00:00Z", "GIT_AUTHOR_DATE": "2038-01-01T00:00:00Z"}
        command = ["git", *author, "commit", "--quiet", "-m", "uncommitted"]
        subprocess.run(command, cwd=clone, env={**os.environ, **moment}, check=True)


def git_lines(folder: Path, *arguments: str) -> Sequence[str]:
    done = subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.splitlines()
