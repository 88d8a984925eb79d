import pytest

from tools.debian.relation import Relation, parse


def test_clauses_alternatives_bounds_and_architecture_qualifiers_are_read() -> None:
    assert parse("libc6 (>= 2.38), default-mta | mail-transport-agent, python3:any (<< 3.14)") == (
        (Relation("libc6", ">=", "2.38"),),
        (Relation("default-mta"), Relation("mail-transport-agent")),
        (Relation("python3", "<<", "3.14"),),
    )


def test_an_empty_field_has_no_clauses() -> None:
    assert parse("") == ()


@pytest.mark.parametrize(
    ("bound", "accepted"),
    [("<< 2", "1"), ("<= 2", "12"), ("= 2", "2"), (">= 2", "23"), (">> 2", "3")],
)
def test_a_bound_accepts_the_versions_within_it(bound: str, accepted: str) -> None:
    ((relation,),) = parse(f"a1 ({bound})")
    assert [v for v in "123" if relation.accepts(v)] == list(accepted)


def test_a_bound_is_never_met_by_something_without_a_version() -> None:
    assert not Relation("awk", ">=", "1").accepts("")
    assert Relation("awk").accepts("")


def test_what_is_no_relation_is_refused() -> None:
    with pytest.raises(ValueError, match="not a package relation: 'a b'"):
        parse("c1, a b")
