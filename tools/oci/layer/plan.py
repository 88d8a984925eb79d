"""Takes an image.json apart into what each layer of packages is made from, so that a change of the rest makes no layer again."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.oci.model import declaration


@dataclass(frozen=True)
class Plan:
    """What image.json says of one layer's packages."""

    layer: str
    documentation: declaration.Documentation
    permissions: tuple[declaration.Permission, ...]
    trees: tuple[declaration.ZippedFolder, ...]


def of_layer(image: declaration.Declaration, layer: declaration.Layer) -> Plan:
    """Returns the part of a declaration that a layer is made from, so that no other change makes it again."""
    return Plan(layer.name, image.documentation, image.permissions, layer.trees)


def main(request: dict[str, Any]) -> None:
    image = declaration.parse(Path(request["declaration"]).read_text())
    outputs = {plan["layer"]: Path(plan["path"]) for plan in request["plans"]}
    names = [part.name for part in image.layers]
    if names != list(outputs):
        raise declaration.DeclarationError(f"image.json has the layers {names}, the BUILD file {list(outputs)}")
    for part in image.layers:
        plan = declaration.encode(of_layer(image, part))
        outputs[part.name].write_text(json.dumps(plan, indent=1, sort_keys=True) + "\n")
