"""TLS trusts what the machine trusts, wherever the machine keeps it."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.e2e.binary.conftest import Machine

# Self-signed, for "test", until 2126; nobody has its key any more.
CERTIFICATE = """-----BEGIN CERTIFICATE-----
MIIBdTCCARugAwIBAgIUK7LYOTI0Ngj8xoRA3jkt7CEk4OswCgYIKoZIzj0EAwIw
DzENMAsGA1UEAwwEdGVzdDAgFw0yNjExMjIyMjM1MTVaGA8yMTI2MTAyOTIyMzUx
NVowDzENMAsGA1UEAwwEdGVzdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABO8d
11jAqXWAZcFPU+NYf1UWpNFQXmuVFO25F2Pk9M2tNYQv6vI7WpX7ehYC3jigtMYP
1FHPDoZP+Kw92i9jr2mjUzBRMB0GA1UdDgQWBBSw8nD+vuah3Kebt0WD0EC/aoTP
ojAfBgNVHSMEGDAWgBSw8nD+vuah3Kebt0WD0EC/aoTPojAPBgNVHRMBAf8EBTAD
AQH/MAoGCCqGSM49BAMCA0gAMEUCIF2teI5FL4dfSiO7o3kmsynXNJYZXveehk+S
wCTvgmsSAiEA9R+j2hh9/UnOOHzk6oUmXpMyiRrordu8Fl0z2XrK5Rg=
-----END CERTIFICATE-----
"""

TRUSTED = """
import ssl
names = [dict(field[0] for field in certificate['subject']) for certificate in ssl.create_default_context().get_ca_certs()]
print([name['commonName'] for name in names])
"""


@pytest.mark.parametrize(
    "path",
    [
        "/etc/ssl/certs/ca-certificates.crt",
        "/etc/pki/tls/certs/ca-bundle.crt",
        "/etc/ssl/ca-bundle.pem",
        "/etc/ssl/cert.pem",
        "/etc/pki/tls/cert.pem",
        "/usr/lib/ssl/cert.pem",
    ],
)
def test_the_machine_s_certificates_are_found(empty: "Machine", probe: Path, path: str) -> None:
    program = empty.install(probe, "/probe")
    empty.path(path).parent.mkdir(parents=True)
    empty.path(path).write_text(CERTIFICATE)
    assert empty.run(program, TRUSTED).stdout == "['test']\n"


def test_nothing_is_trusted_where_there_is_nothing(empty: "Machine", probe: Path) -> None:
    assert empty.run(empty.install(probe, "/probe"), TRUSTED).stdout == "[]\n"


def test_what_the_person_set_comes_first(empty: "Machine", probe: Path) -> None:
    program = empty.install(probe, "/probe")
    empty.path("/etc/ssl").mkdir(parents=True)
    empty.path("/etc/ssl/cert.pem").write_text(CERTIFICATE)
    for variable in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        assert empty.run(program, TRUSTED, environment={variable: "/none"}).stdout == "[]\n"


def test_the_environment_says_what_is_trusted(empty: "Machine", probe: Path) -> None:
    program = empty.install(probe, "/probe")
    empty.path("/etc/ssl").mkdir(parents=True)
    empty.path("/etc/ssl/cert.pem").write_text(CERTIFICATE)
    code = "import os; print(os.environ.get('SSL_CERT_FILE')); os.system('echo $SSL_CERT_FILE')"
    assert empty.run(program, code).stdout.split() == ["/etc/ssl/cert.pem"] * 2
