"""Writes the links of the alternatives system, and the database that `update-alternatives` goes by."""

from collections import defaultdict

from tools.archive.tar import Entry
from tools.oci.model import rootfs
from tools.oci.model.declaration import Alternative
from tools.oci.model.installed import Installed


class AlternativeError(ValueError):
    """A declared alternative is not in the image, or its slaves do not fit together."""


def files(installed: Installed, alternatives: tuple[Alternative, ...]) -> list[Entry]:
    """Links and database entries: of each name the choice with the highest priority, in automatic mode.

    Raises:
        AlternativeError: see there.
    """
    groups: defaultdict[str, list[Alternative]] = defaultdict(list)
    for alternative in alternatives:
        paths = [alternative.path, *(path for _, _, path in alternative.slaves)]
        missing = [path for path in paths if not installed.exists(path)]
        if missing:
            raise AlternativeError(f"alternative {alternative.name}: the image has no {', '.join(missing)}")
        groups[alternative.name].append(alternative)
    return [entry for choices in groups.values() for entry in _group(choices)]


def _group(choices: list[Alternative]) -> list[Entry]:
    best = max(choices, key=lambda choice: choice.priority)
    slaves = {(name, link) for choice in choices for name, link, _ in choice.slaves}
    entries = [*_link(best.name, best.link, best.path)]
    for name, link, path in best.slaves:
        entries += _link(name, link, path)
    lines = ["auto", best.link]
    for name, link in sorted(slaves):
        lines += [name, link]
    lines.append("")
    for choice in sorted(choices, key=lambda choice: choice.path):
        paths = {name: path for name, _, path in choice.slaves}
        lines += [choice.path, str(choice.priority), *(paths.get(name, "") for name, _ in sorted(slaves))]
    lines.append("")
    database = Entry(f"var/lib/dpkg/alternatives/{best.name}", data="".join(f"{line}\n" for line in lines).encode())
    return [*entries, database]


def _link(name: str, link: str, path: str) -> list[Entry]:
    return [
        Entry(f"etc/alternatives/{name}", "symlink", 0o777, link=path),
        Entry(rootfs.merged(link[1:]), "symlink", 0o777, link=f"/etc/alternatives/{name}"),
    ]
