"""The analysis holds under every flag by which this version of Bazel refuses what later ones do."""

import re

import pytest

from tests.checkout.bazel import Bazel

# Those that can't be set, each with the reason.
NOT_YET = {"incompatible_no_rule_outputs_param": "Bazel's own rules of C++, which it always loads, have such outputs"}

# On, and later off.
OLD = "incompatible_enable_deprecated_label_apis"


@pytest.fixture(scope="session")
def flags(with_modules: Bazel) -> set[str]:
    """The flags by which this version does what later ones do, and does not by default."""
    shown = with_modules.run("help", "build", "--long")
    defaults = dict(re.findall(r'^  --\[no\](incompatible_\w+) \(a boolean; default: "(\w+)"\)', shown, re.MULTILINE))
    assert defaults[OLD] == "true"
    return {name for name, default in defaults.items() if default == "false"} | {f"no{OLD}"}


def test_everything_is_analyzed_as_later_versions_do(with_modules: Bazel, flags: set[str]) -> None:
    assert "incompatible_auto_exec_groups" in flags
    with_modules.run("build", "--nobuild", *(f"--{flag}" for flag in sorted(flags - NOT_YET.keys())), "//...")


def test_what_is_not_set_can_not_be(with_modules: Bazel, flags: set[str]) -> None:
    assert NOT_YET.keys() <= flags
    held = [
        flag for flag in NOT_YET if with_modules.attempt("build", "--nobuild", f"--{flag}", "//...").returncode == 0
    ]
    assert held == []
