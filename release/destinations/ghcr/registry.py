"""A client of one registry by the OCI distribution specification 1.1; numbers in brackets are its sections.

Blobs and manifests go by digest, so to push one twice is to push it once.
"""

from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass, field, replace
from urllib.parse import urlencode, urljoin

from release.destinations.ghcr.authorization import Authorization
from release.destinations.ghcr.image import ACCEPTED, Blob, ImageManifest
from release.transport.body import Body
from release.transport.content import Moved
from release.transport.http import Answer, Http, HttpError, Request, UnansweredError, error_text, origin


class DeniedError(HttpError):
    """The registry does not let these credentials do that (401 or 403)."""


@dataclass(frozen=True)
class Registry:
    """`root` is the registry's address without a slash at the end; repositories are named without it."""

    http: Http
    root: str
    authorization: Authorization = field(repr=False)

    def has_blob(self, repository: str, digest: str) -> bool:
        """Asks for it. [Checking if content exists] A registry that keeps its blobs elsewhere says where they are."""
        request = Request("HEAD", self._url(repository, f"blobs/{digest}"), accepted=(200, 404, *_ELSEWHERE))
        return self._send(_pull(repository), request).status != 404

    def push_blob(self, repository: str, blob: Blob, mount_from: str | None, expect: Moved, moved: Moved) -> None:
        """Mounts what is not there from another repository of this registry if that works, else uploads it. [Pushing blobs]"""
        location = self._begin_upload(repository, blob.digest, mount_from)
        if location is not None:
            expect(blob.size)
            self._upload(repository, location, blob, moved)

    def require_push_access(self, repository: str) -> None:
        """Begins an upload and takes it back. Raises DeniedError."""
        location = self._begin_upload(repository, None, None)
        if location is not None:
            with suppress(HttpError, UnansweredError):  # what can't be taken back runs out by itself
                self._send(_push(repository), Request("DELETE", location, accepted=(202, 204)))

    def digest(self, repository: str, reference: str) -> str | None:
        """Returns the digest of what a tag or digest names, or None. [Checking if content exists]"""
        url = self._url(repository, f"manifests/{reference}")
        request = Request("HEAD", url, _ACCEPT, accepted=(200, 404, *_ELSEWHERE))
        answer = self._send(_pull(repository), request)
        if answer.status == 404:
            return None
        if answer.status == 200 and (digest := answer.headers.get("docker-content-digest")):
            return digest
        manifest = self.manifest(repository, reference)
        return manifest.digest if manifest else None

    def manifest(self, repository: str, reference: str) -> ImageManifest | None:
        """Tells what a tag or digest names, and its digest by its bytes. [Pulling manifests]"""
        url = self._url(repository, f"manifests/{reference}")
        answer = self._send(_pull(repository), Request("GET", url, _ACCEPT, accepted=(200, 404)))
        if answer.status == 404:
            return None
        media_type = answer.headers.get("content-type", "").partition(";")[0]
        return ImageManifest(f"sha256:{answer.digest.sha256}", media_type, answer.content)

    def push_manifest(self, repository: str, manifest: ImageManifest, reference: str) -> None:
        """Stores a manifest under its digest or a tag; what it names has to be there. [Pushing manifests]"""
        url = self._url(repository, f"manifests/{reference}")
        headers = {"Content-Type": manifest.media_type}
        self._send(_push(repository), Request("PUT", url, headers, Body(manifest.content), accepted=(201,)))

    def _begin_upload(self, repository: str, digest: str | None, mount_from: str | None) -> str | None:
        """Begins an upload; returns where to send it, or None: the blob was mounted. [Mounting a blob from another repository]"""
        scopes = _push(repository)
        query = ""
        if digest and mount_from:
            query = "?" + urlencode({"mount": digest, "from": mount_from})
            scopes += _pull(mount_from)
        url = self._url(repository, f"blobs/uploads/{query}")
        # To begin an upload twice leaves one that nobody uses and that runs out.
        request = Request("POST", url, accepted=(201, 202), repeatable=True)
        try:
            answer = self._send(scopes, request)
        except (HttpError, UnansweredError):
            if mount_from is None:
                raise
            return self._begin_upload(repository, digest, None)  # mounting is best effort
        if answer.status == 201:
            return None
        if "location" not in answer.headers:
            raise HttpError(f"{request}: 202 without saying where to upload to", answer)
        return urljoin(url, answer.headers["location"])

    def _upload(self, repository: str, location: str, blob: Blob, moved: Moved) -> None:
        """Sends it. [POST then PUT]; a failed PUT ends the upload, so the next try begins another."""
        join = "&" if "?" in location else "?"
        url = f"{location}{join}{urlencode({'digest': blob.digest})}"
        headers = {"Content-Type": "application/octet-stream"}
        body = Body(blob.content, moved)
        try:
            self._send(_push(repository), Request("PUT", url, headers, body, accepted=(201,), repeatable=False))
        except HttpError as error:
            if error.status == 404:  # the registry has forgotten the upload
                raise UnansweredError(error.message, remedy="run the same command again") from error
            raise

    def _send(self, scopes: tuple[str, ...], request: Request) -> Answer:
        """Sends with what the registry asks for: at most twice, since a first answer may be the question.

        What a GET asks for is fetched from wherever it is, and an upload goes where the registry says: without credentials
        where that is another origin, whose questions are not answered either.
        """
        own = origin(request.url) == origin(self.root)
        refused: Collection[int] = (401,)
        moved: Collection[int] = _ELSEWHERE if request.method == "GET" else ()
        for last in (False, True):
            accepted = {*request.accepted, *moved, *(() if last else refused)}
            try:
                header = self.authorization.header(scopes) if own else None
                answer = self.http.send(replace(request, authorization=header, accepted=accepted))
                if answer.status in moved:
                    return self.http.download(replace(request, authorization=header))
            except HttpError as error:
                raise _translated(error) from error
            if answer.status != 401 or not own or not self.authorization.accept_challenge(answer, scopes, header):
                break
        if answer.status == 401:
            raise DeniedError(f"{request}: 401 {error_text(answer)}", answer)
        return answer

    def _url(self, repository: str, path: str) -> str:
        return f"{self.root}/v2/{repository}/{path}"


def _pull(repository: str) -> tuple[str, ...]:
    return (f"repository:{repository}:pull",)


def _push(repository: str) -> tuple[str, ...]:
    return (f"repository:{repository}:pull,push",)


def _translated(error: HttpError) -> HttpError:
    return DeniedError(error.message, error.answer) if error.status in (401, 403) else error


_ELSEWHERE = (301, 302, 303, 307, 308)
_ACCEPT = {"Accept": ", ".join(ACCEPTED)}
