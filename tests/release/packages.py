"""The smallest packages that npm, twine and pip take: each prints its version."""

import gzip
import io
import json
import tarfile
import zipfile

from viberun.build import Build

_DISTRIBUTIONS = {"dev": "viberun-dev", "prod": "viberun"}


def npm_package(build: Build, text: str = "") -> bytes:
    """What `npm pack` would make of a package with one program, `viberun`, and a comment in it."""
    facts = {"name": "viberun", "version": build.version.npm, "bin": {"viberun": "viberun.js"}, "license": "MIT"}
    program = f'#!/usr/bin/env node\nconsole.log("{build.version}"); // {text}\n'
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, mode, text in (("package.json", 0o644, json.dumps(facts)), ("viberun.js", 0o755, program)):
            entry = tarfile.TarInfo(f"package/{name}")
            entry.size, entry.mode = len(text), mode
            tar.addfile(entry, io.BytesIO(text.encode()))
    return gzip.compress(out.getvalue(), mtime=0)


def wheel(build: Build, text: str = "") -> bytes:
    """A wheel (PyPA's binary distribution format) with one command, which is called as the project."""
    project, version = _DISTRIBUTIONS[build.channel], build.version.pypi
    name = project.replace("-", "_")
    info = f"{name}-{version}.dist-info"
    files = {
        f"{name}.py": f'def main():\n    print("{build.version}")  # {text}\n',
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {project}\nVersion: {version}\nSummary: a test\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": f"[console_scripts]\n{project}={name}:main\n",
    }
    files[f"{info}/RECORD"] = "".join(f"{path},,\n" for path in [*files, f"{info}/RECORD"])
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for path, text in files.items():
            archive.writestr(zipfile.ZipInfo(path), text)
    return out.getvalue()
