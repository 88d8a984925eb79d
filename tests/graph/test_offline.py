"""Bazel answers about the whole graph, and analyzes it, offline: from what the locks name and nothing else.

So it does with its modules and without them; that both build the same bytes is found in tests/reproducible.
"""

import pytest

from tests.checkout.bazel import Bazel
from tests.graph.conftest import EVERYTHING


@pytest.fixture(scope="module", params=["with_modules", "without_modules"])
def bazel(request: pytest.FixtureRequest) -> Bazel:
    found: Bazel = request.getfixturevalue(request.param)
    return found


def test_a_query_finds_what_depends_on_a_target(bazel: Bazel) -> None:
    dependants = bazel.run("query", EVERYTHING).splitlines()
    assert {"//tests/unit/viberun:test_build", "//release:dev"} <= set(dependants)


def test_a_configured_query_finds_what_a_target_depends_on(bazel: Bazel) -> None:
    targets = bazel.run("cquery", "deps(//...)").splitlines()
    assert any(target.startswith("//viberun:build ") for target in targets)


def test_a_test_is_analyzed_for_coverage(bazel: Bazel) -> None:
    test = "//tests/unit/viberun:test_version"
    shown = bazel.attempt("coverage", "--nobuild", test)  # ends with an error, since no test was run
    assert f"Analyzed target {test}" in shown.stderr, shown.stderr


def test_the_graph_of_modules_is_shown_if_there_are_any(bazel: Bazel) -> None:
    shown = bazel.attempt("mod", "graph")
    assert shown.stdout.startswith("<root> (viberun@_)") or "Bzlmod has to be enabled" in shown.stderr, shown.stderr
