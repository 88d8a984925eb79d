from tools.archive.tar import Entry, directory
from tools.oci.model import documentation
from tools.oci.model.declaration import Documentation

RULES = Documentation(
    exclude=("/usr/share/doc/*", "/usr/share/man/*"), include=("/usr/share/doc/*/copyright", "/usr/share/man/keep")
)


def test_excluded_paths_are_left_out_and_included_ones_stay() -> None:
    left_out = documentation.excludes(RULES)
    assert left_out(Entry("usr/share/doc/bash/README"))
    assert left_out(Entry("usr/share/doc/bash/examples/deep/file"))
    assert left_out(directory("usr/share/man/man1"))
    assert not left_out(Entry("usr/share/doc/bash/copyright"))
    assert not left_out(Entry("usr/share/man/keep"))
    assert not left_out(directory("usr/share/doc"))
    assert not left_out(Entry("usr/bin/bash"))


def test_a_package_s_documentation_that_is_a_link_stays_and_links_inside_it_do_not() -> None:
    left_out = documentation.excludes(RULES)
    assert not left_out(Entry("usr/share/doc/libgcc-s1", "symlink", link="gcc-14-base"))
    assert left_out(Entry("usr/share/doc/bash/FAQ", "symlink", link="README"))


def test_without_rules_everything_stays() -> None:
    assert not documentation.excludes(Documentation())(Entry("usr/share/doc/bash/README"))


def test_dpkg_is_told_the_same() -> None:
    assert documentation.dpkg_configuration(RULES).splitlines() == [
        "path-exclude=/usr/share/doc/*",
        "path-exclude=/usr/share/man/*",
        "path-include=/usr/share/doc/*/copyright",
        "path-include=/usr/share/man/keep",
    ]
