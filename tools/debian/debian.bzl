"""Packages of Debian, downloaded by digest: the repository cache first, then the mirrors that this machine is set to."""

def read_lock(rctx, lock):
    """Reads a lock file: a struct whose `packages(architecture, name)` lists the pins of the set `name`."""
    pins = json.decode(rctx.read(lock))["packages"]
    return struct(packages = lambda architecture, name: [
        pin
        for pin in pins
        if pin["architecture"] in (architecture, "all") and name in pin["sets"]
    ])

def _mirrors(rctx):
    result = rctx.execute(["apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages"])
    return {root.strip("/"): None for root in result.stdout.split("\n") if root}.keys()

def download_packages(rctx, packages):
    """Downloads pins of the lock; returns the files' names by package."""
    files = {}
    for pin in packages:
        file = pin["package"] + ".deb"
        if not rctx.download("file:///nonexistent/deb", file, sha256 = pin["sha256"], allow_fail = True).success:
            rctx.download(["{}/{}".format(root, pin["path"]) for root in _mirrors(rctx)], file, sha256 = pin["sha256"])
        files[pin["package"]] = file
    return files
