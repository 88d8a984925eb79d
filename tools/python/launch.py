"""Starts a module with a given import path: `launch.py [--path DIR]... MODULE [ARGUMENT]...`.

The interpreter is started with -I, which forgets PYTHONPATH and the script's own folder; this puts the declared import
roots, and nothing else, in front of the standard library. Ctrl-C while the module still imports ends it as it does later:
in silence, with the status that a shell gives for it.
"""

import os
import runpy
import sys


def main() -> None:
    arguments = sys.argv[1:]
    roots = []
    while arguments[:1] == ["--path"]:
        roots.append(os.path.abspath(arguments[1]))
        arguments = arguments[2:]
    module, *rest = arguments
    sys.path[:0] = roots
    sys.argv = [module, *rest]
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except KeyboardInterrupt:
        sys.exit(128 + 2)


if __name__ == "__main__":
    main()
