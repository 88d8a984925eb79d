"""An image for several architectures, as an OCI image layout."""

load("//tools/oci/private:providers.bzl", "OciLayerInfo", "OciPlanInfo")
load("//tools/python:defs.bzl", "PYTHON_EXEC_GROUPS", "python_action", "python_tool")
load("//tools/stamp:defs.bzl", "ProductInfo", "products_by_platform")

visibility("//tools/oci/...")

def _platforms(ctx):
    """Layers by architecture, lowest first."""
    platforms = {}
    for layer in ctx.attr.layers:
        platforms.setdefault(layer[OciLayerInfo].architecture, []).append(layer[OciLayerInfo])
    return platforms

def _oci_image_impl(ctx):
    declaration = ctx.attr.plan[OciPlanInfo].declaration
    platforms = _platforms(ctx)
    binaries = {
        platform.removeprefix("linux-"): file
        for platform, file in products_by_platform(ctx, ctx.attr.binaries).items()
    }
    layout = ctx.actions.declare_directory(ctx.label.name)
    sboms = {
        architecture: ctx.actions.declare_file("{}.{}.cdx.json".format(ctx.label.name, architecture))
        for architecture in platforms
    }
    folder = declaration.dirname + "/"
    python_action(
        ctx,
        manifest = {
            "declaration": declaration.path,
            "layout": layout.path,
            "platforms": {
                architecture: {
                    "binary": binaries[architecture].path if architecture in binaries else None,
                    "layers": [{"blob": layer.blob.path, "metadata": layer.metadata.path} for layer in layers],
                }
                for architecture, layers in platforms.items()
            },
            "sboms": {architecture: sbom.path for architecture, sbom in sboms.items()},
            "sources": {file.path.removeprefix(folder): file.path for file in ctx.files.srcs},
            "version": ctx.file.version.path,
        },
        inputs = [declaration, ctx.file.version] + ctx.files.srcs + binaries.values() + [
            file
            for layers in platforms.values()
            for layer in layers
            for file in [layer.blob, layer.metadata]
        ],
        outputs = [layout] + sboms.values(),
        mnemonic = "ImageLayout",
        progress_message = "Assembling image %{label}",
    )
    return [
        DefaultInfo(files = depset([layout]), runfiles = ctx.runfiles([layout])),
        OutputGroupInfo(sbom = depset(sboms.values())),
    ]

oci_image = rule(
    implementation = _oci_image_impl,
    doc = "An OCI image layout with an index; in the output group `sbom` a bill of materials for each architecture.",
    attrs = python_tool("//tools/oci/image:make_image") | {
        "binaries": attr.label_list(doc = "The client's self-contained binaries, of which no two are for one architecture.", providers = [ProductInfo]),
        "layers": attr.label_list(doc = "All architectures' layers below the release's own, lowest first.", providers = [OciLayerInfo], mandatory = True),
        "plan": attr.label(doc = "The image's plan.", providers = [OciPlanInfo], mandatory = True),
        "srcs": attr.label_list(doc = "The files that image.json puts into the last layer.", allow_files = True),
        "version": attr.label(doc = "The version.json of the release.", allow_single_file = [".json"], mandatory = True),
    },
    exec_groups = PYTHON_EXEC_GROUPS,
)
