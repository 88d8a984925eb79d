"""Starts every PEX that is made here, as its `__main__`: what `python3 FILE` runs first.

The program lies at the root of the archive, where Python imports it from at once; that takes a tenth of what PEX needs to
unpack itself and start again. With a `PEX_...` variable set (PEX_INTERPRETER, PEX_MODULE, PEX_VERBOSE, ...) PEX's own start,
`__pex_main__.py`, takes over as if this were not here.

No function and no newer syntax: the Python that is too old has to get as far as the line that says so.
"""
# ruff: noqa: UP031, UP036

import os
import sys

PROGRAM = "@PROGRAM@"
MODULE = "@MODULE@"
FUNCTION = "@FUNCTION@"
WHEELS = "@WHEELS@"

if sys.version_info < (3, 9):
    sys.exit(
        "%s: needs Python 3.9 or newer, and %s is %d.%d; install a newer one and put it first on PATH"
        % (PROGRAM, sys.executable or "this python", sys.version_info[0], sys.version_info[1])
    )

root = os.path.dirname(__file__)
if any(name.startswith("PEX_") for name in os.environ):
    # In this very namespace, which PEX takes for that of a program.
    load = globals()["__loader__"].get_data
    exec(compile(load(os.path.join(root, "__pex_main__.py")), __file__, "exec"))
else:
    sys.path[1:1] = [os.path.join(root, ".deps", wheel) for wheel in WHEELS.split()]
    sys.exit(getattr(__import__(MODULE, fromlist=[FUNCTION]), FUNCTION)())
