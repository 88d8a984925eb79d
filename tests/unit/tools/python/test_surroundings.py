import json
import os
from pathlib import Path

SEEN = json.loads(Path(os.environ["SURROUNDINGS"]).read_text())


def test_an_action_has_no_network_but_its_own_loopback() -> None:
    assert SEEN["interfaces"] == ["lo"]


def test_an_action_has_a_fixed_environment() -> None:
    temporary = {"TMPDIR"} & SEEN["environment"].keys()  # Bazel's, inside the sandbox
    assert SEEN["environment"].keys() - temporary <= {"LC_ALL", "PYTHONHASHSEED", "PATH", "TZ", "PWD"}
    assert SEEN["environment"]["PATH"] == "/nonexistent"
