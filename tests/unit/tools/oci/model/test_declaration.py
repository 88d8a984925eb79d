import json
from typing import Any

import pytest

from tools.oci.model import declaration

MINIMAL: dict[str, Any] = {
    "name": "image",
    "title": "An image",
    "description": "For tests",
    "layers": [{"name": "base", "packages": ["one"]}],
    "config": {"user": "nobody", "workdir": "/", "env": {"A": "1"}, "entrypoint": ["/run"]},
}


def parse(**changes: Any) -> declaration.Declaration:
    return declaration.parse(json.dumps(MINIMAL | changes))


def test_a_declaration_is_read() -> None:
    image = parse(users=[{"name": "u", "uid": 1, "gid": 2, "gecos": "", "home": "/h", "shell": "/s"}])
    assert image.layers == (declaration.Layer("base", ("one",)),)
    assert image.users[0].uid == 1
    assert image.config.stop_signal == "SIGTERM"


def test_every_problem_is_told_at_once() -> None:
    document = MINIMAL | {
        "nmae": "image",
        "description": 3,
        "layers": [{"name": "base", "packages": "one"}],
        "links": [{"path": "relative", "target": "t"}],
        "directories": [{"path": "/d", "mode": "rwx"}],
        "users": [{"name": "u"}],
    }
    del document["title"]
    with pytest.raises(declaration.DeclarationError) as error:
        declaration.parse(json.dumps(document))
    assert str(error.value).splitlines() == [
        "image.nmae: unknown",
        "image.description: 3 is no str",
        'image.layers[0].packages: "one" is no tuple',
        "image.users[0].uid: missing",
        "image.directories[0].mode: rwx is no octal mode",
        "image.links[0].path: relative is no absolute path",
        "image.title: missing",
    ]


def test_what_is_no_json_is_refused() -> None:
    with pytest.raises(declaration.DeclarationError, match="not JSON"):
        declaration.parse("{")
    with pytest.raises(declaration.DeclarationError, match="no Declaration"):
        declaration.parse("[]")


def test_a_part_comes_back_as_it_was_encoded() -> None:
    part = declaration.Alternative(
        "awk", "/usr/bin/awk", "/usr/bin/mawk", 5, (("nawk", "/usr/bin/nawk", "/usr/bin/mawk"),)
    )
    assert declaration.decode(declaration.Alternative, json.loads(json.dumps(declaration.encode(part)))) == part
