"""Debian packages as the lock pins them, from wherever this machine can get them.

What repository rules need. No host is named here but Debian's snapshot archive, and a filled repository cache needs none at
all. tools/debian/mirror.py finds the same mirrors for the program that renews the lock.
"""

load("//tools/repository_cache:defs.bzl", "from_cache", "into_cache")

visibility("//tools/debian/...")

_SNAPSHOT = "https://snapshot.debian.org/archive"
_LABELS = {"debian": "Debian", "debian-security": "Debian-Security"}
_REQUEST_KEYS = ["closure", "exclude", "layers", "packages", "prefer"]
_UPDATE = "bazel run //tools/debian:update"

def read_lock(rctx, lock):
    """Reads a lock file.

    Args:
      rctx: the repository context.
      lock: label of the file.

    Returns:
      a struct: `packages(architecture, set)` lists the pins of a set, or without `set` those of all images; `requests` maps the
      path of each request answered to its checksum.
    """
    document = json.decode(rctx.read(lock))
    pins = [pin | {"snapshot": document["snapshot"]} for pin in document["packages"]]
    return struct(
        packages = lambda architecture, set = None: [
            pin
            for pin in pins
            if pin["architecture"] == architecture and (set in pin["sets"] if set else "scripts" in pin)
        ],
        requests = document["requests"],
    )

def download_packages(rctx, pins, folder = ".", remedy = _UPDATE):
    """Downloads pins of the lock, each as `<package>.deb`.

    Mirrors are looked up, which takes a second, only if the repository cache does not hold everything. Fails with one message that
    names every package that no mirror has any more.

    Args:
      rctx: the repository context.
      pins: what `read_lock(…).packages` gave.
      folder: where to put the files.
      remedy: the command that renews the lock.

    Returns:
      the files' paths by package.
    """
    missing = _download(rctx, folder, _not_cached(rctx, folder, pins))
    if missing:
        fail("\n  ".join(
            ["no mirror has these Debian packages any more, or none answers:"] +
            ["{package} {version} ({path})".format(**pin) for pin in missing] +
            ["Renew the lock: " + remedy],
        ))
    return {pin["package"]: _file(folder, pin) for pin in pins}

def unpack_packages(rctx, pins, remedy = _UPDATE):
    """Downloads pins of the lock, and unpacks them below `root`.

    Args:
      rctx: the repository context.
      pins: what `read_lock(…).packages` gave, the C library's among them.
      remedy: the command that renews the lock.

    Returns:
      a struct: `libraries`, the path of the folder with the architecture's libraries; `loader`, the file in it that starts programs.
    """
    for archive in download_packages(rctx, pins, remedy = remedy).values():
        rctx.extract(archive, "deb")
        (data,) = [path for path in rctx.path("deb").readdir() if path.basename.startswith("data.tar")]
        rctx.extract(data, "root")
        rctx.delete("deb")
        rctx.delete(archive)
    (libraries,) = [path for path in rctx.path("root/usr/lib").readdir() if path.basename.endswith("-linux-gnu")]
    (loader,) = [path for path in libraries.readdir() if path.basename.startswith("ld-linux")]
    return struct(libraries = "root/usr/lib/" + libraries.basename, loader = loader.basename)

def fail_if_stale(rctx, lock, requests):
    """Fails unless the lock answers all requests as they are now.

    Args:
      rctx: the repository context.
      lock: what `read_lock` gave.
      requests: paths of the request files, relative to the workspace.
    """
    stale = [path for path in requests if lock.requests.get(path) != _checksum(rctx, path)]
    if stale:
        fail("the Debian lock does not answer {} any more. Renew it: {}".format(", ".join(stale), _UPDATE))

def fail_if_undecided(pins, ledger):
    """Fails if nobody has said what becomes of a maintainer script, none of which an image runs.

    Args:
      pins: what `read_lock(…).packages` gave.
      ledger: the decoded ledger.
    """
    undecided = {
        "{} of {} ({})".format(script, pin["package"], digest): None
        for pin in pins
        for script, digest in pin["scripts"].items()
        if not ledger["scripts"].get(digest, {}).get("decision")
    }
    if undecided:
        fail("\n  ".join(
            ["nobody has decided yet about these maintainer scripts:"] +
            undecided.keys() +
            ["Decide in tools/debian/ledger.json, or with: " + _UPDATE],
        ))

def _file(folder, pin):
    return "{}/{}.deb".format(folder, pin["package"])

def _not_cached(rctx, folder, pins):
    """The pins from the first on that the repository cache does not hold, with those before it in place."""
    for index, pin in enumerate(pins):
        if not from_cache(rctx, _file(folder, pin), sha256 = pin["sha256"]):
            return pins[index:]
    return []

def _download(rctx, folder, pins):
    """Starts all downloads at once; returns the pins that could not be had."""
    urls = _mirrors(rctx) if pins else None
    downloads = [
        (pin, rctx.download(urls(pin), _file(folder, pin), sha256 = pin["sha256"], allow_fail = True, block = False))
        for pin in pins
    ]
    return [pin for pin, download in downloads if not download.wait().success]

def _mirrors(rctx):
    """Returns a function from a pin to its addresses: DEBIAN_MIRROR, apt's configuration, the snapshot archive."""
    own = (rctx.getenv("DEBIAN_MIRROR") or "").rstrip("/").removesuffix("/debian")
    targets = []
    if rctx.which("apt-get"):
        # Before its first update apt lists the sources only when asked for no more than the addresses.
        for option in [[], ["--no-release-info"]]:
            result = rctx.execute(["apt-get", "indextargets"] + option + ["--format", "$(REPO_URI) $(LABEL)", "Created-By: Packages"])
            targets += result.stdout.splitlines() if result.return_code == 0 else []

    roots = {}
    for archive in _LABELS:
        found = ["{}/{}/".format(own, archive)] if own else []
        for target in targets:
            root, _, label = target.partition(" ")
            if label == _LABELS[archive] or (label == "$(LABEL)" and root.endswith("/{}/".format(archive))):
                found.append(root)
        roots[archive] = {root: None for root in found}.keys()

    # Beside the main archive, where apt is set to that one alone.
    beside = [root.removesuffix("debian/") for root in roots["debian"] if root.endswith("/debian/")]
    roots = {
        archive: found or ["{}{}/".format(parent, archive) for parent in beside]
        for archive, found in roots.items()
    }
    return lambda pin: [
        root + pin["path"]
        for root in roots[pin["archive"]] + ["{}/{}/{}/".format(_SNAPSHOT, pin["archive"], pin["snapshot"])]
    ]

def _checksum(rctx, path):
    """The checksum of a request, as tools/debian/request.py makes it."""
    document = json.decode(rctx.read(rctx.workspace_root.get_child(path)))
    wanted = {key: document[key] for key in _REQUEST_KEYS if key in document}
    if "layers" in wanted:
        wanted["layers"] = [
            {key: layer[key] for key in ["name", "packages"]}
            for layer in wanted["layers"]
            if "packages" in layer
        ]

    # Starlark has no digest, but a download tells the one of what it brought.
    rctx.file("request.json", json.encode(wanted))
    digest = into_cache(rctx, rctx.path("request.json"), "request.copy.json").sha256
    rctx.delete("request.json")
    rctx.delete("request.copy.json")
    return digest
