import json
from pathlib import Path

import pytest

from tools.oci.layer import plan
from tools.oci.model import declaration

DECLARATION = {
    "name": "i",
    "title": "t",
    "description": "d",
    "layers": [{"name": name, "packages": [name]} for name in ("base", "tools")],
    "permissions": [{"path": "/p", "mode": "0700"}],
    "config": {"user": "u", "workdir": "/", "env": {}, "entrypoint": []},
}


def run(tmp_path: Path, *layers: str) -> None:
    (tmp_path / "image.json").write_text(json.dumps(DECLARATION))
    plans = [{"layer": name, "path": str(tmp_path / name)} for name in layers]
    plan.main({"declaration": str(tmp_path / "image.json"), "plans": plans})


def test_each_layer_gets_what_it_is_made_from(tmp_path: Path) -> None:
    run(tmp_path, "base", "tools")
    read = declaration.decode(plan.Plan, json.loads((tmp_path / "tools").read_text()))
    assert read == plan.Plan("tools", declaration.Documentation(), (declaration.Permission("/p", "0700"),), ())


@pytest.mark.parametrize("layers", [("tools", "base"), ("base",), ("base", "tools", "more")])
def test_layers_that_are_not_those_of_the_declaration_are_refused(tmp_path: Path, layers: tuple[str, ...]) -> None:
    with pytest.raises(declaration.DeclarationError, match="base"):
        run(tmp_path, *layers)


def test_a_plan_holds_nothing_that_the_layer_is_not_made_from() -> None:
    text = {
        "name": "i",
        "title": "t",
        "description": "d",
        "layers": [{"name": "base", "packages": ["one"]}],
        "config": {"user": "u", "workdir": "/", "env": {}, "entrypoint": []},
    }
    image = declaration.parse(json.dumps(text))
    other = declaration.parse(json.dumps(text | {"title": "other", "links": [{"path": "/a", "target": "b"}]}))
    assert plan.of_layer(image, image.layers[0]) == plan.of_layer(other, other.layers[0])
