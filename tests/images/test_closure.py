"""Whether everything in an image could be loaded there: machine, libraries, links. Nothing of it is started."""

from pathlib import PurePosixPath

from tests.images.contents import Image
from tools.debian.architecture import TRIPLETS
from tools.elf import elf
from tools.elf.elf import Elf


def programs(image: Image) -> dict[str, Elf]:
    """Every ELF file by its path."""
    found = {path: elf.read(entry.data) for path, entry in image.entries.items() if entry.kind == "file"}
    return {path: program for path, program in found.items() if program is not None}


def library_folders(image: Image, path: str, program: Elf) -> list[str]:
    triplet = TRIPLETS[image.architecture]
    origin = str(PurePosixPath("/", path).parent)
    own = [folder.replace("${ORIGIN}", origin).replace("$ORIGIN", origin) for folder in program.runpath]
    return [*(folder.lstrip("/") for folder in own), f"usr/lib/{triplet}", "usr/lib"]


def test_every_program_is_for_the_right_machine(image: Image) -> None:
    found = programs(image)
    assert len(found) > 5
    wrong = {path: program.machine for path, program in found.items() if program.machine != image.architecture}
    assert not wrong


def test_every_needed_library_is_there(image: Image) -> None:
    missing = []
    for path, program in programs(image).items():
        folders = library_folders(image, path, program)
        for soname in program.needed:
            if not any(image.resolve(f"{folder}/{soname}") for folder in folders):
                missing.append(f"/{path} needs {soname}")
    assert not missing


def test_every_program_finds_its_loader(image: Image) -> None:
    interpreters = {program.interpreter for program in programs(image).values() if program.interpreter}
    assert interpreters
    assert all(image.resolve(interpreter) for interpreter in interpreters)


# The proxy has no shell, and so these are for reading only.
WITHOUT_SHELL = {"/etc/update-motd.d/10-uname", "/usr/sbin/update-ca-certificates"}


def test_every_script_finds_its_interpreter(image: Image) -> None:
    missing = set()
    for path, entry in image.entries.items():
        if entry.kind == "file" and entry.mode & 0o111 and bytes(entry.data[:2]) == b"#!":
            line = bytes(entry.data[2:200]).partition(b"\n")[0].decode().split()
            wanted = line[1] if line[0].endswith("/env") and len(line) > 1 else line[0]
            folders = [""] if wanted.startswith("/") else ["usr/local/bin/", "usr/bin/", "usr/sbin/"]
            if not any(image.resolve(folder + wanted) for folder in folders):
                missing.add(f"/{path}")
    assert missing == (set() if image.resolve("bin/sh") else WITHOUT_SHELL)


def test_no_link_leads_nowhere(image: Image) -> None:
    dangling = []
    for path, entry in image.entries.items():
        if entry.kind == "symlink" and image.resolve(path) is None:
            dangling.append(f"/{path} -> {entry.link}")
    assert not dangling
