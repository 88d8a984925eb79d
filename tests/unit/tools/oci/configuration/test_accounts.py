import pytest

from tests.unit.tools.oci.samples import installed, package, texts
from tools.oci.configuration import accounts
from tools.oci.model.declaration import Group, User

MASTERS = {
    "usr/share/base-passwd/passwd.master": "root:*:0:0:root:/root:/bin/bash\n_apt:*:42:65534::/nonexistent:/usr/sbin/nologin\n",
    "usr/share/base-passwd/group.master": "root:*:0:\nstaff:*:50:\n",
}
VIBERUN = User("viberun", 1000, 1000, "", "/home/viberun", "/bin/bash")


def test_debian_s_accounts_come_first_and_nobody_has_a_password() -> None:
    below = installed(package("base-passwd"), contents=MASTERS)
    assert texts(accounts.files(below, (VIBERUN,), (Group("viberun", 1000, ("a", "b")),))) == {
        "etc/passwd": "root:x:0:0:root:/root:/bin/bash\n"
        "_apt:x:42:65534::/nonexistent:/usr/sbin/nologin\n"
        "viberun:x:1000:1000::/home/viberun:/bin/bash\n",
        "etc/group": "root:x:0:\nstaff:x:50:\nviberun:x:1000:a,b\n",
        "etc/shadow": "root:*::0:99999:7:::\n_apt:*::0:99999:7:::\nviberun:!::0:99999:7:::\n",
        "etc/gshadow": "root:*::\nstaff:*::\nviberun:!::a,b\n",
        "etc/subuid": "",
        "etc/subgid": "",
    }


def test_passwords_can_be_read_by_the_group_shadow_only() -> None:
    modes = {e.path: (e.mode, e.uid, e.gid) for e in accounts.files(installed(), (VIBERUN,), ())}
    assert modes["etc/shadow"] == modes["etc/gshadow"] == (0o640, 0, 42)
    assert modes["etc/passwd"] == (0o644, 0, 0)


@pytest.mark.parametrize("other", [User("viberun", 1, 1, "", "/", "/s"), User("other", 1000, 1, "", "/", "/s")])
def test_two_accounts_with_one_name_or_number_are_refused(other: User) -> None:
    with pytest.raises(accounts.AccountError, match=r"viberun|1000"):
        accounts.files(installed(), (VIBERUN, other), ())
