import json

import pytest

from tests.unit.tools.debian.fabricated import stanza
from tools.debian import request
from tools.debian.errors import LockError
from tools.debian.index import Index, read
from tools.debian.resolve import dependencies, resolve


def index(*stanzas: str) -> Index:
    return Index(read("\n".join(stanzas), "debian"))


def closure(available: Index, *packages: str, **more: object) -> list[str]:
    wanted = request.parse("images/app/image.json", json.dumps({"packages": packages, **more}))
    return list(resolve(wanted, available)["app"])


def test_what_is_depended_on_comes_too_and_what_is_recommended_does_not() -> None:
    available = index(
        stanza("aa", Depends="bb, cc (>= 2)", Recommends="dd"),
        stanza("bb", Pre_Depends="ee"),
        *(stanza(name, "2") for name in ("cc", "dd", "ee", "ff")),
    )
    assert closure(available, "aa") == ["aa", "bb", "cc", "ee"]


def test_the_newest_version_of_all_suites_is_taken() -> None:
    available = index(stanza("aa", "1.0-1"), stanza("aa", "1.0-1+deb13u1"), stanza("aa", "1.0-1~bpo"))
    assert available["aa"].version == "1.0-1+deb13u1"


def test_a_dependency_is_met_by_what_provides_it_and_by_version_only_if_that_says_one() -> None:
    available = index(
        stanza("aa", Depends="virtual (>= 2)"),
        stanza("old", Provides="virtual"),
        stanza("new", Provides="virtual (= 2)"),
    )
    assert closure(available, "aa") == ["aa", "new"]


def test_the_first_alternative_wins_unless_another_is_preferred_or_there_already() -> None:
    stanzas = [stanza("aa", Depends="awk1 | awk2"), stanza("awk1"), stanza("awk2"), stanza("bb", Depends="awk2")]
    assert closure(index(*stanzas), "aa") == ["aa", "awk1"]
    assert closure(index(*stanzas), "aa", prefer=["awk2"]) == ["aa", "awk2"]
    assert closure(index(*stanzas), "aa", "bb") == ["aa", "awk2", "bb"]


def test_an_excluded_name_is_not_followed_and_its_alternatives_are() -> None:
    available = index(stanza("aa", Depends="bb, cc | dd, virtual"), *(stanza(n) for n in ("bb", "cc", "dd")))
    assert closure(available, "aa", exclude=["bb", "cc", "virtual"]) == ["aa", "dd"]


def test_packages_that_depend_on_each_other_are_resolved() -> None:
    assert closure(index(stanza("aa", Depends="bb"), stanza("bb", Depends="aa")), "aa") == ["aa", "bb"]


def test_a_package_is_in_the_first_layer_that_needs_it() -> None:
    available = index(stanza("aa", Depends="lib"), stanza("bb", Depends="lib, more"), stanza("lib"), stanza("more"))
    layers = [{"name": "base", "packages": ["aa"]}, {"name": "tools", "packages": ["bb", "aa"]}, {"name": "own"}]
    wanted = request.parse("images/app/image.json", json.dumps({"layers": layers}))
    assert resolve(wanted, available) == {"app.base": ("aa", "lib"), "app.tools": ("bb", "more")}


def test_without_closure_the_list_is_taken_as_it_stands() -> None:
    assert closure(index(stanza("aa", Depends="absent")), "aa", closure=False) == ["aa"]


def test_everything_that_is_missing_is_named_at_once() -> None:
    available = index(stanza("aa", Depends="bb (>= 2), gone | lost"), stanza("bb", "1"))
    with pytest.raises(LockError) as caught:
        closure(available, "aa", "nowhere")
    assert caught.value.problems == (
        "nowhere: no such package",
        "aa: nothing satisfies bb (>= 2)",
        "aa: nothing satisfies gone | lost",
    )


def test_dependencies_are_told_by_what_was_chosen() -> None:
    available = index(stanza("aa", Depends="xx | yy, virtual, aa"), stanza("yy"), stanza("zz", Provides="virtual"))
    assert dependencies("aa", available, ["aa", "yy", "zz"]) == ("yy", "zz")
