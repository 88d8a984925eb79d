import hashlib
import json

import pytest

from tools.debian import request
from tools.debian.errors import LockError

IMAGE = {"layers": [{"name": "base", "packages": ["bash"]}], "exclude": [], "prefer": ["mawk"]}


def checksum(document: object) -> str:
    return request.parse("images/app/image.json", json.dumps(document)).checksum


def test_sets_are_named_for_the_folder_and_the_layer() -> None:
    parsed = request.parse("images/app/image.json", json.dumps(IMAGE))
    assert [(layer.set_name, layer.packages) for layer in parsed.layers] == [("app.base", ("bash",))]
    plain = request.parse("tools/python/interpreter.json", '{"packages": ["libc6"], "closure": false}')
    assert [(layer.set_name, layer.packages) for layer in plain.layers] == [("python", ("libc6",))]


def test_the_checksum_changes_with_what_is_asked_for() -> None:
    changed = [
        IMAGE | {"layers": [{"name": "base", "packages": ["bash", "jq"]}]},
        IMAGE | {"layers": [{"name": "first", "packages": ["bash"]}]},
        IMAGE | {"exclude": ["mawk"]},
        IMAGE | {"prefer": []},
        IMAGE | {"closure": False},
    ]
    assert len({checksum(document) for document in [IMAGE, *changed]}) == 6


def test_the_checksum_does_not_change_with_what_others_keep_in_the_file() -> None:
    layers = [{"name": "base", "packages": ["bash"], "comment": "x"}, {"name": "own", "files": ["x"]}]
    assert checksum(IMAGE | {"layers": layers, "user": "viberun"}) == checksum(IMAGE)


def test_the_checksum_is_that_of_starlarks_json() -> None:
    starlark = b'{"closure":false,"packages":["libc6"]}'
    assert checksum({"packages": ["libc6"], "closure": False}) == hashlib.sha256(starlark).hexdigest()


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"packages": "bash"}', '{"layers": [{"packages": ["bash"]}]}', '{"packages": 3}']
)
def test_what_is_no_request_is_refused_by_name(text: str) -> None:
    with pytest.raises(LockError, match=r"images/app/image\.json: no request"):
        request.parse("images/app/image.json", text)
