"""Pulls the images of a host by the digests of the build that its server is, and gives them the names of the channel."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from viberun import channel as channels
from viberun.client.host.remote import Remote, ServerError
from viberun.client.identity import Identity
from viberun.client.screen import Screen
from viberun.errors import ViberunError
from viberun.manifest import Manifest

# viberun-server's exit status for an image that could not be pulled.
_NOT_PULLED = 6


class NoImageError(ViberunError):
    """A signed build says nothing of an image that the channel has."""


@dataclass(frozen=True)
class Outcome:
    """What became of one image, in the server's words; `problem` is empty where it is there."""

    name: str
    ref: str
    digest: str
    status: str
    problem: str = ""

    @property
    def failed(self) -> bool:
        return self.status == "failed" or bool(self.problem)


def digests(identity: Identity, environ: Mapping[str, str], manifest: Manifest, *, signed: bool) -> dict[str, str]:
    """Returns the digests to pull by: those of the build, for each image that has the channel's own name.

    An image that the user named otherwise is the user's, and pulled by that name. Raises NoImageError where a `signed` build
    lacks one of the others: its name alone is nothing that anybody signed.
    """
    own = channels.defaults(identity.channel, channels.followed(identity.build, environ))
    found = {}
    for name, variable in channels.IMAGES.items():
        image, named = manifest.images.get(name), identity.settings.get(variable)
        if image and named in (own.get(variable), image.ref):
            found[name] = image.digest
        elif image is None and signed and named is not None and named == own.get(variable):
            raise NoImageError(
                f"the release {manifest.build.version} does not say which image {name} it has",
                remedy=f"take another release, or set {variable} to the image that you want",
            )
    return found


def nameless(identity: Identity) -> list[str]:
    """Returns the variables of the images that nothing names: this client was built without a repository."""
    return [variable for variable in channels.IMAGES.values() if variable not in identity.settings]


def pull(remote: Remote, by: Mapping[str, str], screen: Screen) -> list[Outcome]:
    """Has the host pull the images; what fails is in the outcome. Raises ServerError, SshError."""
    outcomes: list[Outcome] = []
    with screen.step("pulling the images") as step:

        def note(line: str) -> None:
            said = _object(line)
            name, status = said.get("image"), said.get("status")
            if not isinstance(name, str) or not isinstance(status, str):
                return
            if "ref" not in said:  # on the way; what comes last says what became of it
                step.doing(f"{status} the image {name}")
                step.bytes(_number(said.get("done")), _number(said.get("total")))
            else:
                texts = {key: str(said.get(key) or "") for key in ("ref", "digest", "problem")}
                outcomes.append(Outcome(name, texts["ref"], texts["digest"], status, texts["problem"]))

        arguments = [part for name, digest in by.items() for part in ("--digest", f"{name}={digest}")]
        try:
            remote.call(["images", "pull", *arguments, "--json"], note)
        except ServerError as error:
            if error.exit_code != _NOT_PULLED:
                raise
        there = [outcome.name for outcome in outcomes if not outcome.failed]
        step.done(f"images {' and '.join(there)} are there" if there else "no image could be pulled")
    for outcome in outcomes:
        if outcome.failed:
            screen.warn(
                f"warning: the image {outcome.name} could not be pulled as {outcome.ref}: {outcome.problem};"
                f" its name stays, and 'viberun update {remote.host}' tries again"
            )
    return outcomes


def _object(line: str) -> dict[str, object]:
    try:
        value = json.loads(line) if line.startswith("{") else None
    except ValueError:
        value = None
    return value if isinstance(value, dict) else {}


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0
