"""Names the platforms that viberun is built for, from what a machine calls them."""

from __future__ import annotations

PLATFORMS = ("linux-amd64", "linux-arm64", "darwin-amd64", "darwin-arm64")

# What uname(1) says for them; FreeBSD's and Debian's words are understood too.
_MACHINES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


def platform_of(system: str, machine: str) -> str:
    """Returns `linux-amd64` and the like for what uname(1) says; need not be one of PLATFORMS."""
    return f"{system.lower()}-{_MACHINES.get(machine, machine)}"
