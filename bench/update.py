"""How long releases and updates take that have something, or nothing, to do.

To and from a local channel, so that no network is timed. Beside the installation stands what it can't do without:
reading the archive's bytes, their digest, and unpacking.
"""

import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from bench import options
from bench.timing import Command, compare
from viberun.manifest import Manifest


def main(argv: Sequence[str]) -> int:
    release, *rest = argv
    runs = options.runs("update", __doc__, rest, default=5)
    runfiles = Path(os.environ["RUNFILES_DIR"])
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        again = [str(runfiles / release), "--quiet", "--out", str(folder / "channel")]
        new = ["rm", "-rf", str(folder / "other"), str(folder / ".other.editions")]
        releases = {
            "a release": Command([*again[:-1], str(folder / "other")], before=new),
            "the same commit again": Command(again),
        }
        print(compare(releases, runs))
        print(compare(updates(folder), runs))
    return 0


def updates(folder: Path) -> dict[str, Command]:
    """Of a client, from the channel in `folder`."""
    files = folder / "channel/github"
    manifest = Manifest.parse((folder / "channel/channel.json").read_bytes())
    (script,) = [str(files / file.name) for file in manifest.files if file.kind == "install"]
    (archive,) = [
        str(files / file.name) for file in manifest.files if (file.kind, file.platform) == ("client", "linux-amd64")
    ]
    environment = [
        "env",
        f"HOME={folder}",
        f"VIBERUN_CHANNEL_URL={folder / 'channel'}",
        f"XDG_CACHE_HOME={folder}/cache",
    ]
    install = [*environment, "sh", script, "--dev", "--dir", f"{folder}/lib", "--bin", f"{folder}/bin"]
    gone = ["rm", "-rf", f"{folder}/lib", f"{folder}/bin", f"{folder}/plain"]
    plain = f"mkdir {folder}/plain && sha256sum {archive} && tar -xzf {archive} -C {folder}/plain"
    client = [*environment, f"{folder}/bin/viberun"]
    return {
        "sha256sum and tar": Command(["sh", "-c", plain], before=gone),
        "install.sh, from nothing": Command(install, before=gone),
        "install.sh, nothing new": Command(install),
        "viberun upgrade, nothing new": Command([*client, "upgrade"]),
        "viberun --version": Command([*client, "--version"]),
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
