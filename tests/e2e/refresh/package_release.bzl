"""What a release brings to people's own machines, with a version of the tests' choice, made by the rules that make the real ones."""

load("//pkg_npm:npm_package.bzl", "npm_package")
load("//pkg_pypi:python_wheel.bzl", "python_wheel")
load("//release/bundle:defs.bzl", "install_script", "release_bundle")
load("//tools/archive:executable_tarball.bzl", "executable_tarball")
load("//tools/pex:pex_binary.bzl", "pex_binary")

def package_release(name, client, version):
    """Declares `NAME`, the bundle of a dev release: client for linux/amd64, npm package, wheel and install script.

    Args:
      name: what the targets' names begin with.
      client: the client's executable for linux/amd64, of this version.
      version: the version.json.
    """
    pex_binary(
        name = name + ".pex",
        pex = "//viberun/client:pex",
        tags = ["manual"],
        version = version,
    )
    npm_package(
        name = name + ".npm",
        launcher = "//pkg_npm:bin/viberun.js",
        license = "//:LICENSE",
        program = "viberun",
        programs = {
            client: "linux-amd64",
            name + ".pex": "darwin-amd64 darwin-arm64",
        },
        readme = "//viberun:README.md",
        tags = ["manual"],
        template = "//pkg_npm:package.json.in",
        version = version,
    )
    python_wheel(
        name = name + ".wheel",
        commands = [
            "viberun",
            "viberun-dev",
        ],
        launcher = ["//pkg_pypi:launcher_files"],
        license = "//:LICENSE",
        program = name + ".pex",
        project = "viberun-dev",
        readme = "//viberun:README.md",
        tags = ["manual"],
        template = "//pkg_pypi:pyproject.toml.in",
        version = version,
    )
    executable_tarball(
        name = name + ".client",
        executable = client,
        member = "viberun",
        tags = ["manual"],
    )
    install_script(
        name = name + ".install",
        script = "//:install.sh",
        tags = ["manual"],
        version = version,
    )
    release_bundle(
        name = name,
        clients = {name + ".client": "linux-amd64"},
        install = name + ".install",
        npm = name + ".npm",
        tags = ["manual"],
        version = version,
        wheel = name + ".wheel",
    )
