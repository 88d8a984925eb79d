"""`bazel run //tools/debian:update`: renews the lock."""

import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tools.debian import archive, lock, mirror, process, request, resolve, suite


def main(argv):
    root = Path(os.environ.get("BUILD_WORKSPACE_DIRECTORY", "."))
    s = suite.read(root / "tools/debian/trixie.json")
    requests = [request.parse(p, (root / p).read_text()) for p in s.requests]
    now = datetime.now(UTC)
    mirrors = mirror.Mirrors(mirror.configured([a.name for a in s.archives], os.environ, process.run, now), mirror.fetch_with_retries)
    releases = archive.release_files(s, mirrors, process.run, now=None)
    packages = []
    for architecture in s.architectures:
        index = archive.read_index(s, architecture, releases, mirrors)
        sets, depends = {}, {}
        for r in requests:
            resolved = resolve.resolve(r, index)
            selected = [n for names in resolved.values() for n in names]
            for set_name, names in resolved.items():
                for n in names:
                    sets.setdefault(n, set()).add(set_name)
                    depends.setdefault(n, set()).update(resolve.dependencies(n, index, selected))
        for n in sorted(sets):
            p = index[n]
            packages.append(lock.LockedPackage(n, architecture, p.version, p.archive, p.fields["Filename"], p.fields["SHA256"], int(p.fields["Size"]), tuple(sorted(depends[n])), tuple(sorted(sets[n]))))
    date = max(r.date for r in releases.values())
    new = lock.Lock(s.codename, f"{date:%Y%m%dT%H%M%SZ}", f"{date + timedelta(hours=6):%Y%m%dT%H%M%SZ}", {r.path: r.checksum for r in requests}, tuple(packages))
    (root / "tools/debian/trixie.lock.json").write_text(new.to_json())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
