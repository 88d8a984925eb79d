"""How long the images take, held against the least that they could and against other tools.

The floor is what nobody can leave out: decompressing every package, digesting the archive, compressing it with the fastest
compressor there is (igzip, whose bytes differ from machine to machine), on as many processors. Works in a clone with an
output base of its own, as root for `mmdebstrap`, and leaves nothing behind. Wants umoci and mmdebstrap (Debian).
"""

import argparse
import concurrent.futures
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from isal import igzip

from bench import options
from tools.oci.layer import deb

IMAGES = ["//images:viberun", "//images:viberun_proxy"]
REFERENCE = "app"


@dataclass(frozen=True)
class Clone:
    """A clone of the workspace that has an output base of its own."""

    folder: Path
    output: Path
    repository_cache: str

    def bazel(self, command: str, *arguments: str) -> str:
        options = ["--config=hermetic", f"--repository_cache={self.repository_cache}", "--disk_cache="]
        startup = ["./bazelw", f"--output_base={self.output}"]
        plain = command in ("clean", "shutdown", "info")
        done = subprocess.run(
            [*startup, command, *([] if plain else options), *arguments],
            cwd=self.folder,
            check=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        return done.stdout

    def packages(self) -> list[list[Path]]:
        """The .deb files of each layer and architecture."""
        lock = json.loads((self.folder / "tools/debian/trixie.lock.json").read_text())
        layers: dict[tuple[str, str], list[Path]] = {}
        for pin in lock["packages"]:
            for name in pin["sets"] if "scripts" in pin else ():
                file = self.output / f"external/debian_{pin['architecture']}/debs/{pin['package']}.deb"
                layers.setdefault((name, pin["architecture"]), []).append(file)
        return list(layers.values())


def floor(packages: Sequence[Path]) -> int:
    """Decompresses, digests and compresses the packages of one layer; returns the compressed size."""
    contents = b"".join(deb.read(package.read_bytes()).data for package in packages)
    hashlib.sha256(contents)
    compressed = igzip.compress(contents, 1)
    hashlib.sha256(compressed)
    return len(compressed)


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def measure_floor(layers: list[list[Path]]) -> float:
    largest_first = sorted(layers, key=lambda layer: -sum(file.stat().st_size for file in layer))
    with concurrent.futures.ProcessPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        list(pool.map(int, range(8)))  # start the processes
        return seconds(lambda: list(pool.map(floor, largest_first)))


def measure_build(clone: Clone) -> dict[str, float]:
    """Seconds for the images from packages that are there, then with one own file changed, then at a new commit."""
    clone.bazel("clean")
    clone.bazel("build", "--nobuild", *IMAGES)
    times = {"both images, both architectures": seconds(lambda: clone.bazel("build", *IMAGES))}
    with (clone.folder / "images/app/files/bashrc").open("a") as file:
        file.write("# changed\n")
    times["a file of our own changed"] = seconds(lambda: clone.bazel("build", *IMAGES))
    identity = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    commit = ["git", *identity, "commit", "--quiet", "--all", "--message", "bench"]
    subprocess.run(commit, cwd=clone.folder, check=True)
    times["a new commit"] = seconds(lambda: clone.bazel("build", *IMAGES))
    return times


def measure_others(clone: Clone, folder: Path) -> tuple[float, int]:
    """Seconds that mmdebstrap and umoci take for the app image's packages on amd64, and the size of its layer."""
    lock = json.loads((clone.folder / "tools/debian/trixie.lock.json").read_text())
    request = json.loads((clone.folder / f"images/{REFERENCE}/image.json").read_text())
    pins = [pin for pin in lock["packages"] if pin["architecture"] == "amd64"]
    names = [pin["package"] for pin in pins if any(name.startswith(f"{REFERENCE}.") for name in pin["sets"])]
    rules = request["documentation"]
    options = [f"--dpkgopt=path-exclude={pattern}" for pattern in rules["exclude"]]
    options += [f"--dpkgopt=path-include={pattern}" for pattern in rules["include"]]
    (folder / "sources.list").write_text(_sources())
    root, layout = folder / "bundle/rootfs", folder / "layout"

    def work() -> None:
        run = ["mmdebstrap", "--quiet", "--variant=custom", f"--include={','.join(names)}", *options]
        run += ['--aptopt=Acquire::Check-Valid-Until "false"', "trixie", str(root), str(folder / "sources.list")]
        for command in (
            ["umoci", "init", f"--layout={layout}"],
            ["umoci", "new", f"--image={layout}:app"],
            ["umoci", "unpack", f"--image={layout}:app", str(folder / "bundle")],
            run,
            ["umoci", "repack", f"--image={layout}:app", str(folder / "bundle")],
        ):
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    duration = seconds(work)
    return duration, max(file.stat().st_size for file in (layout / "blobs/sha256").iterdir())


def _sources() -> str:
    """This machine's own mirrors."""
    command = ["apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages"]
    roots = {line.rstrip("/") for line in subprocess.run(command, capture_output=True, text=True).stdout.splitlines()}
    suites = {"debian": ["trixie", "trixie-updates"], "debian-security": ["trixie-security"]}
    lines = [f"deb {root} {suite} main" for root in roots for suite in suites.get(root.rpartition("/")[2], [])]
    return "".join(f"{line}\n" for line in sorted(lines))


def sizes(clone: Clone) -> dict[str, int]:
    """Compressed bytes of each image and architecture."""
    found = {}
    for image in ("viberun", "viberun_proxy"):
        layout = clone.folder / f"bazel-bin/images/{image}.dev"

        def read(digest: str, layout: Path = layout) -> dict[str, list[dict[str, object]]]:
            document: dict[str, list[dict[str, object]]] = json.loads(
                (layout / "blobs" / digest.replace(":", "/")).read_text()
            )
            return document

        index = read(json.loads((layout / "index.json").read_text())["manifests"][0]["digest"])
        for descriptor in index["manifests"]:
            platform = descriptor["platform"]
            assert isinstance(platform, dict)
            layers = read(str(descriptor["digest"]))["layers"]
            found[f"{image} {platform['architecture']}"] = sum(int(str(layer["size"])) for layer in layers)
    return found


def main(argv: Sequence[str]) -> int:
    parser = options.parser("images", __doc__)
    parser.add_argument("cache", nargs="?", type=_folder, metavar="CACHE", help="the repository cache, not Bazel's")
    cache: Path | None = parser.parse_args(argv).cache
    workspace = Path(os.environ["BUILD_WORKSPACE_DIRECTORY"])
    missing = [program for program in ("mmdebstrap", "umoci") if not shutil.which(program)]
    if missing:
        print(f"images: install these first: {' '.join(missing)}", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        subprocess.run(["git", "clone", "--quiet", str(workspace), str(folder / "clone")], check=True)
        clone = Clone(folder / "clone", folder / "output", str(cache or _repository_cache(workspace)))
        try:
            whole = seconds(lambda: clone.bazel("build", *IMAGES))
            runs = []
            for _ in range(3):
                runs.append((measure_floor(clone.packages()), measure_build(clone)))
            # The run in the middle: floor and build of one run meet the same machine.
            least, times = sorted(runs, key=lambda run: run[1]["both images, both architectures"] / run[0])[1]
            print(f"{'the floor':34}{least:8.1f} s")
            for what, duration in times.items():
                print(f"{what:34}{duration:8.1f} s  {duration / least:5.2f} of the floor")
            print(f"{'from an empty output base':34}{whole:8.1f} s  (interpreter, wheels and packages unpacked too)")
            for image, size in sizes(clone).items():
                print(f"{image:34}{size / 1e6:8.1f} MB")
            duration, size = measure_others(clone, folder)
            print(f"{'mmdebstrap and umoci, amd64 app':34}{duration:8.1f} s{size / 1e6:8.1f} MB")
        finally:
            clone.bazel("shutdown")
            subprocess.run(["find", name, "-type", "d", "-exec", "chmod", "u+w", "{}", "+"], check=False)
    return 0


def _folder(text: str) -> Path:
    """A folder as the caller means it: Bazel starts programs elsewhere."""
    folder = Path(os.environ.get("BUILD_WORKING_DIRECTORY", "")) / text
    if not folder.is_dir():
        raise argparse.ArgumentTypeError(f"there is no folder {folder}")
    return folder


def _repository_cache(workspace: Path) -> str:
    command = ["./bazelw", "info", "repository_cache"]
    return subprocess.run(command, cwd=workspace, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
