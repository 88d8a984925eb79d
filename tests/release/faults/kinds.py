"""What kinds of requests a release consists of, by what they are for."""

import re
from collections.abc import Mapping

from tests.release.servers.gate import Asked
from viberun.version import Channel

Kinds = Mapping[str, Mapping[str, tuple[str, str]]]
"""By gate and name: method and path."""

_REGISTRIES: Kinds = {
    "ghcr": {
        "begin an upload": ("POST", r".*/blobs/uploads/"),
        "take back an upload": ("DELETE", r".*/blobs/uploads/.+"),
        "upload a blob": ("PUT", r".*/blobs/uploads/.+"),
        "push a manifest": ("PUT", r".*/manifests/sha256:\w+"),
        "name the signatures": ("PUT", r".*/manifests/sha256-\w+"),
        "tag the version": ("PUT", r".*/manifests/[0-9].+"),
        "move a tag": ("PUT", r".*/manifests/(dev|latest)"),
    },
    "pypi": {"upload the wheel": ("POST", "/")},
    "npm": {"publish": ("PUT", "/viberun")},
    "sigstore": {
        "get a certificate": ("POST", "/api/v2/signingCert"),
        "log the signature": ("POST", "/api/v1/log/entries"),
    },
}

CHANGES: Mapping[Channel, Kinds] = {
    "dev": {
        **_REGISTRIES,
        "github": {
            "upload an asset": ("POST", r".*/releases/\d+/assets"),
            "store the attestation": ("POST", r".*/attestations"),
            "move the ref": ("PATCH", r".*/git/refs/tags/dev"),
            "rename an asset": ("PATCH", r".*/releases/assets/\d+"),
            "delete an asset": ("DELETE", r".*/releases/assets/\d+"),
            "write the page": ("PATCH", r".*/releases/\d+"),
        },
    },
    "prod": {
        **_REGISTRIES,
        "github": {
            "make the draft": ("POST", r".*/releases"),
            "upload an asset": ("POST", r".*/releases/\d+/assets"),
            "publish the draft": ("PATCH", r".*/releases/\d+"),
            "store the attestation": ("POST", r".*/attestations"),
        },
    },
}
"""What a release that is not the first changes, by channel."""

_REGISTRY_READS: Kinds = {
    "ghcr": {
        "look for a blob": ("HEAD", r".*/blobs/sha256:\w+"),
        "look for a manifest": ("HEAD", r".*/manifests/.+"),
        "read a manifest": ("GET", r".*/manifests/.+"),
    },
    "pypi": {"read the index": ("GET", "/simple/viberun(-dev)?/")},
    "npm": {"read the package": ("GET", "/viberun")},
    "sigstore": {"ask who the job is": ("GET", "/token")},
}

_GITHUB_READS = {
    "read the repository": ("GET", r"/api/v3/repos/[^/]+/[^/]+"),
    "look how main is protected": ("GET", r"/api/v3/repos/[^/]+/[^/]+/branches/main"),
    "list the rules of main": ("GET", r".*/rules/branches/main"),
    "list the rulesets": ("GET", r".*/rulesets"),
    "read a ruleset": ("GET", r".*/rulesets/\d+"),
    "read an environment": ("GET", r".*/environments/\w+"),
    "look for the commit": ("GET", r".*/commits/\w+"),
    "read the ref": ("GET", r".*/git/ref/tags/[^/]+"),
    "find the release": ("GET", r".*/releases/tags/[^/]+"),
    "list the assets": ("GET", r".*/releases/\d+/assets"),
    "look for the attestation": ("GET", r".*/attestations/sha256:\w+"),
    "download a file": ("GET", r".*/releases/(latest/)?download/.+"),
    "compare two commits": ("GET", r".*/compare/.+"),
    "read an asset": ("GET", r".*/releases/assets/\d+"),
}

READS: Mapping[Channel, Kinds] = {
    "dev": {
        **_REGISTRY_READS,
        "github": _GITHUB_READS,
    },
    "prod": {
        **_REGISTRY_READS,
        "github": {
            **_GITHUB_READS,
            "list the releases": ("GET", r".*/releases"),
            "read the latest": ("GET", r".*/releases/latest"),
        },
    },
}
"""What a release that is not the first asks, by channel."""


def kind_of(kinds: Kinds, gate: str, asked: Asked) -> str | None:
    """The name of the kind, None where it is of none of these."""
    for name, (method, path) in kinds[gate].items():
        if method == asked.method and re.fullmatch(path, asked.path):
            return name
    return None
