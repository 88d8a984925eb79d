from tests.unit.tools.oci.samples import installed, package, texts
from tools.oci.configuration import skeleton


def test_only_what_the_installed_packages_put_there_is_there() -> None:
    assert skeleton.files(installed(package("other"))) == []
    found = {entry.path: entry for entry in skeleton.files(installed(package("base-files")))}
    assert (found["var/mail"].mode, found["var/mail"].gid) == (0o2775, 8)
    assert found["run/lock"].mode == 0o1777
    assert found["var/spool/mail"].link == "../mail"
    assert "etc/shells" not in found


def test_defaults_are_copied_to_where_they_are_read() -> None:
    below = installed(
        contents={"usr/share/base-files/profile": "PATH=/bin\n", "usr/share/libc-bin/nsswitch.conf": "hosts\n"}
    )
    assert texts(skeleton.files(below)) == {"etc/profile": "PATH=/bin\n", "etc/nsswitch.conf": "hosts\n"}


def test_shells_are_listed_in_both_spellings_once() -> None:
    source = "usr/share/debianutils/"
    contents = {
        f"{source}shells": "# /etc/shells: valid login shells\n/bin/sh\n",
        f"{source}shells.d/dash": "/usr/bin/dash\n",
        f"{source}shells.d/bash": "/bin/bash# the usual\n/usr/bin/bash\n",
    }
    found = texts(skeleton.files(installed(package("debianutils"), contents=contents)))
    shells = ["/bin/sh", "/usr/bin/sh", "/bin/bash", "/usr/bin/bash", "/usr/bin/dash"]
    assert found["etc/shells"].splitlines() == ["# /etc/shells: valid login shells", *shells]
    assert found["var/lib/shells.state"].splitlines() == shells
