"""Makes `.venv` in the workspace: `bazel run //:venv`.

A copy of the pinned interpreter, with its own loader and libraries, and of every wheel of the lock: nothing in it leads into
Bazel's folders, which may go. It takes the place of the one before in one step, and of nothing that it did not make.
"""

import ctypes
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

_MADE_BY = "made-by = bazel run //:venv\n"
_WRAPPER = Path(__file__).with_name("python.sh")
_AT_FDCWD = -100
_RENAME_EXCHANGE = 2


def configuration(venv: Path) -> str:
    """Returns pyvenv.cfg (PEP 405) of an environment that lies at `venv`; uv makes its programs relocatable."""
    version = ".".join(map(str, sys.version_info[:3]))
    home = venv / "interpreter/bin"
    return f"home = {home}\ninclude-system-site-packages = false\nversion = {version}\nrelocatable = true\n{_MADE_BY}"


def _dangling(folder: str, names: list[str]) -> list[str]:
    """Returns the links that lead nowhere: documentation of packages that the interpreter does without."""
    return [name for name in names if not os.path.exists(f"{folder}/{name}")]


def lay_out(venv: Path, interpreter: Path) -> None:
    """Makes an environment without packages at `venv`, with a copy of the interpreter below `interpreter` (…/usr)."""
    shutil.copytree(interpreter, venv / "interpreter", ignore=_dangling)
    (venv / "bin").mkdir()
    shutil.copy(_WRAPPER, venv / "bin/python")
    (venv / "bin/python").chmod(0o755)
    for name in ("python3", "python3.13"):
        (venv / "bin" / name).symlink_to("python")
    (venv / "pyvenv.cfg").write_text(configuration(venv))


def install(venv: Path, wheels: Sequence[Path], environment: Mapping[str, str]) -> None:
    """Installs the wheels, and nothing else, with uv. Raises CalledProcessError."""
    (uv,) = (path for root in sys.path for path in Path(root).glob("uv-*.data/scripts/uv"))
    options = ["--quiet", "--offline", "--no-index", "--no-deps", "--no-cache", "--no-config", "--link-mode=copy"]
    command = [str(uv), "pip", "install", *options, f"--python={venv / 'bin/python'}", *map(str, wheels)]
    subprocess.run(command, env=dict(environment), check=True)


def swap_in(new: Path, venv: Path) -> None:
    """Puts `new` in the place of `venv`, in one step; what lay there lies at `new` then."""
    if not venv.exists():
        new.rename(venv)
        return
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.renameat2(_AT_FDCWD, os.fsencode(new), _AT_FDCWD, os.fsencode(venv), _RENAME_EXCHANGE):
        raise OSError(ctypes.get_errno(), f"{venv} can't be replaced")


def is_ours(venv: Path) -> bool:
    """Whether nothing lies at `venv`, or what this program made."""
    settings = venv / "pyvenv.cfg"
    return not venv.exists() or (settings.exists() and _MADE_BY in settings.read_text())


def make(venv: Path, interpreter: Path, wheels: Sequence[Path], environment: Mapping[str, str]) -> None:
    """Makes the environment beside `venv`, then swaps it in."""
    with tempfile.TemporaryDirectory(dir=venv.parent, prefix=".venv.") as scratch:
        new = Path(scratch) / "venv"
        lay_out(new, interpreter)
        install(new, wheels, environment)
        (new / "pyvenv.cfg").write_text(configuration(venv))
        swap_in(new, venv)


def main(argv: Sequence[str]) -> int:
    venv = Path(os.environ["BUILD_WORKSPACE_DIRECTORY"]) / ".venv"
    if not is_ours(venv):
        print(f"venv: {venv} was not made by this command: move it away first", file=sys.stderr)
        return 1
    runfiles = Path(os.environ["RUNFILES_DIR"])
    wheels = [runfiles / path for argument in argv for path in argument.split()]
    make(venv, Path(sys.base_prefix), wheels, os.environ)
    print(
        f"{venv}: Python {sys.version.split()[0]} and {len(wheels)} wheels; try: .venv/bin/python -m pytest tests/unit/viberun"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
