"""A small lock made up for tests."""

from dataclasses import replace

from tools.debian.lock import Lock, LockedPackage

BASH = LockedPackage(
    package="bash",
    architecture="amd64",
    version="5.2.37-2+b10",
    archive="debian",
    path="pool/main/b/bash/bash_5.2.37-2+b10_amd64.deb",
    sha256="a" * 64,
    size=1500792,
    depends=("base-files",),
    sets=("app.base",),
    scripts={"postinst": "b" * 64},
)
LIBC = replace(BASH, package="libc6", sets=("app.base", "python"), depends=(), scripts={})
PIP = replace(BASH, package="python3-pip-whl", sets=("python",), scripts=None)
LOCK = Lock(
    "trixie",
    "20261121T021046Z",
    "20261121T081046Z",
    {"tools/python/interpreter.json": "d" * 64, "images/app/image.json": "c" * 64},
    (PIP, replace(BASH, architecture="arm64"), LIBC, BASH),
)
