"""npm's and Python's registries on this machine, with the packages of a release's folder and nothing else.

As much of both as npx and uvx ask for, as static files: npm's package document, and the simple repository of PEP 503.
"""

import base64
import hashlib
import json
import re
import shutil
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread


@contextmanager
def registries(folder: Path, tag: str, scratch: Path) -> Iterator[Mapping[str, str]]:
    """Serves them while the block runs; yields the variables by which npm and uv find them. npm's dist-tag is `tag`.

    Their files are made in `scratch`.
    """

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(scratch))) as server:
        url = f"http://127.0.0.1:{server.server_port}"
        for package in (folder / "npm").glob("*.tgz"):
            _add_to_npm(package, tag, url, scratch)
        for wheel in (folder / "pypi").glob("*.whl"):
            _add_to_simple(wheel, scratch / "simple")
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield {"npm_config_registry": f"{url}/", "UV_DEFAULT_INDEX": f"{url}/simple/"}
        finally:
            server.shutdown()


def _add_to_npm(package: Path, tag: str, url: str, root: Path) -> None:
    with tarfile.open(package) as archive:
        member = archive.extractfile("package/package.json")
        assert member is not None
        document = json.load(member)
    # npm keeps no build metadata.
    version = str(document["version"]).partition("+")[0]
    digest = base64.b64encode(hashlib.sha512(package.read_bytes()).digest()).decode()
    dist = {"tarball": f"{url}/-/{package.name}", "integrity": f"sha512-{digest}"}
    (root / "-").mkdir(exist_ok=True)
    shutil.copy(package, root / "-")
    listed = {
        "name": document["name"],
        "dist-tags": {tag: version, "latest": version},
        "versions": {version: {**document, "version": version, "dist": dist}},
    }
    (root / document["name"]).write_text(json.dumps(listed))


def _add_to_simple(wheel: Path, root: Path) -> None:
    project = root / re.sub(r"[-_.]+", "-", wheel.name.partition("-")[0]).lower()
    project.mkdir(parents=True, exist_ok=True)
    shutil.copy(wheel, project)
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    (project / "index.html").write_text(f'<!DOCTYPE html><a href="{wheel.name}#sha256={digest}">{wheel.name}</a>')
