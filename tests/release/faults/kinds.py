"""What kinds of requests a release consists of that change something, by what they are for."""

import re

from tests.release.servers.gate import Change

KINDS: dict[str, dict[str, tuple[str, str]]] = {
    "ghcr": {
        "begin an upload": ("POST", r"/blobs/uploads/"),
        "take back an upload": ("DELETE", r"/blobs/uploads/.+"),
        "upload a blob": ("PUT", r"/blobs/uploads/.+"),
        "push a manifest": ("PUT", r"/manifests/sha256:\w+"),
        "tag the version": ("PUT", r"/manifests/0\.0\.0-dev\..+"),
        "move a tag": ("PUT", r"/manifests/dev"),
    },
    "pypi": {"upload the wheel": ("POST", "/")},
    "npm": {"publish": ("PUT", "/viberun")},
    "github": {
        "upload an asset": ("POST", r".*/releases/\d+/assets"),
        "move the ref": ("PATCH", r".*/git/refs/tags/dev"),
        "rename an asset": ("PATCH", r".*/releases/assets/\d+"),
        "delete an asset": ("DELETE", r".*/releases/assets/\d+"),
        "write the page": ("PATCH", r".*/releases/\d+"),
    },
}
"""By gate and name: method and path of the requests of a release that is not the first."""


def kind_of(gate: str, change: Change) -> str:
    """The name of the kind. Raises AssertionError for a request that is of none."""
    for name, (method, path) in KINDS[gate].items():
        found = re.search(f"{path}$", change.path) if gate == "ghcr" else re.fullmatch(path, change.path)
        if method == change.method and found:
            return name
    raise AssertionError(f"{gate}: {change.method} {change.path} is of no known kind")
