"""A program that shows what a self-contained binary gives the program inside: runs the Python in its first argument."""

import sys


def main() -> int:
    """Runs `sys.argv[1]`, which may set `status`, the exit status."""
    names: dict[str, object] = {"status": 0}
    exec(sys.argv[1], names)
    status = names["status"]
    assert isinstance(status, int)
    return status
