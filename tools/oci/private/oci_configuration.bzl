"""What the packages' maintainer scripts would have left, as a layer."""

load("//tools/oci/private:providers.bzl", "OciLayerInfo", "OciPlanInfo")
load("//tools/python:defs.bzl", "PYTHON_EXEC_GROUPS", "python_action", "python_tool")

visibility("//tools/oci/...")

def _oci_configuration_impl(ctx):
    layers = [layer[OciLayerInfo] for layer in ctx.attr.layers]
    declaration = ctx.attr.plan[OciPlanInfo].declaration
    blob = ctx.actions.declare_file(ctx.label.name + ".tar.gz")
    metadata = ctx.actions.declare_file(ctx.label.name + ".json")
    python_action(
        ctx,
        manifest = {
            "blob": blob.path,
            "declaration": declaration.path,
            "layers": [layer.metadata.path for layer in layers],
            "lock": ctx.file.lock.path,
            "metadata": metadata.path,
        },
        inputs = [layer.metadata for layer in layers] + [declaration, ctx.file.lock],
        outputs = [blob, metadata],
        mnemonic = "ImageConfiguration",
        progress_message = "Configuring %{label}",
    )
    return [
        OciLayerInfo(architecture = layers[0].architecture, blob = blob, metadata = metadata),
        DefaultInfo(files = depset([blob, metadata])),
    ]

oci_configuration = rule(
    implementation = _oci_configuration_impl,
    doc = "The layer above those of packages: accounts, caches, links, dpkg's database. Reads their metadata, never their blobs.",
    attrs = python_tool("//tools/oci/configuration:make_configuration") | {
        "layers": attr.label_list(doc = "The layers of packages, lowest first.", providers = [OciLayerInfo], mandatory = True),
        "lock": attr.label(doc = "The lock that the packages are from.", allow_single_file = [".json"], default = "//tools/debian:trixie.lock.json"),
        "plan": attr.label(doc = "The image's plan.", providers = [OciPlanInfo], mandatory = True),
    },
    exec_groups = PYTHON_EXEC_GROUPS,
)
