"""Writes the software bill of materials of an image for one architecture: CycloneDX 1.6 (ECMA-424), JSON.

Made from what was packed, not from what was asked for. Package URLs as the purl specification has them for deb and npm.
"""

import json
import re
import uuid
from urllib.parse import quote

from tools.oci.model.declaration import Declaration
from tools.oci.model.installed import Installed
from tools.oci.model.metadata import Component, Package
from viberun.build import Build

_NAMESPACE = uuid.UUID("6f2c2f0e-6a0c-5d1e-9d6b-0b7c6f1f7a11")
_DISTRIBUTION = "debian-13"


def write(image: Declaration, below: Installed, build: Build) -> str:
    """Returns the document's text; the same packages and version always make the same one."""
    components = [
        *(_package(package) for package in below.packages),
        *(_component(component) for component in below.components),
    ]
    reference = f"{image.name}@{build.version.semver}"
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "timestamp": build.committed,
            "component": {
                "type": "container",
                "bom-ref": reference,
                "name": image.name,
                "version": build.version.semver,
                "description": image.description,
                "properties": [{"name": "viberun:architecture", "value": below.architecture}],
            },
        },
        "components": components,
        "dependencies": [
            {"ref": reference, "dependsOn": sorted(str(component["bom-ref"]) for component in components)},
            *_dependencies(below),
        ],
    }
    name = json.dumps(document, sort_keys=True)
    return json.dumps({**document, "serialNumber": uuid.uuid5(_NAMESPACE, name).urn}, indent=1, sort_keys=True) + "\n"


def package_url(package: Package) -> str:
    """pkg:deb/debian/… of a package (purl specification, type deb)."""
    version = quote(package.control["Version"], safe=".~-_:")
    architecture = package.control["Architecture"]
    return f"pkg:deb/debian/{quote(package.name)}@{version}?arch={architecture}&distro={_DISTRIBUTION}"


def _package(package: Package) -> dict[str, object]:
    url = package_url(package)
    source = re.match(r"[^ ]+", package.control.get("Source", package.name))
    assert source is not None
    return {
        "type": "library",
        "bom-ref": url,
        "name": package.name,
        "version": package.control["Version"],
        "purl": url,
        "supplier": {"name": "Debian"},
        "hashes": [{"alg": "SHA-256", "content": package.sha256}],
        "properties": [{"name": "debian:source", "value": source[0]}],
    }


def _component(component: Component) -> dict[str, object]:
    return {
        "type": "application",
        "bom-ref": component.purl,
        "name": component.name,
        "version": component.version,
        "purl": component.purl,
    }


def _dependencies(below: Installed) -> list[dict[str, object]]:
    """Who depends on whom among the packages: of alternatives, each that is there."""
    references = {package.name: package_url(package) for package in below.packages}
    for package in below.packages:
        for provided in re.findall(r"(?:^|,)\s*([a-z0-9.+-]+)", package.control.get("Provides")):
            references.setdefault(provided, package_url(package))
    result: list[dict[str, object]] = []
    for package in below.packages:
        relations = f"{package.control.get('Pre-Depends')},{package.control.get('Depends')}"
        names = re.findall(r"(?:^|[,|])\s*([a-z0-9][a-z0-9.+-]+)", relations)
        wanted = {references[name] for name in names if name in references} - {package_url(package)}
        result.append({"ref": package_url(package), "dependsOn": sorted(wanted)})
    return result
