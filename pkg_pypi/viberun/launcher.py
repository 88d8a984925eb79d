"""Starts the vendored program in this process, and tells it how it was installed.

The program is a zip with a package `viberun` of its own, which takes this one's place in `sys.modules`. Imports nothing
that costs: this runs before every command.
"""

from __future__ import annotations

import os
import sys
import zipimport

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

_FOLDER = os.path.dirname(os.path.abspath(__file__))
INSTALL_METHOD = "VIBERUN_INSTALL_METHOD"


def main() -> NoReturn:
    """Runs the program with the arguments of this process and exits with its status."""
    os.environ.setdefault(INSTALL_METHOD, install_method(sys.prefix, os.path.dirname(_FOLDER)))
    run(os.path.join(_FOLDER, "vendor", "viberun"))


def install_method(prefix: str, site: str) -> str:
    """Says what installed this package: uvx, uv (as a tool), uv-pip (into an environment), pipx or pip.

    `prefix` is the environment's folder, `site` the folder that holds the package and its metadata.
    """
    if os.path.exists(os.path.join(prefix, "pipx_metadata.json")):
        return "pipx"
    if os.path.exists(os.path.join(prefix, "uv-receipt.toml")):  # `uv tool install`
        return "uv"
    if _in_uv_cache(prefix):
        return "uvx"
    return "uv-pip" if _installer(site) == "uv" else "pip"


def run(program: str) -> NoReturn:
    """Becomes what `python3 program` is, `program` being a zip with a `__main__.py` that exits."""
    for name in [name for name in sys.modules if name == "viberun" or name.startswith("viberun.")]:
        del sys.modules[name]
    sys.path.insert(0, program)
    sys.argv[0] = program
    loader = zipimport.zipimporter(program)
    namespace = vars(sys.modules["__main__"])
    namespace.update(
        __name__="__main__", __file__=os.path.join(program, "__main__.py"), __loader__=loader, __spec__=None
    )
    exec(loader.get_code("__main__"), namespace)
    raise SystemExit(0)


def _in_uv_cache(prefix: str) -> bool:
    """uvx makes its environments in folders `NAME-vN` of uv's cache, which like any cache is tagged as one."""
    folder = os.path.realpath(prefix)
    for _ in range(3):
        folder, name = os.path.split(folder)
        if name.startswith(("archive-v", "environments-v")):
            return os.path.exists(os.path.join(folder, "CACHEDIR.TAG"))
    return False


def _installer(site: str) -> str:
    """Returns what the metadata's INSTALLER file says (PyPA, recording installed projects)."""
    for name in os.listdir(site):
        if name.startswith(("viberun-", "viberun_dev-")) and name.endswith(".dist-info"):
            try:
                with open(os.path.join(site, name, "INSTALLER"), encoding="utf-8") as file:
                    return file.read().strip()
            except OSError:
                continue
    return ""
