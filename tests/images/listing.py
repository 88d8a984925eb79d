"""A file system as text that can be reviewed: every path, grouped by folder, with what is out of the ordinary.

    /usr/bin
      git 755                      a file, its mode
      sh -> dash                   a link
      ssh-agent 2755 0:101         owner and group where they are not root's
      zcmp 755 = usr/bin/zdiff     a hard link

Ordinary, and so left out: 644 for a file, 755 for a folder, root's.
"""

from collections import defaultdict

from tests.images.contents import Image
from tools.archive.tar import Entry

_ORDINARY = {"file": 0o644, "hardlink": 0o644, "directory": 0o755, "symlink": 0o777}


def write(image: Image) -> str:
    """The listing's text."""
    folders: defaultdict[str, list[str]] = defaultdict(list)
    for path in sorted(image.entries):
        parent, _, name = path.rpartition("/")
        entry = image.entries[path]
        if entry.kind == "directory":
            folders[path].insert(0, f"/{path}{_extras(entry)}")
        else:
            folders[parent].append(f"  {name}{_extras(entry)}{_target(entry)}")
    lines = []
    for path in sorted(folders):
        if not path:
            lines.append("/")
        lines += folders[path]
    return "".join(f"{line}\n" for line in lines)


def _extras(entry: Entry) -> str:
    mode = "" if entry.mode == _ORDINARY[entry.kind] else f" {entry.mode:o}"
    owner = "" if (entry.uid, entry.gid) == (0, 0) else f" {entry.uid}:{entry.gid}"
    return mode + owner


def _target(entry: Entry) -> str:
    return {"symlink": f" -> {entry.link}", "hardlink": f" = {entry.link}"}.get(entry.kind, "")
