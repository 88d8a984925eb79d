from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viberun.client.host.name import checked
from viberun.errors import UsageError


@pytest.mark.parametrize(
    "host",
    [
        "box",
        "box.example.org",
        "me@box",
        "me@192.0.2.1",
        "me@2001:db8::1",
        "me@corp.example.org@box",
        "ssh://box",
        "ssh://me@box:2222",
        "ssh://me@box:2222/",
        "ssh://me@[2001:db8::1]:22",
        "ssh://me@[fe80::1%eth0]",
        "_box",
    ],
)
def test_what_ssh_takes_is_taken_as_it_is(host: str) -> None:
    assert checked(host) == host
    assert checked(f" {host}\n") == host


@pytest.mark.parametrize(
    "host",
    [
        *("", " ", "-box", "-oProxyCommand=id", "me@-oProxyCommand=id", "ssh://-oProxyCommand=id", "ssh://me@-x"),
        *("a b", "a\tb", "a\nb", "a;b", "a|b", "$(a)", "`a`", "a'b", 'a"b', "a\\b", "a\0b", "bö", "@box", "me@"),
        *(
            "ssh:",
            "ssh:box",
            "ssh://",
            "ssh://me@",
            "ssh://box:port",
            "ssh://box:123456",
            "ssh://box/path",
            "ssh://[x]y",
        ),
    ],
)
def test_anything_else_is_refused(host: str) -> None:
    with pytest.raises(UsageError, match=r"is no host; name it as ssh does: an alias, user@host or ssh://"):
        checked(host)


@given(st.text() | st.from_regex("(ssh://)?-?[a-z]*@?-?[a-z]*.*"))
def test_whatever_is_taken_can_be_no_option_and_nothing_for_a_shell(text: str) -> None:
    try:
        host = checked(text)
    except UsageError:
        return
    assert not host.startswith("-")
    assert "@-" not in host
    assert not set(host) & set(" \t\n;|&$`'\"\\<>(){}*?!#\0")
