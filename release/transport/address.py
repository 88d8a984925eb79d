"""Addresses as they may be shown: a login that stands in one (RFC 3986, 3.2.1) is its owner's."""

import re

_LOGIN = re.compile(r"(?<=://)[^/?#\s]*@")


def without_login(text: str, instead: str = "") -> str:
    """Puts `instead` in place of `user:password@` in any address in it."""
    return _LOGIN.sub(instead, text)
