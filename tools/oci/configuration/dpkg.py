"""Writes dpkg's database as if dpkg had installed the packages (deb-file formats: dpkg's doc/spec, lib/dpkg/db-fsys).

Where there is no dpkg, `status.d` says the same to scanners, as distroless images do.
"""

from collections import defaultdict

from tools.archive.tar import Entry
from tools.debian.architecture import TRIPLETS
from tools.oci.model import control, documentation
from tools.oci.model.declaration import Diversion, Documentation
from tools.oci.model.installed import Installed
from tools.oci.model.metadata import Package

_DATABASE = "var/lib/dpkg"


def files(installed: Installed, rules: Documentation, diversions: tuple[Diversion, ...]) -> list[Entry]:
    """Returns the database's files; `rules` go into dpkg's configuration, so that what is installed later follows them too."""
    if not installed.has("dpkg"):
        return [entry for package in installed.packages for entry in _status_d(package)]
    entries = [
        *(entry for package in installed.packages for entry in _info(package)),
        *_triggers(installed.packages),
        _file("info/format", "1\n"),
        _file("status", "\n".join(_status(package) for package in installed.packages)),
        _file("available", ""),
        _file("diversions", _diversions(installed, diversions)),
        _file("arch-native", f"{installed.architecture}\n"),
        Entry("etc/dpkg/dpkg.cfg.d/documentation", data=documentation.dpkg_configuration(rules).encode()),
    ]
    return entries + [Entry(f"{_DATABASE}/{name}", "directory", 0o755) for name in ("alternatives", "parts", "updates")]


def _diversions(installed: Installed, diversions: tuple[Diversion, ...]) -> str:
    triplet = TRIPLETS[installed.architecture]
    return "".join(
        f"{diversion.path.format(triplet=triplet)}\n{diversion.to.format(triplet=triplet)}\n{diversion.package}\n"
        for diversion in diversions
        if diversion.architecture in ("", installed.architecture)
    )


def _status(package: Package) -> str:
    fields = [("Package", package.name), ("Status", "install ok installed")]
    fields += [field for field in package.control.fields if field[0] not in ("Package", "Description")]
    if package.conffiles:
        fields.append(("Conffiles", "".join(f"\n {path} {md5}" for path, md5 in package.conffiles.items())))
    fields.append(("Description", package.control["Description"]))
    return control.write(tuple(fields))


def _info(package: Package) -> list[Entry]:
    same = package.control.get("Multi-Arch") == "same"
    stem = f"{package.name}:{package.control['Architecture']}" if same else package.name
    entries = [
        Entry(f"{_DATABASE}/info/{stem}.{name}", mode=file.mode, data=file.text.encode())
        for name, file in package.control_files.items()
    ]
    return [*entries, _file(f"info/{stem}.list", "".join(f"{path}\n" for path in package.paths))]


def _triggers(packages: tuple[Package, ...]) -> list[Entry]:
    """Who is interested in what (deb-triggers(5)): paths in one file, each other name in one of its own."""
    interested: defaultdict[str, list[str]] = defaultdict(list)
    for package in packages:
        declared = package.control_files.get("triggers")
        for line in declared.text.splitlines() if declared else ():
            words = line.partition("#")[0].split()
            if len(words) == 2 and words[0].startswith("interest"):
                name = package.name + ("/noawait" if words[0].endswith("-noawait") else "")
                by_path = words[1].startswith("/")
                interested["File" if by_path else words[1]].append(f"{words[1]} {name}" if by_path else name)
    return [
        _file("triggers/Unincorp", ""),
        *(_file(f"triggers/{name}", "".join(f"{line}\n" for line in lines)) for name, lines in interested.items()),
    ]


def _status_d(package: Package) -> list[Entry]:
    status = control.write(
        (*package.control.fields[:1], ("Status", "install ok installed"), *package.control.fields[1:])
    )
    entries = [_file(f"status.d/{package.name}", status)]
    if "md5sums" in package.control_files:
        entries.append(_file(f"status.d/{package.name}.md5sums", package.control_files["md5sums"].text))
    return entries


def _file(name: str, text: str) -> Entry:
    return Entry(f"{_DATABASE}/{name}", data=text.encode())
