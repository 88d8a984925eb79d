"""Each program is given the Python that it imports: all of it, or it fails where it runs; no more, or it is made again when
something changes that it never sees."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.imports.closure import closure

INPUTS: dict[str, Any] = json.loads(Path(os.environ["INPUTS"]).read_text())
WORKSPACE = Path(os.environ["INPUTS"]).parents[2]
PROGRAMS = {program["target"].rpartition("@")[2]: program for program in INPUTS["programs"]}


def problems(module: str, files: set[str], wheels: set[str]) -> Iterator[str]:
    """What `module` lacks of the Python that it imports, and what it is given beyond that."""
    found = closure(module, files, lambda path: (WORKSPACE / path).read_text())
    yield from (f"missing: {name}, which {file} imports" for name, file in sorted(found.missing.items()))
    read_by_name = {text.rpartition("/")[2] for text in found.texts}
    for file in sorted(files - found.files):
        if Path(file).name not in read_by_name:
            yield f"surplus: {file}, which nothing of {module} imports or reads by its name"
    needed: set[str] = set()
    wanted = found.foreign.keys() | {text.partition(".")[0] for text in found.texts}
    lacking = dict(found.foreign)
    for root in wheels:
        top = {name.partition(".")[0] for name in INPUTS["wheels"][root]["top"]}
        if top & wanted:
            needed.update(INPUTS["wheels"][root]["requires"])
        for name in top:
            lacking.pop(name, None)
    yield from (f"missing: {name}, which {file} imports" for name, file in sorted(lacking.items()))
    yield from (f"surplus: {root}, which nothing of {module} imports" for root in sorted(wheels - needed))


@pytest.mark.parametrize("name", sorted(PROGRAMS))
def test_a_program_is_given_what_it_imports_and_no_more(name: str) -> None:
    program = PROGRAMS[name]
    assert list(problems(program["module"], set(program["files"]), set(program["wheels"]))) == []


def test_the_build_s_tools_and_both_products_are_among_the_programs() -> None:
    some = [
        "//tools/oci/layer:make_layer",
        "//tools/stamp:write_version",
        "//viberun/client:linux",
        "//viberun/client:pex",
        "//viberun/server:linux",
    ]
    assert [name for name in some if name not in PROGRAMS] == [] != sorted(PROGRAMS)
