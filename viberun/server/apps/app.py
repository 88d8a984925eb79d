"""Describes an app: its name and what is called after it, the record that is kept of it, and what is told of it.

The record outlives the server that wrote it, and the one that comes next may be an older one. So a
record may get more fields at any time: who does not know them keeps them. A change of meaning makes
SCHEMA one more, and MIN_READER the lowest schema whose readers still get it right.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from viberun.app_name import NAME
from viberun.errors import InvalidError
from viberun.fields import Fields, decode, needed_reader
from viberun.server.errors import NewerRecordError

SCHEMA = 1
MIN_READER = 1

LABEL = "dev.viberun.app"
IMAGE_LABEL = "dev.viberun.image"
DIGEST_LABEL = "dev.viberun.digest"

# Who works in the container, where that one's home is, and the port that what is made there listens on.
USER = "viberun"
HOME = "/home/viberun"
PORT = 8080


# No app's name has a dot, so these are never another app's.


def container_name(name: str) -> str:
    return f"viberun-app-{name}"


def next_name(name: str) -> str:
    """Of the container that an update makes, until it takes the app's own name."""
    return f"{container_name(name)}.next"


def previous_name(name: str) -> str:
    """Of the container that an update replaces, until the new one is known to be healthy."""
    return f"{container_name(name)}.previous"


def volume_name(name: str) -> str:
    return f"viberun-home-{name}"


@dataclass(frozen=True)
class Update:
    """An update that has begun: the container that it replaces, and whether that one ran."""

    container: str
    running: bool


@dataclass(frozen=True)
class Record:
    """What is kept of an app, so that it outlives its container: `port` is the host's, `image` a name.

    `created` is ISO 8601. `update` is None unless an update is under way, or was cut short. `more` is what
    a later server has written into it.
    """

    name: str
    port: int
    image: str
    created: str
    update: Update | None = None
    more: Mapping[str, object] = field(default_factory=dict)

    def to_json(self) -> str:
        document = {
            "schema": SCHEMA,
            "min_reader": MIN_READER,
            "name": self.name,
            "port": self.port,
            "image": self.image,
            "created": self.created,
            "replaces": self.update.container if self.update else None,
            "ran": int(self.update.running) if self.update else 0,
            **self.more,
        }
        return json.dumps(document) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Record:
        """Raises InvalidError with every problem of the text, NewerRecordError where its meaning is not known."""
        problems: list[str] = []
        try:
            fields = Fields(decode(text), "", problems)
        except ValueError as error:
            raise InvalidError("the record of an app", [str(error)]) from None
        needed = needed_reader(fields)
        if needed > SCHEMA and not problems:
            raise NewerRecordError(f"its record takes a server of schema {needed}, and this one reads schema {SCHEMA}")
        replaces, ran = fields.text_or_null("replaces"), fields.integer("ran", 0, 1)
        record = cls(
            fields.text("name", NAME),
            fields.integer("port", 1, 65535),
            fields.text("image"),
            fields.text("created"),
            None if replaces is None else Update(replaces, bool(ran)),
            fields.rest(),
        )
        if problems:
            raise InvalidError("the record of an app", problems)
        return record


@dataclass(frozen=True)
class App:
    """An app as it is told to the client.

    `state` is Docker's word for the container's, or `missing`, or `updating`, or `conflict` where a
    container that is not viberun's has its name. `digest` and `version` are its image's. `behind`: whether
    this host has another image under the name that new apps are made from.
    """

    name: str
    state: str
    image: str
    digest: str | None
    version: str | None
    port: int
    behind: bool | None
    created: str
