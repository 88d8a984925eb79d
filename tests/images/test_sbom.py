"""The bill of materials in each image: against CycloneDX's schema, the package URLs' specification, and what is installed."""

import json
from pathlib import Path
from typing import Any

import cyclonedx.schema
import jsonschema
import pytest
from packageurl import PackageURL
from referencing import Registry, Resource

from tests.images.contents import Image

SCHEMAS = Path(cyclonedx.schema.__file__).parent / "_res"


@pytest.fixture
def sbom(image: Image) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(image.content("usr/share/viberun/sbom.cdx.json"))
    return document


def installed(image: Image) -> dict[str, tuple[str, str]]:
    """Version and architecture of each package, as the image's own dpkg or a scanner sees it."""
    folder = "var/lib/dpkg/status.d/"
    if "var/lib/dpkg/status" in image.entries:
        paragraphs = image.content("var/lib/dpkg/status").decode().split("\n\n")
    else:
        names = [path for path in image.entries if path.startswith(folder) and not path.endswith(".md5sums")]
        paragraphs = [image.content(path).decode() for path in names]
    found = {}
    for paragraph in paragraphs:
        fields = dict(line.split(": ", 1) for line in paragraph.splitlines() if ": " in line and line[0] != " ")
        found[fields["Package"]] = (fields["Version"], fields["Architecture"])
    return found


def test_it_follows_the_schema(sbom: dict[str, Any]) -> None:
    def load(name: str) -> Any:
        return json.loads((SCHEMAS / name).read_text())

    resources = [
        (name, Resource.from_contents(load(name)))
        for name in ("spdx.SNAPSHOT.schema.json", "jsf-0.82.SNAPSHOT.schema.json")
    ]
    schema = load("bom-1.6.SNAPSHOT.schema.json")
    base = schema["$id"].rpartition("/")[0]
    registry: Registry[Any] = Registry().with_resources([(f"{base}/{name}", part) for name, part in resources])
    jsonschema.Draft7Validator(schema, registry=registry).validate(sbom)


def test_package_urls_are_right(sbom: dict[str, Any], image: Image) -> None:
    packages = {}
    for component in sbom["components"]:
        url = PackageURL.from_string(component["purl"])
        assert url.to_string() == component["purl"]
        if url.type == "deb":
            assert url.namespace == "debian"
            assert isinstance(url.qualifiers, dict)
            assert url.qualifiers["distro"] == "debian-13"
            packages[url.name] = (url.version, url.qualifiers["arch"])
    assert packages == installed(image)


def test_npm_is_in_it_where_it_is_in_the_image(sbom: dict[str, Any], image: Image) -> None:
    path = "usr/local/lib/node_modules/npm/package.json"
    expected = [f"pkg:npm/npm@{json.loads(image.content(path))['version']}"] if path in image.entries else []
    assert [c["purl"] for c in sbom["components"] if c["purl"].startswith("pkg:npm/")] == expected


def test_it_is_of_this_image_and_version(sbom: dict[str, Any], image: Image) -> None:
    version = json.loads(image.content("usr/share/viberun/version.json"))
    assert sbom["metadata"]["component"]["version"] == version["version"]
    assert sbom["metadata"]["timestamp"] == version["committed"]
    assert sbom["metadata"]["component"]["properties"] == [
        {"name": "viberun:architecture", "value": image.architecture}
    ]
