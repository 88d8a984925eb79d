from __future__ import annotations

import pytest

from viberun.client import install_method
from viberun.version import Version

DEV = Version.parse("0.0.0-dev.20260125123045+abc1234")
PROD = Version.parse("1.2.3")
METHODS = ("npx", "npm", "uvx", "uv", "uv-pip", "pipx", "pip", "script")


@pytest.mark.parametrize(
    ("method", "dev", "prod"),
    [
        ("npx", "npx --prefer-online -y viberun@dev", "npx --prefer-online -y viberun@latest"),
        ("npm", "npm install --prefer-online -g viberun@dev", "npm install --prefer-online -g viberun@latest"),
        ("uvx", "uvx viberun-dev@latest", "uvx viberun@latest"),
        ("uv", "uv tool upgrade viberun-dev", "uv tool upgrade viberun"),
        (
            "uv-pip",
            "uv pip install --refresh --upgrade viberun-dev",
            "uv pip install --refresh --upgrade viberun",
        ),
        ("pipx", "pipx upgrade viberun-dev", "pipx upgrade viberun"),
        ("pip", "python3 -m pip install --upgrade viberun-dev", "python3 -m pip install --upgrade viberun"),
        ("script", "viberun upgrade", "viberun upgrade"),
    ],
)
def test_each_method_has_its_command(method: str, dev: str, prod: str) -> None:
    assert install_method.refresh_command(method, "dev") == dev
    assert install_method.refresh_command(method, "prod") == prod


@pytest.mark.parametrize("method", ["", "apt", "NPX"])
def test_who_installed_it_otherwise_gets_what_works_anywhere(method: str) -> None:
    assert install_method.refresh_command(method, "dev") == "npx --prefer-online -y viberun@dev"


@pytest.mark.parametrize("method", METHODS)
def test_an_exact_version_is_spelt_as_its_registry_spells_it(method: str) -> None:
    dev, prod = install_method.exact_command(method, DEV), install_method.exact_command(method, PROD)
    spelling = {"npx": DEV.npm, "npm": DEV.npm, "script": DEV.semver}.get(method, DEV.pypi)
    assert dev.endswith(spelling)
    assert prod.endswith("1.2.3")
    assert ("viberun-dev" in dev) == (method not in ("npx", "npm", "script"))
    assert "viberun-dev" not in prod


def test_who_is_too_old_for_the_channel_runs_the_repository_s_script_or_the_newest_from_elsewhere() -> None:
    line = "curl -fsSL https://github.com/o/n/raw/main/install.sh | sh -s -- --from o/n"
    assert install_method.renewal("script", "prod", "https://github.com", "o/n") == f"run '{line}'"
    assert install_method.renewal("script", "dev", "https://github.com", "o/n") == f"run '{line} --dev'"
    assert install_method.renewal("script", "dev", "https://github.com", None) == "use a newer viberun"
    assert install_method.renewal("uvx", "prod", "https://github.com", "o/n") == "update it with 'uvx viberun@latest'"


def test_the_launcher_says_what_installed_it() -> None:
    assert install_method.installed_by({"VIBERUN_INSTALL_METHOD": "uvx"}) == "uvx"
    assert install_method.installed_by({}) == ""
