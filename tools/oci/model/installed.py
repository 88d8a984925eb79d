"""Takes all layers of packages together: what the configuration layer is made from."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from tools.archive.tar import Entry
from tools.oci.model import rootfs
from tools.oci.model.metadata import Component, Metadata, Package


@dataclass(frozen=True)
class Installed:
    """`entries` by path and without contents; `contents` of the files that configuration is made from."""

    architecture: str
    entries: dict[str, Entry]
    contents: dict[str, bytes]
    packages: tuple[Package, ...]
    components: tuple[Component, ...]
    libraries: dict[str, str]
    mtime: int

    def text(self, path: str) -> str:
        """Returns a file's content; path without leading slash. Raises KeyError where no layer has it."""
        return self.contents[path].decode()

    def has(self, package: str) -> bool:
        return package in self._names

    def exists(self, path: str) -> bool:
        """Whether an absolute path of the image leads to something, through merged /usr too."""
        return rootfs.merged(path[1:]) in self.entries

    @cached_property
    def _names(self) -> frozenset[str]:
        return frozenset(package.name for package in self.packages)


def merge(layers: Iterable[Metadata]) -> Installed:
    """Takes layers together, lowest first.

    Raises:
        ConflictError: two layers disagree about a path, or something lies below what is no folder.
    """
    layers = list(layers)
    tree = rootfs.Tree()
    for layer in layers:
        for entry in layer.entries:
            if entry.kind != "directory" and entry.path in tree:
                raise rootfs.ConflictError(f"/{entry.path}: stands in two layers, one of them {layer.layer}")
            tree.add(entry, f"layer {layer.layer}")
    rootfs.fail_on_missing_folders(tree)
    return Installed(
        architecture=layers[0].architecture,
        entries={entry.path: entry for entry in tree},
        contents={path: content for layer in layers for path, content in layer.contents.items()},
        packages=tuple(sorted((p for layer in layers for p in layer.packages), key=lambda package: package.name)),
        components=tuple(component for layer in layers for component in layer.components),
        libraries={soname: path for layer in reversed(layers) for soname, path in layer.libraries.items()},
        mtime=max(layer.mtime for layer in layers),
    )
