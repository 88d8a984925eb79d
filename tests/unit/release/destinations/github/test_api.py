"""An answer of another form than GitHub describes is one clear line, whatever was asked."""

from collections.abc import Callable

import pytest

from release.destinations.github.api import Api
from release.destinations.github.settings import Settings
from release.transport.http import Http, HttpError
from release.transport.patience import Patience
from tests.unit.release.transport.scripted import Said, Scripted

ASKED: dict[str, Callable[[Api], object]] = {
    "the repository": lambda api: api.repository(),
    "immutability": lambda api: api.immutable_releases(),
    "workflow files": lambda api: api.workflow_files("main"),
    "a comparison": lambda api: api.compare("a", "b"),
    "a ref": lambda api: api.tag_commit("dev"),
    "a release": lambda api: api.release("dev"),
    "all releases": lambda api: list(api.releases()),
    "the latest": lambda api: api.latest(),
    "assets": lambda api: api.assets(1),
}


@pytest.mark.parametrize("body", [b"{}", b"[]", b"[{}]", b"null", b"7", b'{"object": {}}', b"<html>"])
@pytest.mark.parametrize("asked", ASKED)
def test_an_answer_of_another_form_is_an_error_of_one_line(asked: str, body: bytes) -> None:
    empty = {"all releases", "assets", "workflow files"} if body in (b"[]", b"{}") else set[str]()
    with Scripted(Said(200, body)) as server:
        api = Api(Http(Patience(tries=1)), Settings.of({"GITHUB_API_URL": server.url}, "owner/name"))
        if asked in empty:
            assert ASKED[asked](api) in ([], {})
            return
        with pytest.raises(HttpError, match=r"^the answer is of another form [^\n]*$"):
            ASKED[asked](api)
