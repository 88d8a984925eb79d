"""Holds requests and answers to GitHub's published description of its API (openapi.json)."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from jsonschema_path import SchemaPath
from openapi_core import OpenAPI
from openapi_core.datatypes import RequestParameters
from openapi_core.exceptions import OpenAPIError
from openapi_core.templating.responses.exceptions import ResponseFinderError
from werkzeug.datastructures import Headers, ImmutableMultiDict

DESCRIPTION = Path(__file__).with_name("openapi.json")


@dataclass(frozen=True)
class Sent:
    """A request; `root` is the server's address (`http://127.0.0.1:1234/api/v3`), `path` goes below it."""

    root: str
    method: str
    path: str
    query: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


class Contract:
    """Says what is wrong with requests and answers."""

    def __init__(self, api: str, uploads: str) -> None:
        """Takes the roots that stand for api.github.com and uploads.github.com."""
        description = json.loads(DESCRIPTION.read_text())
        description["servers"] = [{"url": api}]
        upload = description["paths"]["/repos/{owner}/{repo}/releases/{release_id}/assets"]["post"]
        upload["servers"] = [{"url": uploads}]
        # What GitHub's documentation of uploads says, its description forgets: "an asset with the state of `starter`".
        description["components"]["schemas"]["release-asset"]["properties"]["state"]["enum"].append("starter")
        self._api = OpenAPI(SchemaPath.from_dict(description))
        self._right = set[tuple[str, str]]()

    def of_request(self, sent: Sent) -> list[str]:
        """Every way in which the request is not as described."""
        try:
            self._api.validate_request(_Request(sent))
        except OpenAPIError as error:
            return [f"{sent}: {_reason(error)}"]
        return []

    def of_answer(self, sent: Sent, status: int, answer: bytes) -> list[str]:
        """The same of the answer. An error status that is not described only has to have an error's form.

        What was found right once, an asset in a list say, is not looked at again.
        """
        place = f"{sent.method} {re.sub('[0-9]+', '0', sent.path)} {status}"
        fresh = set[tuple[str, str]]()
        rest = self._not_seen(place, json.loads(answer or b"null"), fresh)
        try:
            self._api.validate_response(_Request(sent), _Response(status, json.dumps(rest).encode() if answer else b""))
            self._right |= fresh
        except ResponseFinderError:
            if status < 400 or "message" not in json.loads(answer):
                return [f"{sent}: status {status} is not described"]
        except OpenAPIError as error:
            return [f"{sent}: answer {status}: {_reason(error)}"]
        return []

    def _not_seen(self, place: str, value: Any, fresh: set[tuple[str, str]]) -> Any:
        """The value, its lists without the items that were right at this place before; the others are put into `fresh`."""
        if isinstance(value, dict):
            return {name: self._not_seen(f"{place}.{name}", each, fresh) for name, each in value.items()}
        if not isinstance(value, list):
            return value
        keys = [(place, json.dumps(each)) for each in value]
        fresh |= set(keys) - self._right
        return [
            self._not_seen(place, each, fresh) for key, each in zip(keys, value, strict=True) if key not in self._right
        ]


def _reason(error: BaseException) -> str:
    """The innermost causes, without the whole documents that openapi-core puts in front."""
    causes = [getattr(each, "message", str(each)) for each in getattr(error.__cause__, "schema_errors", ())]
    return "; ".join(causes) or f"{error} ({error.__cause__ or type(error).__name__})"


class _Request:
    """openapi-core's request protocol."""

    def __init__(self, sent: Sent) -> None:
        scheme, _, rest = sent.root.partition("://")
        host, slash, prefix = rest.partition("/")
        # GitHub takes slashes in these parameters, which OpenAPI 3.0 can't express.
        path = re.sub(r"((?<=/git/ref/)|(?<=/git/refs/)|(?<=/contents/)|(?<=/commits/)).+", _escaped, sent.path)
        self.host_url = f"{scheme}://{host}"
        self.path = f"{slash}{prefix}{path}"
        self.method = sent.method.lower()
        headers = Headers(list(sent.headers))
        self.content_type = headers.get("content-type", "").partition(";")[0]
        self.body = sent.body or None
        self.parameters = RequestParameters(
            query=ImmutableMultiDict(parse_qsl(sent.query)), header=headers, cookie=ImmutableMultiDict()
        )


def _escaped(match: re.Match[str]) -> str:
    return match[0].replace("/", "%2F")


class _Response:
    """openapi-core's response protocol."""

    def __init__(self, status: int, answer: bytes) -> None:
        self.status_code = status
        self.headers: Any = Headers()
        self.content_type = "application/json"
        self.data = answer
