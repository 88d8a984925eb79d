"""Reads which build Bazel's workspace status describes: the lines that tools/stamp/status.sh prints."""

import re
from collections.abc import Mapping

from viberun.build import Build
from viberun.errors import InvalidError, ViberunError
from viberun.fields import Form
from viberun.version import NUMBERS, Channel, Version, instant

# What git calls the object that does not exist: outside a git tree there is no commit to name.
NO_COMMIT = "0" * 40

_TAG = Form(f"v{NUMBERS}", "of the form vX.Y.Z")
_PREFIX = "STABLE_VIBERUN_"
_FACTS = ("COMMIT", "TIMESTAMP", "STATE", "TAGS", "REPOSITORY", "REPOSITORY_ID", "GITHUB", "REGISTRY")


def read(status: str | Mapping[str, str], channel: Channel) -> Build:
    """Makes the build that stable-status.txt, or its keys, describes.

    A tree that is not exactly its commit, or whose history is not all there, makes a dirty dev version.

    Raises:
        ViberunError: the status is incomplete, or makes no prod version.
    """
    facts = _facts(status)
    commit, state = facts["COMMIT"] or NO_COMMIT, facts["STATE"]
    seconds = int(facts["TIMESTAMP"] or 0)
    committed = f"{instant(seconds):%Y-%m-%dT%H:%M:%SZ}"
    dev = Version.dev(seconds, commit, dirty=state != "clean")
    version = dev if channel == "dev" else _tagged(state, facts["TAGS"].split())
    return Build(
        version,
        channel,
        commit,
        committed,
        facts["REPOSITORY"] or None,
        facts["GITHUB"],
        facts["REGISTRY"],
        facts["REPOSITORY_ID"] or None,
    )


def _facts(status: str | Mapping[str, str]) -> dict[str, str]:
    """Returns the values of our keys without their prefix, checked for shape; ignores other keys."""
    if isinstance(status, str):
        lines = (line.partition(" ") for line in status.splitlines())
        status = {key: value.strip() for key, _, value in lines}
    absent = [f"{_PREFIX}{fact} is missing" for fact in _FACTS if f"{_PREFIX}{fact}" not in status]
    if absent:
        raise InvalidError("the workspace status", absent, remedy="build with the .bazelrc of this repository")
    facts = {fact: status[f"{_PREFIX}{fact}"] for fact in _FACTS}
    problems = []
    if facts["STATE"] not in ("clean", "dirty", "shallow", "none"):
        problems.append(f"STATE {facts['STATE']!r} is none that is known")
    if facts["STATE"] in ("clean", "shallow") and not facts["COMMIT"]:
        problems.append(f"there is no COMMIT, though STATE is {facts['STATE']}")
    if not re.fullmatch(r"[0-9]{0,12}", facts["TIMESTAMP"], re.ASCII):
        problems.append(f"TIMESTAMP {facts['TIMESTAMP']!r} is no number of seconds")
    if problems:
        raise InvalidError("the workspace status", problems)
    return facts


def _tagged(state: str, tags: list[str]) -> Version:
    """Returns the version of a prod build: the highest of its tags vX.Y.Z, in a clean tree."""
    for obstacle, message, remedy in (
        ("none", "this is no git tree, and prod takes its version from a tag", "clone it with git"),
        ("shallow", "this clone is shallow, and prod takes a full one", "git fetch --unshallow"),
        ("dirty", "this tree has changes, and prod takes none", "commit, stash or remove them"),
    ):
        if state == obstacle:
            raise ViberunError(message, remedy=remedy)
    versions = [Version.prod(tag) for tag in tags if _TAG.fits(tag)]
    if not versions:
        there = f" (there are: {' '.join(tags)})" if tags else ""
        raise ViberunError(
            f"no tag of the form vX.Y.Z is at this commit{there}, and prod is built from one",
            remedy="tag the commit, or build the dev channel",
        )
    return max(versions, key=lambda version: version.precedence)
