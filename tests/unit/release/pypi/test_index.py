import json

import pytest

from release.http import Http, HttpError
from release.patience import Patience
from release.pypi.index import Index, IndexedFile
from tests.unit.release.scripted import Said, Scripted

JSON = "application/vnd.pypi.simple.v1+json"
QUICK = Patience(silence=5, first=0.01, longest=0.01, total=5, tries=2)


def files(answer: Said) -> object:
    with Scripted(answer) as server:
        return Index(Http(QUICK), f"{server.url}/simple/").files("viberun-dev")


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
    with pytest.raises(HttpError, match="PEP 691"):
        files(Said(200, b'{"files": [{}]}', {"Content-Type": JSON}))
