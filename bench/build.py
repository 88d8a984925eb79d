"""How long a build takes that has nothing, or only a new commit, to do.

Works in a clone with an output base of its own, and leaves nothing behind. The clone's first build fills it.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from bench import options
from bench.timing import Command, compare

AUTHOR = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
COMMIT = ["git", *AUTHOR, "commit", "--quiet", "--allow-empty", "--message", "bench"]


def main(argv: Sequence[str]) -> int:
    runs = options.runs("build", __doc__, argv, default=3)
    workspace = os.environ["BUILD_WORKSPACE_DIRECTORY"]
    cache = subprocess.run(
        ["./bazelw", "info", "repository_cache"], cwd=workspace, check=True, stdout=subprocess.PIPE, text=True
    ).stdout.strip()
    with tempfile.TemporaryDirectory() as folder:
        clone = Path(folder) / "clone"
        subprocess.run(["git", "clone", "--quiet", workspace, str(clone)], check=True)
        bazel = ["./bazelw", f"--output_base={folder}/output"]
        build = [*bazel, "build", "--config=hermetic", f"--repository_cache={cache}", "//..."]
        try:
            print(
                compare(
                    {
                        "nothing new": Command(build, clone),
                        "a new commit": Command(build, clone, before=COMMIT),
                        "an empty output base": Command(build, clone, before=[*bazel, "clean", "--expunge"]),
                    },
                    runs,
                )
            )
        finally:
            subprocess.run([*bazel, "shutdown"], cwd=clone, check=False)
            subprocess.run(["find", folder, "-type", "d", "-exec", "chmod", "u+w", "{}", "+"], check=False)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
