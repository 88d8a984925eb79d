"""Namespaces (namespaces(7)) that a Bazel server can live in, since every command of one server has to see the same network."""

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

# Only `lo`, by which Bazel speaks to its server.
NO_NETWORK = "busybox ip link set lo up"


@contextmanager
def namespaces(kinds: Sequence[str], commands: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """Makes namespaces of `kinds` (`mount`, `uts`, `net`) and runs shell `commands` in them; yields what runs a command there."""
    script = "\n".join([*commands, "echo ready", "exec cat"])
    options = [f"--{kind}" for kind in kinds]
    with subprocess.Popen(
        ["unshare", *options, "sh", "-euc", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdin
        assert holder.stdout
        assert holder.stdout.readline() == b"ready\n"
        yield ("nsenter", f"--target={holder.pid}", *options)
        holder.stdin.close()
