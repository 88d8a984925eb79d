import fcntl
import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from release.destinations.local.swapped_folder import SwappedFolder


@pytest.fixture
def folder(tmp_path: Path) -> SwappedFolder:
    return SwappedFolder.at(tmp_path / "out")


def never() -> None:
    raise AssertionError("nothing to wait for")


def swap(folder: SwappedFolder, text: str) -> Path:
    with folder.locked(never):
        edition = folder.begin(text)
        (edition / "file").write_text(text)
        folder.switch(edition)
        folder.tidy()
    return edition


def held(folder: SwappedFolder) -> set[str]:
    return {entry.name for entry in folder.editions.iterdir()}


def test_the_folder_is_a_relative_link_so_that_it_moves_with_its_parent(folder: SwappedFolder, tmp_path: Path) -> None:
    swap(folder, "a")
    assert os.readlink(folder.path) == ".out.editions/1-a"
    tmp_path.rename(tmp_path.with_name("moved"))
    assert (tmp_path.with_name("moved") / "out" / "file").read_text() == "a"


def test_an_absent_folder_and_its_parents_are_made(tmp_path: Path) -> None:
    folder = SwappedFolder.at(tmp_path / "some" / "where" / "out")
    assert folder.obstacle() is None
    swap(folder, "a")
    assert (folder.path / "file").read_text() == "a"


def test_an_empty_folder_is_replaced(folder: SwappedFolder) -> None:
    folder.path.mkdir()
    assert folder.obstacle() is None
    swap(folder, "a")
    assert (folder.path / "file").read_text() == "a"


def test_a_folder_that_fills_up_meanwhile_is_not_replaced(folder: SwappedFolder) -> None:
    folder.path.mkdir()
    with folder.locked(never):
        edition = folder.begin("a")
        (folder.path / "precious").write_text("here since")
        with pytest.raises(OSError, match="not empty"):
            folder.switch(edition)
        folder.tidy()
    assert (folder.path / "precious").read_text() == "here since"
    assert held(folder) == set()


def test_only_the_edition_before_is_kept(folder: SwappedFolder) -> None:
    for text in "abcd":
        swap(folder, text)
    assert held(folder) == {"3-c", "4-d"}
    assert (folder.editions / "3-c" / "file").read_text() == "c"
    assert folder.previous() == folder.editions / "3-c"


def test_more_than_nine_editions_count_as_numbers(folder: SwappedFolder) -> None:
    for text in "abcdefghijk":
        swap(folder, text)
    assert held(folder) == {"10-j", "11-k"}


def test_what_a_killed_run_left_is_gone_with_the_next(folder: SwappedFolder) -> None:
    swap(folder, "a")
    swap(folder, "b")
    with folder.locked(never):
        edition = folder.begin("lost")
        (edition / "half").write_text("of a file")
    (folder.editions / "next").symlink_to("nowhere")
    swap(folder, "c")
    assert held(folder) == {"2-b", "3-c"}


def test_what_is_none_of_ours_stays_even_among_the_editions(folder: SwappedFolder) -> None:
    swap(folder, "a")
    (folder.editions / "notes").write_text("mine")
    swap(folder, "b")
    swap(folder, "c")
    assert held(folder) == {"notes", "2-b", "3-c"}


def test_a_link_that_somebody_removed_is_made_again(folder: SwappedFolder) -> None:
    swap(folder, "a")
    folder.path.unlink()
    assert folder.current() is None
    swap(folder, "b")
    assert (folder.path / "file").read_text() == "b"
    assert held(folder) == {"1-b"}


def test_editions_that_somebody_removed_are_no_obstacle(folder: SwappedFolder) -> None:
    edition = swap(folder, "a")
    (edition / "file").unlink()
    edition.rmdir()
    assert folder.obstacle() is None
    swap(folder, "b")
    assert (folder.path / "file").read_text() == "b"


def plain_file(folder: SwappedFolder) -> None:
    folder.path.write_text("text")


def other_files(folder: SwappedFolder) -> None:
    folder.path.mkdir()
    (folder.path / "channel.json").write_text("{}")


def other_link(folder: SwappedFolder) -> None:
    folder.path.symlink_to("/somewhere")


def link_out_of_the_editions(folder: SwappedFolder) -> None:
    folder.path.symlink_to(f"{folder.editions.name}/../1-a")


def file_for_editions(folder: SwappedFolder) -> None:
    folder.editions.write_text("text")


def link_for_editions(folder: SwappedFolder) -> None:
    folder.editions.symlink_to("/tmp")


@pytest.mark.parametrize(
    ("prepare", "reason"),
    [
        (plain_file, "is no folder"),
        (other_files, "holds other files"),
        (other_link, "is a link to /somewhere"),
        (link_out_of_the_editions, "is a link to"),
        (file_for_editions, "which something else is at"),
        (link_for_editions, "which something else is at"),
    ],
)
def test_what_somebody_else_made_is_an_obstacle(
    folder: SwappedFolder, prepare: Callable[[SwappedFolder], None], reason: str
) -> None:
    prepare(folder)
    obstacle = folder.obstacle()
    assert obstacle is not None
    assert reason in obstacle


def test_a_parent_that_is_no_folder_is_an_obstacle(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("text")
    obstacle = SwappedFolder.at(tmp_path / "file" / "below" / "out").obstacle()
    assert obstacle == f"needs {tmp_path}/file to be a folder"


def test_a_parent_that_cannot_be_written_is_an_obstacle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # root may write anywhere
    obstacle = SwappedFolder.at(tmp_path / "out").obstacle()
    assert obstacle == f"needs {tmp_path}, which this user can't write to"


def test_the_root_of_the_file_system_is_an_obstacle() -> None:
    assert SwappedFolder.at(Path("/")).obstacle() == "is the root of the file system"


def test_a_path_that_ends_in_a_link_is_that_link_not_its_target(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "parent").symlink_to("real")
    (tmp_path / "real" / "out").symlink_to("elsewhere")
    folder = SwappedFolder.at(tmp_path / "parent" / "." / "out")
    assert folder.path == tmp_path / "real" / "out"


def test_looking_changes_nothing(folder: SwappedFolder, tmp_path: Path) -> None:
    assert folder.obstacle() is None
    assert folder.current() is None
    assert folder.previous() is None
    assert list(tmp_path.iterdir()) == []


def test_modes_do_not_depend_on_the_umask(folder: SwappedFolder) -> None:
    before = os.umask(0o077)
    try:
        edition = swap(folder, "a")
    finally:
        os.umask(before)
    assert [p.stat().st_mode & 0o777 for p in (folder.editions, edition)] == [0o755, 0o755]


def test_a_second_run_waits_for_the_first_and_says_so_once(folder: SwappedFolder) -> None:
    waits: list[str] = []
    waiting, entered = threading.Event(), threading.Event()

    def second() -> None:
        def tell() -> None:
            waits.append("waiting")
            waiting.set()

        with SwappedFolder(folder.path).locked(tell):
            entered.set()

    thread = threading.Thread(target=second)
    with folder.locked(never):
        thread.start()
        assert waiting.wait(10)
        assert not entered.wait(0.2)
    thread.join(10)
    assert entered.is_set()
    assert waits == ["waiting"]


def test_the_lock_is_let_go_when_the_work_fails(folder: SwappedFolder) -> None:
    with pytest.raises(RuntimeError), folder.locked(never):
        raise RuntimeError
    descriptor = os.open(folder.editions, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    os.close(descriptor)
