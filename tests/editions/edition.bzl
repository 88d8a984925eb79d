"""The product with a version of the tests' choice, made by the rules that make the real ones."""

load("//pkg_npm:defs.bzl", "npm_package")
load("//pkg_pypi:defs.bzl", "python_wheel")
load("//release/bundle:defs.bzl", "install_script", "release_bundle")
load("//tools/archive:defs.bzl", "executable_tarball")
load("//tools/binary:defs.bzl", "self_contained_binary")
load("//tools/oci:defs.bzl", "oci_image")
load("//tools/pex:defs.bzl", "pex_binary")
load("//tools/platforms:platforms.bzl", "ARCHITECTURES")

# Each executable, with the library's package and its kind in a release.
_EXECUTABLES = {
    "viberun": ("client", "client"),
    "viberun-server": ("server", "server"),
}

_TRUSTED_ROOT = "//tests/editions:trusted_root"

# Of each image in //images: its name in a release, the folder with its files, the layers, whether the client is in it.
_IMAGES = {
    "viberun": ("app", ["base", "tools", "node"], True),
    "viberun-proxy": ("proxy", ["base", "caddy"], False),
}

def edition(name, images_of = None):
    """Declares what a release of the version in `NAME.json` has, for Linux, and bundles of it.

    `NAME.viberun.ARCHITECTURE`, `NAME.viberun-server.ARCHITECTURE`: executables. `NAME.pex`, `NAME.npm`, `NAME.wheel`,
    `NAME.install`: the packages and the script. `NAME.image.IMAGE`: an OCI layout for both architectures, and with `.amd64`
    for the one. `NAME.client.PLATFORM`, `NAME.server.PLATFORM`: tarballs. `NAME.host`: the bundle for a host (amd64: client,
    server, script, images); `NAME.packages`: the one for people's own machines (clients, script, npm package and wheel).

    Args:
      name: what the targets' names begin with.
      images_of: name of the edition whose images `NAME.host` has, else its own.
    """
    version = name + ".json"
    for program, (package, kind) in _EXECUTABLES.items():
        for architecture in ARCHITECTURES:
            self_contained_binary(
                name = "{}.{}.{}".format(name, program, architecture),
                compiled = "//viberun/{}:linux".format(package),
                program = program,
                runtime = "//tools/binary:runtime_" + architecture,
                tags = ["manual"],
                trusted_root = _TRUSTED_ROOT if package == "client" else None,
                version = version,
            )
            executable_tarball(
                name = "{}.{}.linux-{}".format(name, kind, architecture),
                executable = "{}.{}.{}".format(name, program, architecture),
                member = program,
                tags = ["manual"],
            )
    _images(name, version)
    _packages(name, version)
    install_script(
        name = name + ".install",
        script = "//:install.sh",
        tags = ["manual"],
        trusted_root = _TRUSTED_ROOT,
        version = version,
    )
    release_bundle(
        name = name + ".host",
        clients = [name + ".client.linux-amd64"],
        files = {name + ".install": "install"},
        images = {"{}.image.{}.amd64".format(images_of or name, image): image for image in _IMAGES},
        servers = [name + ".server.linux-amd64"],
        tags = ["manual"],
        version = version,
    )
    release_bundle(
        name = name + ".packages",
        clients = [
            "{}.client.{}".format(name, platform)
            for platform in ["linux-amd64", "linux-arm64", "darwin-amd64", "darwin-arm64"]
        ],
        files = {
            name + ".install": "install",
            name + ".npm": "npm",
            name + ".wheel": "wheel",
        },
        tags = ["manual"],
        version = version,
    )

def _images(name, version):
    for image, (folder, layers, has_client) in _IMAGES.items():
        for suffix, architectures in {"": ARCHITECTURES, ".amd64": ["amd64"]}.items():
            oci_image(
                name = "{}.image.{}{}".format(name, image, suffix),
                srcs = ["//images:{}.files".format(folder)],
                binaries = [
                    "{}.viberun.{}".format(name, architecture)
                    for architecture in architectures
                ] if has_client else [],
                layers = [
                    "//images:{}.{}.{}".format(folder, layer, architecture)
                    for architecture in architectures
                    for layer in layers + ["configuration"]
                ],
                plan = "//images:{}.plan".format(folder),
                tags = ["manual"],
                version = version,
            )

def _packages(name, version):
    pex_binary(
        name = name + ".pex",
        pex = "//viberun/client:pex",
        tags = ["manual"],
        trusted_root = _TRUSTED_ROOT,
        version = version,
    )
    npm_package(
        name = name + ".npm",
        launcher = "//pkg_npm:bin/viberun.js",
        license = "//:LICENSE",
        program = "viberun",
        programs = [
            name + ".viberun.amd64",
            name + ".viberun.arm64",
            name + ".pex",
        ],
        readme = "//viberun:README.md",
        tags = ["manual"],
        template = "//pkg_npm:package.json.in",
        version = version,
    )
    for architecture in ARCHITECTURES:
        executable_tarball(
            name = "{}.client.darwin-{}".format(name, architecture),
            executable = name + ".pex",
            member = "viberun",
            platform = "darwin-" + architecture,
            tags = ["manual"],
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
