"""Reads what Docker tells of images, containers and pulls: its JSON becomes data here and nowhere else.

Knows the fields of the Engine API (v1.41, Docker 20.10, and later) and nothing of apps.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

VERSION_LABEL = "org.opencontainers.image.version"


@dataclass(frozen=True)
class Image:
    """An image on this host; `digests` are `repository@sha256:…`, `size` is in bytes."""

    id: str
    names: tuple[str, ...]
    digests: tuple[str, ...]
    labels: Mapping[str, str]
    size: int | None

    @property
    def version(self) -> str | None:
        return self.labels.get(VERSION_LABEL)

    def digest_in(self, repository: str) -> str | None:
        """Under which digest `repository` has it, as far as this host knows."""
        return next((each.rpartition("@")[2] for each in self.digests if each.rpartition("@")[0] == repository), None)


@dataclass(frozen=True)
class Container:
    """A container; `port` is the one of the host, `pid` that of its first process, 0 where it does not run."""

    id: str
    name: str
    state: str
    image: str
    labels: Mapping[str, str] = field(default_factory=dict)
    port: int | None = None
    started: str = ""
    restarts: int = 0
    exit_code: int = 0
    health: str | None = None
    created: str = ""
    pid: int = 0

    @property
    def running(self) -> bool:
        return self.state == "running"

    @property
    def kept_running(self) -> bool:
        """Whether Docker keeps it running, be it that it is between two starts, as one is that keeps ending."""
        return self.state in ("running", "restarting")


@dataclass(frozen=True)
class ContainerPlan:
    """A container to be made."""

    name: str
    image: str
    hostname: str
    user: str
    volume: str
    home: str
    host_port: int
    container_port: int
    environment: Mapping[str, str]
    labels: Mapping[str, str]


@dataclass(frozen=True)
class Event:
    """A line of a pull: what happens to one layer; `done` and `total` are bytes, where they are told."""

    layer: str | None
    status: str
    done: int | None = None
    total: int | None = None


def image_in(answer: Mapping[str, Any]) -> Image:
    """From what /images/{name}/json answers."""
    return Image(
        id=answer["Id"],
        names=tuple(answer.get("RepoTags") or ()),
        digests=tuple(answer.get("RepoDigests") or ()),
        labels=(answer.get("Config") or {}).get("Labels") or {},
        size=answer.get("Size"),
    )


def container_in(answer: Mapping[str, Any]) -> Container:
    """From what /containers/{id}/json answers."""
    state = answer["State"]
    return Container(
        id=answer["Id"],
        name=answer["Name"].lstrip("/"),
        state=state["Status"],
        image=answer["Image"],
        labels=answer["Config"].get("Labels") or {},
        port=_port(answer),
        started=state.get("StartedAt") or "",
        restarts=answer.get("RestartCount") or 0,
        exit_code=state.get("ExitCode") or 0,
        health=(state.get("Health") or {}).get("Status"),
        created=answer.get("Created") or "",
        pid=state.get("Pid") or 0,
    )


def event_in(answer: Mapping[str, Any]) -> Event:
    """From one line of what /images/create answers."""
    detail = answer.get("progressDetail") or {}
    return Event(answer.get("id"), str(answer.get("status", "")), detail.get("current"), detail.get("total"))


def _port(answer: Mapping[str, Any]) -> int | None:
    bindings = (answer.get("HostConfig") or {}).get("PortBindings") or {}
    ports = [binding["HostPort"] for bound in bindings.values() for binding in bound or () if binding.get("HostPort")]
    return int(ports[0]) if ports else None
