"""Starts a module with a given import path: `launch.py [--path DIR]... MODULE [ARGUMENT]...`, or, for a build action,
`launch.py [--path DIR]... --request FILE MODULE`.

The interpreter is started with -I, which forgets PYTHONPATH and the script's own folder; this puts the declared import
roots, and nothing else, in front of the standard library. Ctrl-C while the module still imports ends it as it does later:
in silence, with the status that a shell gives for it.

The module of an action has a `main`, which is given the object in the request (JSON). A ValueError says what is wrong with
that; it, and what a program said that failed, is told without a traceback, behind the name of the request's `target`.
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
    sys.path[:0] = roots
    if arguments[:1] == ["--request"]:
        _, request, module = arguments
        act(module, request)
        return
    module, *rest = arguments
    sys.argv = [module, *rest]
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except KeyboardInterrupt:
        sys.exit(128 + 2)


def act(module: str, request: str) -> None:
    import importlib
    import json
    import subprocess

    with open(request, encoding="utf-8") as file:
        asked = json.load(file)
    try:
        importlib.import_module(module).main(asked)
    except ValueError as error:
        sys.exit(f"{asked['target']}: {error}")
    except subprocess.CalledProcessError as error:
        sys.exit(f"{asked['target']}: {error}\n{error.stdout or ''}".rstrip())


if __name__ == "__main__":
    main()
