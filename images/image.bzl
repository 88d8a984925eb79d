"""An image of this project: its layers for both architectures, and its layout and its way into a container engine by channel."""

load("//tools/oci:defs.bzl", "oci_configuration", "oci_image", "oci_layer", "oci_plan")
load("//tools/platforms:platforms.bzl", "ARCHITECTURES")
load("//tools/python:defs.bzl", "python_binary")
load("//tools/stamp:defs.bzl", "each_channel")

def image(name, folder, layers, archives = {}, binaries = []):
    """Declares `NAME` (the dev channel's OCI image layout), `NAME.dev`, `NAME.prod`, and each with `.load`, which is for `bazel run`.

    Args:
      name: the image's target.
      folder: where image.json and its files are.
      layers: names of the layers of packages, lowest first.
      archives: for each layer that has trees: zip archives, each with the tree that is in it.
      binaries: the client's binaries, with `{channel}` in the place of the channel.
    """
    oci_plan(
        name = folder + ".plan",
        declaration = folder + "/image.json",
        layers = layers,
        tags = ["manual"],
    )
    native.filegroup(
        name = folder + ".files",
        srcs = native.glob([folder + "/files/**"], allow_empty = True),
        tags = ["manual"],
    )
    finished = []
    for architecture in ARCHITECTURES:
        names = ["{}.{}.{}".format(folder, layer, architecture) for layer in layers]
        for layer, target in zip(layers, names):
            oci_layer(
                name = target,
                architecture = architecture,
                archives = archives.get(layer, {}),
                layer = layer,
                packages = "@debian_{}//sets:{}.{}".format(architecture, folder, layer),
                plan = folder + ".plan",
                tags = ["manual"],
            )
        configuration = "{}.configuration.{}".format(folder, architecture)
        oci_configuration(
            name = configuration,
            layers = names,
            plan = folder + ".plan",
            tags = ["manual"],
        )
        finished += names + [configuration]
    each_channel(
        rule = oci_image,
        name = name + ".{channel}",
        srcs = [folder + ".files"],
        binaries = binaries,
        layers = finished,
        plan = folder + ".plan",
        version = "//tools/stamp:{channel}",
    )
    each_channel(
        rule = python_binary,
        name = name + ".{channel}.load",
        arguments = [
            "--declaration=$(rlocationpath {}/image.json)".format(folder),
            "--layout=$(rlocationpath {}.{{channel}})".format(name),
            "--channel={channel}",
        ],
        data = [
            folder + "/image.json",
            name + ".{channel}",
        ],
        module = "tools.oci.image.load",
        deps = ["//tools/oci/image:load"],
    )
    native.alias(name = name, actual = name + ".dev")
    native.alias(name = name + ".load", actual = name + ".dev.load")
