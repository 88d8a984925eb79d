"""`bazel run //tests/images:renew_listings`: writes the reviewed listings anew from the images as they are now built.

For after a change that is meant, a renewed lock for example; the difference is then read before it is committed.
"""

import os
import sys
from pathlib import Path

from tests.images import contents, listing


def main(argv: list[str]) -> int:
    runfiles, workspace = Path(os.environ["RUNFILES_DIR"]), Path(os.environ["BUILD_WORKSPACE_DIRECTORY"])
    for name, layout in (argument.split("=") for argument in argv):
        for architecture in contents.ARCHITECTURES:
            text = listing.write(contents.read(runfiles / layout, architecture))
            (workspace / "tests/images/golden" / f"{name}.{architecture}.txt").write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
