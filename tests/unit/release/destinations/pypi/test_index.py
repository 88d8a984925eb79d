import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace

import pytest

from release.destinations.pypi.index import Index, IndexedFile
from release.transport.http import Http, HttpError
from release.transport.patience import Patience
from tests.unit.release.transport.scripted import Said, Scripted

JSON = "application/vnd.pypi.simple.v1+json"
QUICK = Patience(silence=5, first=0.01, longest=0.01, total=5, tries=2)


def files(answer: Said) -> Mapping[str, IndexedFile]:
    """With addresses that begin at the server's."""
    with Scripted(answer) as server:
        found = Index(Http(QUICK), f"{server.url}/simple/").files("viberun-dev")
        return {name: replace(file, url=file.url.removeprefix(server.url)) for name, file in found.items()}


def test_json_tells_digest_and_size() -> None:
    entry = {
        "filename": "a-1-py3-none-any.whl",
        "url": "https://files.example/a",
        "hashes": {"sha256": "ab"},
        "size": 7,
    }
    answer = Said(200, json.dumps({"meta": {"api-version": "1.1"}, "files": [entry]}).encode(), {"Content-Type": JSON})
    assert files(answer) == {
        "a-1-py3-none-any.whl": IndexedFile("a-1-py3-none-any.whl", "https://files.example/a", "ab", 7)
    }


def test_html_tells_the_digest_in_the_fragment() -> None:
    page = b'<!DOCTYPE html><a href="/packages/a-1%2B2-py3-none-any.whl#sha256=ab">a</a><a>nothing</a>'
    assert files(Said(200, page, {"Content-Type": "text/html"})) == {
        "a-1+2-py3-none-any.whl": IndexedFile(
            "a-1+2-py3-none-any.whl", "/packages/a-1%2B2-py3-none-any.whl#sha256=ab", "ab", None
        )
    }


def test_a_project_that_is_not_there_has_no_files() -> None:
    assert files(Said(404)) == {}


def test_json_of_another_form_is_an_error() -> None:
    with pytest.raises(HttpError, match="the answer is of another form"):
        files(Said(200, b'{"files": [{}]}', {"Content-Type": JSON}))


NO_HASH = {"filename": "a-1-py3-none-any.whl", "url": "../../files/a-1-py3-none-any.whl", "hashes": {}}


@pytest.mark.parametrize(
    "page",
    [
        Said(200, json.dumps({"files": [NO_HASH]}).encode(), {"Content-Type": JSON}),
        Said(200, b'<a href="../../files/a-1-py3-none-any.whl">a</a>', {"Content-Type": "text/html"}),
        Said(200, b'<a href="/files/a-1-py3-none-any.whl#md5=ab">a</a>', {"Content-Type": "text/html"}),
    ],
)
def test_a_file_whose_digest_the_index_does_not_tell_is_read(page: Said) -> None:
    with Scripted(page, Said(200, b"wheel")) as server:
        index = Index(Http(QUICK), f"{server.url}/simple/")
        (file,) = index.files("viberun-dev").values()
        assert index.sha256(file) == hashlib.sha256(b"wheel").hexdigest()
    assert server.heard[1].path == "/files/a-1-py3-none-any.whl"


def test_a_digest_that_the_index_tells_is_taken_from_it() -> None:
    with Scripted(Said(404)) as server:
        file = IndexedFile("a-1-py3-none-any.whl", f"{server.url}/a", "ab", None)
        assert Index(Http(QUICK), f"{server.url}/simple/").sha256(file) == "ab"
        assert server.heard == []
