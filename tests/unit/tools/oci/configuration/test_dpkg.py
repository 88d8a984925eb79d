from tests.unit.tools.oci.samples import installed, package, texts
from tools.oci.configuration import dpkg
from tools.oci.model.declaration import Diversion, Documentation

RULES = Documentation(exclude=("/usr/share/man/*",))
DPKG = package("dpkg")


def test_a_package_stands_in_the_status_as_installed() -> None:
    tool = package("tool", conffiles={"/etc/tool": "0123"}, extra="Depends: libc6\n")
    found = texts(dpkg.files(installed(DPKG, tool), RULES, ()))
    assert found["var/lib/dpkg/status"].split("\n\n")[1] == (
        "Package: tool\nStatus: install ok installed\nVersion: 1:2.0+b1\nArchitecture: amd64\nDepends: libc6\n"
        "Conffiles:\n /etc/tool 0123\nDescription: a tool\n and more\n"
    )


def test_paths_and_scripts_are_kept_under_the_package_s_name() -> None:
    library = package("libtool1", extra="Multi-Arch: same\n", postinst="#!/bin/sh\n")
    entries = dpkg.files(installed(DPKG, library), RULES, ())
    found = texts(entries)
    assert found["var/lib/dpkg/info/libtool1:amd64.list"] == "/.\n/usr\n/usr/libtool1\n"
    assert found["var/lib/dpkg/info/dpkg.list"] == "/.\n/usr\n/usr/dpkg\n"
    (script,) = [entry for entry in entries if entry.path.endswith("libtool1:amd64.postinst")]
    assert script.mode == 0o755


def test_triggers_are_known_by_path_and_by_name() -> None:
    one = package(
        "one", triggers="# comment\ninterest-noawait /usr/lib/one\ninterest ldconfig\nactivate-noawait other\n"
    )
    two = package("two", triggers="interest /usr/lib/two\ninterest-noawait ldconfig # why\n")
    found = texts(dpkg.files(installed(DPKG, one, two), RULES, ()))
    assert found["var/lib/dpkg/triggers/File"] == "/usr/lib/one one/noawait\n/usr/lib/two two\n"
    assert found["var/lib/dpkg/triggers/ldconfig"] == "one\ntwo/noawait\n"


def test_diversions_are_those_of_the_architecture() -> None:
    diversions = (
        Diversion("libc6", "/lib/{triplet}/libc.so", "/lib/{triplet}/libc.so.away"),
        Diversion("libc6", "/lib64/loader", "/lib64/loader.away", "amd64"),
    )
    below = installed(DPKG, architecture="arm64")
    assert texts(dpkg.files(below, RULES, diversions))["var/lib/dpkg/diversions"] == (
        "/lib/aarch64-linux-gnu/libc.so\n/lib/aarch64-linux-gnu/libc.so.away\nlibc6\n"
    )


def test_without_dpkg_scanners_find_each_package_in_a_file() -> None:
    found = texts(dpkg.files(installed(package("caddy", md5sums="0123  usr/bin/caddy\n")), RULES, ()))
    assert found == {
        "var/lib/dpkg/status.d/caddy": "Package: caddy\nStatus: install ok installed\nVersion: 1:2.0+b1\nArchitecture: amd64\n"
        "Description: a caddy\n and more\n",
        "var/lib/dpkg/status.d/caddy.md5sums": "0123  usr/bin/caddy\n",
    }
