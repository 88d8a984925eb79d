"""`python3 -m release.workflow.try_release TAR`: a release as people would have it, before anybody has.

Of the folder in the tar, on this machine: npx, uvx, the install script, and the executable out of its archive. Each must print
the folder's version.
"""

import json
import os
import platform
import sys
import tarfile
import tempfile
from collections.abc import Mapping
from pathlib import Path

from release.workflow.installs import gives, wait_for
from release.workflow.registries import registries

_MACHINES = {"x86_64": "amd64", "aarch64": "arm64"}


def try_release(folder: Path, environ: Mapping[str, str], scratch: Path) -> list[str]:
    """Returns a line for each way to get the release that does not give its version."""
    manifest = json.loads((folder / "channel.json").read_text())
    version, channel = manifest["version"], manifest["channel"]
    own = {**environ, "HOME": str(scratch), "npm_config_update_notifier": "false"}
    (served := scratch / "registries").mkdir()
    with registries(folder, "dev" if channel == "dev" else "latest", served) as variables:
        problems = wait_for(version, channel, {**own, **variables}, lambda _: None, tries=1)

    machine = platform.machine()
    here = f"{platform.system().lower()}-{_MACHINES.get(machine, machine)}"
    at = folder / manifest["files_at"]
    names = {(file["kind"], file.get("platform")): file["name"] for file in manifest["files"]}
    bin_folder = scratch / "bin"
    own |= {"VIBERUN_CHANNEL_URL": str(folder), "VIBERUN_INSTALL_BIN": str(bin_folder)}
    own |= {"VIBERUN_INSTALL_DIR": str(scratch / "kept")}
    said = gives(["sh", str(at / names["install", None])], own)
    if (given := gives([str(bin_folder / "viberun"), "--version"], own)) != version:
        problems.append(f"the install script gives {given!r} and not {version}: {said}")

    with tarfile.open(at / names["client", here]) as archive:
        archive.extract("viberun", scratch, filter="data")
    if (given := gives([str(scratch / "viberun"), "--version"], own)) != version:
        problems.append(f"the executable gives {given!r} and not {version}")
    return problems


def main(arguments: list[str], environ: Mapping[str, str]) -> int:
    (packed,) = arguments
    with tempfile.TemporaryDirectory() as scratch:
        with tarfile.open(packed) as archive:
            archive.extractall(scratch, filter="data")
        (home := Path(scratch, "home")).mkdir()
        problems = try_release(Path(scratch, "release"), environ, home)
    for problem in problems:
        print("::error::" + problem.replace("\n", "%0A"))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
