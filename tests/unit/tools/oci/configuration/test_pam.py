import pytest

from tests.unit.tools.oci.samples import installed, package, texts
from tools.oci.configuration import pam

UNIX = """Name: Unix authentication
Default: yes
Priority: 256
Auth-Type: Primary
Auth-Initial:
\t[success=end default=ignore]\tpam_unix.so nullok
Account-Type: Primary
Account-Initial:
\t[success=end new_authtok_reqd=done default=ignore]\tpam_unix.so
Session-Type: Additional
Session-Initial:
\trequired\tpam_unix.so
Password-Type: Primary
Password-Initial:
\t[success=end default=ignore]\tpam_unix.so obscure yescrypt
"""
TEMPLATES = {
    f"usr/share/pam/common-{stack}": f"# before\n${name}_primary\n# between\n${name}_additional\n# after\n"
    for stack, name in {
        "account": "account",
        "auth": "auth",
        "password": "password",
        "session": "session",
        "session-noninteractive": "session_nonint",
    }.items()
}


def below(**profiles: str) -> dict[str, str]:
    contents = TEMPLATES | {f"usr/share/pam-configs/{name}": text for name, text in {"unix": UNIX, **profiles}.items()}
    return texts(pam.files(installed(package("libpam-runtime"), contents=contents)))


def test_stacks_are_those_that_pam_auth_update_writes() -> None:
    found = below(mkhomedir="Name: m\nDefault: no\n")
    assert found["etc/pam.d/common-auth"] == (
        "# before\nauth\t[success=1 default=ignore]\tpam_unix.so nullok\n# between\n# after\n"
    )
    # pam-auth-update leaves a space where no option follows.
    assert found["etc/pam.d/common-account"].splitlines()[1].endswith("pam_unix.so ")
    assert found["etc/pam.d/common-session-noninteractive"] == (
        "# before\nsession\t[default=1]\t\t\tpam_permit.so\n# between\nsession\trequired\tpam_unix.so \n# after\n"
    )
    assert found["var/lib/pam/seen"] == "mkhomedir\nunix\n"
    assert found["var/lib/pam/auth"] == "Module: unix\n[success=end default=ignore]\tpam_unix.so nullok\n"


def test_another_profile_that_is_on_by_default_is_refused() -> None:
    with pytest.raises(pam.PamError, match="pam-configs/systemd"):
        below(systemd="Name: s\nDefault: yes\n")
