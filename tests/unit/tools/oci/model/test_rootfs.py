import pytest

from tools.archive.tar import Entry, directory
from tools.oci.model import rootfs


def test_paths_below_a_merged_folder_move_into_usr() -> None:
    assert rootfs.merged("lib/x86_64-linux-gnu/libc.so.6") == "usr/lib/x86_64-linux-gnu/libc.so.6"
    assert rootfs.merged("sbin/init") == "usr/sbin/init"
    assert rootfs.merged("library/file") == "library/file"
    assert rootfs.merged("bin") == "bin"


def test_the_same_entry_may_come_twice_and_another_may_not() -> None:
    tree = rootfs.Tree()
    tree.add(Entry("a", data=b"1"), "one")
    tree.add(Entry("a", data=memoryview(b"1")), "two")
    for other in (
        Entry("a", data=b"2"),
        Entry("a", mode=0o755, data=b"1"),
        directory("a"),
        Entry("a", "symlink", link="b"),
    ):
        with pytest.raises(rootfs.ConflictError, match=r"one has a file.*three has"):
            tree.add(other, "three")


def test_folders_that_nothing_brought_are_put_in() -> None:
    tree = rootfs.Tree()
    tree.add(Entry("a/b/c/file"), "one")
    tree.add_parents({"a/b": Entry("a/b", "directory", 0o700, uid=1, gid=2)})
    assert {e.path: (e.mode, e.uid, e.gid) for e in tree if e.kind == "directory"} == {
        "a": (0o755, 0, 0),
        "a/b": (0o700, 1, 2),
        "a/b/c": (0o755, 0, 0),
    }


def test_of_hard_links_the_first_in_order_holds_the_content() -> None:
    tree = rootfs.Tree()
    tree.add(Entry("z", mode=0o755, data=b"content", uid=5), "one")
    tree.add(Entry("a", "hardlink", link="z"), "one")
    tree.add(Entry("m", "hardlink", link="z"), "one")
    assert sorted(tree.packed(), key=lambda entry: entry.path) == [
        Entry("a", mode=0o755, data=b"content", uid=5),
        Entry("m", "hardlink", 0o755, link="a", uid=5),
        Entry("z", "hardlink", 0o755, link="a", uid=5),
    ]


def test_something_below_a_link_or_below_nothing_is_an_error() -> None:
    rootfs.fail_on_missing_folders([directory("a"), Entry("a/b")])
    with pytest.raises(rootfs.ConflictError, match="/a is a symlink"):
        rootfs.fail_on_missing_folders([Entry("a", "symlink", link="c"), Entry("a/b")])
    with pytest.raises(rootfs.ConflictError, match="/a is missing"):
        rootfs.fail_on_missing_folders([Entry("a/b")])
