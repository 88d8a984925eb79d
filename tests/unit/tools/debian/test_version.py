from debian.debian_support import NativeVersion
from hypothesis import example, given
from hypothesis import strategies as st

from tools.debian.version import sort_key

upstream = st.from_regex(r"[0-9][0-9a-c.+~]{0,6}", fullmatch=True)
revision = st.from_regex(r"(-[0-9a-c.+~]{1,4})?", fullmatch=True)
epoch = st.sampled_from(["", "0:", "1:", "10:"])
versions = st.builds("{}{}{}".format, epoch, upstream, revision)


@given(versions, versions)
@example("1.0~rc1", "1.0")
@example("1.0", "1.0-0")
@example("1.0-1+b1", "1.0-1")
@example("0.0.0", "0.0")
@example("2.0", "1:0.1")
@example("1.0-1", "1.0-1~deb13u1")
@example("1.010", "1.10")
def test_versions_are_ordered_as_debian_orders_them(one: str, other: str) -> None:
    ours = (sort_key(one) > sort_key(other)) - (sort_key(one) < sort_key(other))
    theirs = NativeVersion(one)._compare(NativeVersion(other))
    assert ours == (theirs > 0) - (theirs < 0)
