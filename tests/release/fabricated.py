"""A release with everything in it, a few kilobytes of it, made by the code that makes the real one."""

import functools
import hashlib
import json
import shutil
from collections.abc import Sequence
from pathlib import Path

from release.bundle import make_bundle
from release.bundle import model as bundle
from release.bundle.model import Bundle
from tests.release import layouts, packages
from viberun import channel
from viberun.build import Build
from viberun.version import Version

DEV = Build(
    Version.parse("0.0.0-dev.20260125123045+abc1234"),
    "dev",
    "abc1234" + 33 * "0",
    "2026-01-25T12:30:45Z",
    "Some-Owner/viberun",
)
NEWER = Build(
    Version.parse("0.0.0-dev.20260126080000+def5678"),
    "dev",
    "def5678" + 33 * "0",
    "2026-01-26T08:00:00Z",
    "Some-Owner/viberun",
)
PROD = Build(Version.parse("1.2.3"), "prod", "abc1234" + 33 * "0", "2026-01-25T12:30:45Z", "Some-Owner/viberun")

PLATFORMS = ("linux-amd64", "linux-arm64", "darwin-amd64", "darwin-arm64")
BUNDLE = "viberun/bundle.json"


def make(
    runfiles: Path,
    build: Build = DEV,
    *,
    platforms: Sequence[str] = PLATFORMS,
    images: bool = True,
    size: int = 2000,
    publishable: bool = False,
    text: str = "",
) -> Bundle:
    """Fabricates products of `size` bytes each below `runfiles`, and bundles them as the build does.

    The bundle is at BUNDLE there. `publishable`: with packages and images that the real registries take; `text` makes
    them other ones than those of the same build without it.
    """
    built = runfiles / "viberun"
    built.mkdir(parents=True)
    (built / "version.json").write_text(build.to_json())
    (built / "sums").mkdir()
    products = [_product(built, build, "client", p, size) for p in platforms]
    products += [_product(built, build, "server", p, size) for p in platforms[:2]]
    products += [_product(built, build, kind, None, size) for kind in ("install", "npm", "wheel")]
    if publishable:
        (built / "npm").write_bytes(packages.npm_package(build, text))
        (built / "wheel").write_bytes(packages.wheel(build, text))
    names = channel.IMAGES if images else ()
    request = {
        "version": str(built / "version.json"),
        "products": products,
        "images": [
            _whole_image(built, build, name, size, text) if publishable else _image(built, build, name, size)
            for name in names
        ],
        "manifest": {"file": str(built / "channel.json"), "runfile": "viberun/channel.json"},
        "bundle": str(built / "bundle.json"),
        "sums": {"file": str(built / "sums"), "runfile": "viberun/sums"},
    }
    make_bundle.make(make_bundle.Request.of(request))
    return bundle.read(runfiles / BUNDLE, runfiles)


def _product(built: Path, build: Build, kind: str, platform: str | None, size: int) -> dict[str, str | None]:
    name = f"{kind}.{platform}" if platform else kind
    seed = f"{name} of {build.version}\n".encode()
    (built / name).write_bytes((seed * size)[:size])
    return {
        "kind": kind,
        "platform": platform,
        "file": str(built / name),
        "runfile": f"viberun/{name}",
    }


def _image(built: Path, build: Build, name: str, size: int) -> dict[str, str]:
    """An OCI layout with an index and a layer, which nobody could run."""
    layout = built / "images" / name
    blobs = layout / "blobs" / "sha256"
    blobs.mkdir(parents=True)

    def blob(content: bytes) -> str:
        digest = hashlib.sha256(content).hexdigest()
        (blobs / digest).write_bytes(content)
        return f"sha256:{digest}"

    layer = blob(f"layer of {name} {build.version}".encode() * (size // 40))
    index = blob(json.dumps({"schemaVersion": 2, "manifests": [{"digest": layer}]}).encode())
    (layout / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [{"digest": index}]}))
    (layout / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    return {"name": name, "file": str(layout), "runfile": f"viberun/images/{name}"}


@functools.cache
def busybox() -> bytes:
    """A program that needs nothing else in its image: the machine's static busybox."""
    path = shutil.which("busybox")
    assert path, "busybox must be installed"
    return Path(path).read_bytes()


def _whole_image(built: Path, build: Build, name: str, size: int, text: str) -> dict[str, str]:
    """An OCI layout of two platforms that tells its version when it is run, and whose base is the same in every build."""
    base = {"bin/busybox": busybox(), "etc/base": b"debian" * (size // 6)}
    files = {f"opt/{name}": f"{build.version}{text}".encode()}
    layouts.make(built / "images" / name, name, files, base, ["/bin/busybox", "cat", f"/opt/{name}"])
    return {"name": name, "file": str(built / "images" / name), "runfile": f"viberun/images/{name}"}
