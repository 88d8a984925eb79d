"""Tells what a renewal changes: to the person who reads it, and in the pull request that carries it."""

from collections import defaultdict
from collections.abc import Iterable

from tools.debian.lock import Lock, LockedPackage
from tools.debian.version import sort_key


def describe(old: Lock | None, new: Lock) -> list[str]:
    """Returns a line for each package that was added, removed or changed, then one with the sums; no lines where nothing did.

    Architectures that changed alike share a line; sizes are those of the .debs, added up over them.
    """
    before, after = _by_name(old.packages if old else ()), _by_name(new.packages)
    lines = [_line(name, before.get(name, []), after.get(name, [])) for name in sorted({*before, *after})]
    changed = [line for line in lines if line]
    if changed:
        sizes = [sum(p.size for p in lock.packages) if lock else 0 for lock in (old, new)]
        count = "1 package changes" if len(changed) == 1 else f"{len(changed)} packages change"
        changed.append(f"{count}; {_megabytes(sizes[0])} -> {_megabytes(sizes[1])}")
    return changed


def _line(name: str, before: list[LockedPackage], after: list[LockedPackage]) -> str:
    if before == after:
        return ""
    size = f"{_signed(sum(p.size for p in after) - sum(p.size for p in before))}"
    sets = ", ".join(sorted({s for p in after or before for s in p.sets}))
    old, new = _versions(before), _versions(after)
    if not before:
        return f"+ {name} {new} ({sets}; {size})"
    if not after:
        return f"- {name} {old} ({sets}; {size})"
    if old == new:
        return f"  {name} {new}: {_difference(before, after)} ({sets}; {size})"
    older = max(sort_key(p.version) for p in after) < max(sort_key(p.version) for p in before)
    return f"  {name} {old} -> {new}{' GOES BACK' if older else ''} ({sets}; {size})"


def _difference(before: list[LockedPackage], after: list[LockedPackage]) -> str:
    """Returns which fields differ, of packages that keep their version."""
    old, new = ([vars(p) for p in packages] for packages in (before, after))
    if len(old) != len(new):
        return "architectures differ"
    return ", ".join(sorted({key for o, n in zip(old, new, strict=True) for key in o if o[key] != n[key]})) + " differ"


def _by_name(packages: Iterable[LockedPackage]) -> dict[str, list[LockedPackage]]:
    found: dict[str, list[LockedPackage]] = defaultdict(list)
    for package in sorted(packages, key=lambda p: p.architecture):
        found[package.package].append(package)
    return found


def _versions(packages: list[LockedPackage]) -> str:
    return "/".join(dict.fromkeys(p.version for p in packages))


def _signed(size: int) -> str:
    return f"{size / 1000:+,.0f} kB"


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB"
