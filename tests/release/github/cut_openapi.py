"""Renews openapi.json from the npm package `@octokit/openapi`: `bazel run //tests/release/github:cut_openapi`.

GitHub publishes the description of its whole API in 13 MB. Kept are the operations that a release needs, with the
schemas they refer to and without prose and examples.
"""

import json
import os
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

PACKAGE = "@octokit/openapi"
DESCRIPTION = "package/generated/api.github.com.json"

_REPOSITORY = "/repos/{owner}/{repo}"
OPERATIONS = {
    "": ("get",),
    "/attestations": ("post",),
    "/attestations/{subject_digest}": ("get",),
    "/branches/{branch}": ("get",),
    "/commits": ("get",),
    "/commits/{ref}": ("get",),
    "/compare/{basehead}": ("get",),
    "/contents/{path}": ("get",),
    "/environments/{environment_name}": ("get",),
    "/git/ref/{ref}": ("get",),
    "/git/refs": ("post",),
    "/git/refs/{ref}": ("patch", "delete"),
    "/git/tags/{tag_sha}": ("get",),
    "/immutable-releases": ("get",),
    "/releases": ("get", "post"),
    "/releases/assets/{asset_id}": ("get", "patch", "delete"),
    "/releases/latest": ("get",),
    "/releases/tags/{tag}": ("get",),
    "/releases/{release_id}": ("get", "patch", "delete"),
    "/releases/{release_id}/assets": ("get", "post"),
    "/rules/branches/{branch}": ("get",),
    "/rulesets": ("get",),
    "/rulesets/{ruleset_id}": ("get",),
}
"""What the stand-in answers, by the path below a repository."""

_VERSIONS = "/packages/{package_type}/{package_name}/versions"
OWNER_OPERATIONS = {
    f"/{owner}{_VERSIONS}{path}": (method,)
    for owner in ("orgs/{org}", "users/{username}")
    for path, method in (("", "get"), ("/{package_version_id}", "delete"))
}
"""The same of a repository's owner, whose the packages are."""

# A discriminator only says where to look first, and openapi-core stumbles over one for arrays.
_PROSE = {"description", "discriminator", "example", "examples", "externalDocs", "summary", "tags"}

type Json = dict[str, Json] | list[Json] | str | int | float | bool | None


def cut(description: dict[str, Json]) -> dict[str, Json]:
    """Returns the part of an OpenAPI 3.0 document that OPERATIONS needs, complete in itself."""
    paths = _mapping(description["paths"])
    kept: dict[str, Json] = {
        path: {method: _bare(_mapping(paths[path])[method]) for method in methods}
        for path, methods in (
            {f"{_REPOSITORY}{each}": OPERATIONS[each] for each in OPERATIONS} | OWNER_OPERATIONS
        ).items()
    }
    return {
        "openapi": description["openapi"],
        "info": {name: _mapping(description["info"])[name] for name in ("title", "version", "license")},
        "servers": description["servers"],
        "paths": kept,
        "components": _components(description, kept),
    }


def _components(description: dict[str, Json], paths: Json) -> Json:
    found: dict[str, dict[str, Json]] = {"schemas": {"basic-error": _schema(description, "basic-error")}}
    open_references = list(_references(paths)) + list(_references(found["schemas"]["basic-error"]))
    while open_references:
        kind, name = open_references.pop()
        group = found.setdefault(kind, {})
        if name not in group:
            group[name] = _bare(_mapping(_mapping(description["components"])[kind])[name])
            open_references += _references(group[name])
    return {kind: dict(sorted(group.items())) for kind, group in sorted(found.items())}


def _schema(description: dict[str, Json], name: str) -> Json:
    return _bare(_mapping(_mapping(description["components"])["schemas"])[name])


def _references(node: Json) -> Iterator[tuple[str, str]]:
    if isinstance(node, dict):
        reference = node.get("$ref")
        if isinstance(reference, str):
            _, _, kind, name = reference.split("/")
            yield kind, name
        for value in node.values():
            yield from _references(value)
    elif isinstance(node, list):
        for value in node:
            yield from _references(value)


def _bare(node: Json, names_are_free: bool = False) -> Json:
    """Drops prose. Below `properties` and the like a key is a name of the API's and stays, whatever it is."""
    if isinstance(node, list):
        return [_bare(value) for value in node]
    if not isinstance(node, dict):
        return node
    bare = {
        key: _bare(value, names_are_free=key in ("properties", "responses", "headers") and not names_are_free)
        for key, value in node.items()
        if names_are_free or (key not in _PROSE and not key.startswith("x-"))
    }
    return bare | ({"description": ""} if _is_response(node) else {})


def _is_response(node: dict[str, Json]) -> bool:
    return "description" in node and "type" not in node and ("content" in node or set(node) == {"description"})


def _mapping(node: Json) -> dict[str, Json]:
    assert isinstance(node, dict), node
    return node


def main() -> int:
    target = Path(os.environ["BUILD_WORKSPACE_DIRECTORY"]) / "tests/release/github/openapi.json"
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            ["npm", "pack", "--silent", PACKAGE], cwd=folder, check=True, stdout=subprocess.DEVNULL, timeout=600
        )
        (archive,) = Path(folder).iterdir()
        with tarfile.open(archive) as tar:
            file = tar.extractfile(DESCRIPTION)
            assert file is not None
            description = json.load(file)
    target.write_text(json.dumps(cut(description), indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
