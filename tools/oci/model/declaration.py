"""Reads what an image is to hold, as its image.json declares it: strictly, and every problem at once.

Nothing in it is a command. Paths are absolute paths in the image; modes are octal strings, as chmod takes them.
"""

import dataclasses
import json
import types
import typing
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class ZippedFolder:
    """A folder that comes out of a zip archive instead of a package; the rule's `archives` says which target that is.

    `folder` is the part of the archive that lands at `path`, without what matches `exclude`. `version_file` is a JSON file of
    it with a `version`, `purl` the package URL with a place for that.
    """

    name: str
    path: str
    folder: str
    version_file: str
    purl: str
    exclude: tuple[str, ...] = ()


@dataclass(frozen=True)
class Layer:
    name: str
    packages: tuple[str, ...]
    trees: tuple[ZippedFolder, ...] = ()


@dataclass(frozen=True)
class Documentation:
    """What packages bring and the image leaves out, in the patterns of dpkg's `path-exclude` and `path-include`."""

    exclude: tuple[str, ...] = ()
    include: tuple[str, ...] = ()


@dataclass(frozen=True)
class User:
    name: str
    uid: int
    gid: int
    gecos: str
    home: str
    shell: str


@dataclass(frozen=True)
class Group:
    name: str
    gid: int
    members: tuple[str, ...] = ()


@dataclass(frozen=True)
class Permission:
    """Mode and owner of what a package ships, where a maintainer script would change them."""

    path: str
    mode: str
    uid: int = 0
    gid: int = 0


@dataclass(frozen=True)
class Directory:
    path: str
    mode: str = "0755"
    uid: int = 0
    gid: int = 0


@dataclass(frozen=True)
class Link:
    path: str
    target: str


@dataclass(frozen=True)
class Alternative:
    """One `update-alternatives --install link name path priority`; a slave is its name, link and path."""

    name: str
    link: str
    path: str
    priority: int
    slaves: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True)
class Diversion:
    """One `dpkg-divert --no-rename`, on one architecture or, where that is empty, on all. `{triplet}` stands for its GNU name."""

    package: str
    path: str
    to: str
    architecture: str = ""


@dataclass(frozen=True)
class File:
    """A file of this repository, beside image.json, for the last layer."""

    path: str
    source: str
    mode: str = "0644"


@dataclass(frozen=True)
class Text:
    """A file of the configuration layer, written out."""

    path: str
    lines: tuple[str, ...]
    mode: str = "0644"


@dataclass(frozen=True)
class Config:
    """The image configuration's `config` (OCI image-spec, config.md)."""

    user: str
    workdir: str
    env: dict[str, str]
    entrypoint: tuple[str, ...]
    cmd: tuple[str, ...] = ()
    stop_signal: str = "SIGTERM"
    ports: tuple[str, ...] = ()
    volumes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Declaration:
    """An image.json. `exclude` and `prefer` are for tools/debian, which resolves the packages."""

    name: str
    title: str
    description: str
    layers: tuple[Layer, ...]
    config: Config
    prefer: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    documentation: Documentation = field(default_factory=Documentation)
    users: tuple[User, ...] = ()
    groups: tuple[Group, ...] = ()
    permissions: tuple[Permission, ...] = ()
    directories: tuple[Directory, ...] = ()
    links: tuple[Link, ...] = ()
    texts: tuple[Text, ...] = ()
    alternatives: tuple[Alternative, ...] = ()
    diversions: tuple[Diversion, ...] = ()
    privileged: tuple[str, ...] = ()
    files: tuple[File, ...] = ()


class DeclarationError(ValueError):
    """An image.json is wrong; the message has every problem, a line each."""


def parse(text: str) -> Declaration:
    """Reads an image.json.

    Raises:
        DeclarationError: see there.
    """
    problems: list[str] = []
    try:
        document = json.loads(text)
    except ValueError as error:
        raise DeclarationError(f"not JSON: {error}") from error
    declaration = _decode(Declaration, document, "image", problems)
    if problems:
        raise DeclarationError("\n".join(problems))
    assert isinstance(declaration, Declaration)
    return declaration


def encode(value: Any) -> Any:
    """Returns the JSON document of a part of the model."""
    return dataclasses.asdict(value)


def decode[Part](cls: type[Part], document: object) -> Part:
    """Returns a part of the model from its JSON document.

    Raises:
        DeclarationError: see there.
    """
    problems: list[str] = []
    part = _decode(cls, document, cls.__name__.lower(), problems)
    if problems:
        raise DeclarationError("\n".join(problems))
    return typing.cast(Part, part)


def _decode(wanted: Any, value: object, where: str, problems: list[str]) -> object:
    """`value` as the type `wanted`; what does not fit is added to `problems`, and the result is then of no use."""
    origin = typing.get_origin(wanted)
    if dataclasses.is_dataclass(wanted) and isinstance(wanted, type) and isinstance(value, dict):
        return _decode_dataclass(wanted, value, where, problems)
    if origin is tuple and isinstance(value, list | tuple):
        item = typing.get_args(wanted)[0]
        return tuple(_decode(item, part, f"{where}[{index}]", problems) for index, part in enumerate(value))
    if origin is dict and isinstance(value, dict):
        item = typing.get_args(wanted)[1]
        return {key: _decode(item, part, f"{where}.{key}", problems) for key, part in value.items()}
    if isinstance(wanted, type) and not isinstance(wanted, types.GenericAlias) and type(value) is wanted:
        return value
    problems.append(f"{where}: {json.dumps(value, default=str)} is no {getattr(wanted, '__name__', wanted)}")
    return None


def _decode_dataclass(cls: Any, document: dict[str, object], where: str, problems: list[str]) -> object:
    hints = typing.get_type_hints(cls)
    fields = {part.name: part for part in dataclasses.fields(cls)}
    problems += [f"{where}.{key}: unknown" for key in document if key not in fields]
    values = {key: _decode(hints[key], document[key], f"{where}.{key}", problems) for key in fields if key in document}
    for key, part in fields.items():
        required = part.default is dataclasses.MISSING and part.default_factory is dataclasses.MISSING
        if required and key not in document:
            problems.append(f"{where}.{key}: missing")
            return None
    for key, value in values.items():
        if key == "mode" and isinstance(value, str) and not _is_mode(value):
            problems.append(f"{where}.mode: {value} is no octal mode")
        if key in ("path", "home", "link", "workdir") and isinstance(value, str) and not value.startswith("/"):
            problems.append(f"{where}.{key}: {value} is no absolute path")
    return cls(**values)


def _is_mode(text: str) -> bool:
    return 3 <= len(text) <= 4 and all(digit in "01234567" for digit in text)
