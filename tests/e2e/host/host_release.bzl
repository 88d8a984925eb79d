"""A release of the product with a version of the tests' choice, made by the rules that make the real ones."""

load("//release/bundle:defs.bzl", "install_script", "release_bundle")
load("//tools/archive:executable_tarball.bzl", "executable_tarball")
load("//tools/binary:self_contained_binary.bzl", "self_contained_binary")
load("//tools/oci:defs.bzl", "oci_image")

# Of each image in //images: the name in a release, the layers, the folder with its files, whether the client is in it.
_IMAGES = {
    "viberun": ("app", ["base", "tools", "node"], True),
    "viberun-proxy": ("proxy", ["base", "caddy"], False),
}

def host_release(name, version, images_of = None):
    """Declares `NAME`, the bundle of a release for linux/amd64: client, server, install script, both images.

    Args:
      name: what the targets' names begin with.
      version: the version.json.
      images_of: name of the release whose images it has, else it gets its own.
    """
    client = name + ".viberun"
    for program, package, kind in [("viberun", "client", "client"), ("viberun-server", "server", "server")]:
        self_contained_binary(
            name = "{}.{}".format(name, program),
            compiled = "//viberun/{}:linux".format(package),
            program = program,
            runtime = "//tools/binary:runtime_amd64",
            tags = ["manual"],
            version = version,
        )
        executable_tarball(
            name = "{}.{}".format(name, kind),
            executable = "{}.{}".format(name, program),
            member = program,
            tags = ["manual"],
        )
    images = {}
    for image, (folder, layers, has_client) in _IMAGES.items():
        target = "{}.image.{}".format(images_of or name, image)
        images[target] = image
        if not images_of:
            oci_image(
                name = target,
                srcs = ["//images:{}.files".format(folder)],
                binaries = {client: "amd64"} if has_client else {},
                layers = ["//images:{}.{}.amd64".format(folder, layer) for layer in layers + ["configuration"]],
                plan = "//images:{}.plan".format(folder),
                tags = ["manual"],
                version = version,
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
        images = images,
        install = name + ".install",
        servers = {name + ".server": "linux-amd64"},
        tags = ["manual"],
        version = version,
    )
