"""What a package index has of one project: the JSON of PEP 691 and PEP 700, or the HTML of PEP 503 where it has no JSON."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qs, unquote, urljoin, urlsplit

from release.transport.http import Http, Request, read

_JSON = "application/vnd.pypi.simple.v1+json"
_ACCEPTED = f"{_JSON}, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1"


@dataclass(frozen=True)
class IndexedFile:
    """`sha256` in hex and `size` in bytes, where the index tells; `url` is whole."""

    name: str
    url: str
    sha256: str | None
    size: int | None


@dataclass(frozen=True)
class Index:
    """A simple index; `root` with a slash at the end."""

    http: Http
    root: str

    def files(self, project: str) -> Mapping[str, IndexedFile]:
        """Returns every file of the project by name, as anybody sees it past caches; none where there is no such project.

        `project` is normalised (PEP 503). Raises HttpError, UnansweredError.
        """
        headers, url = {"Accept": _ACCEPTED, "Cache-Control": "no-cache"}, f"{self.root}{project}/"
        answer = self.http.download(Request("GET", url, headers, accepted=(200, 404)))
        if answer.status == 404:
            return {}
        if answer.headers.get("content-type", "").partition(";")[0].strip() == _JSON:
            files = read(answer, _from_json)
        else:
            page = _Page()
            page.feed(answer.content.decode(errors="replace"))
            files = page.files
        return {file.name: replace(file, url=urljoin(url, file.url)) for file in files}

    def sha256(self, file: IndexedFile) -> str:
        """Returns it as the index tells it, else the file's own. Raises HttpError, UnansweredError."""
        if file.sha256:
            return file.sha256
        return self.http.download(Request("GET", file.url), keep=False).digest.sha256


def _from_json(page: Any) -> Sequence[IndexedFile]:
    return [
        IndexedFile(each["filename"], each["url"], each["hashes"].get("sha256"), each.get("size"))
        for each in page["files"]
    ]


class _Page(HTMLParser):
    """The anchors of a project's page; a digest is the fragment of the address."""

    def __init__(self) -> None:
        super().__init__()
        self.files: list[IndexedFile] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        href = dict(attrs).get("href") if tag == "a" else None
        if href:
            split = urlsplit(href)
            name = unquote(split.path).rpartition("/")[2]
            sha256 = parse_qs(split.fragment).get("sha256", [None])[0]
            self.files.append(IndexedFile(name, href, sha256, None))
