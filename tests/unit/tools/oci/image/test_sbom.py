import json
from dataclasses import replace

from tests.unit.tools.oci.samples import BUILD, declared, installed, package
from tools.oci.image import sbom
from tools.oci.model.metadata import Component

ONE = package("libone++", extra="Source: one (1.5)\nDepends: two (>= 1) | three, awk, absent\n")
TWO = package("two", extra="Provides: awk (= 2), editor\nDepends: editor\n")


def test_package_urls_are_encoded_as_the_specification_says() -> None:
    assert sbom.package_url(ONE) == "pkg:deb/debian/libone%2B%2B@1:2.0%2Bb1?arch=amd64&distro=debian-13"


def test_packages_components_and_their_dependencies_are_listed() -> None:
    below = replace(installed(ONE, TWO), components=(Component("npm", "9.8.7", "pkg:npm/npm@9.8.7"),))
    document = json.loads(sbom.write(declared(), below, BUILD))
    assert [component["name"] for component in document["components"]] == ["libone++", "two", "npm"]
    assert document["components"][0]["properties"] == [{"name": "debian:source", "value": "one"}]
    depends = {entry["ref"]: entry["dependsOn"] for entry in document["dependencies"]}
    assert depends[sbom.package_url(ONE)] == [sbom.package_url(TWO)]
    assert depends[sbom.package_url(TWO)] == []
    assert depends["i@" + BUILD.version.semver] == sorted(
        [sbom.package_url(ONE), sbom.package_url(TWO), "pkg:npm/npm@9.8.7"]
    )


def test_its_serial_number_is_a_function_of_what_is_in_it() -> None:
    first, again = (json.loads(sbom.write(declared(), installed(ONE), BUILD)) for _ in range(2))
    other = json.loads(sbom.write(declared(), installed(ONE, TWO), BUILD))
    assert first["serialNumber"] == again["serialNumber"] != other["serialNumber"]
