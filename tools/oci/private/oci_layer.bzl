"""One layer of Debian packages for one architecture, in one action."""

load("//tools:single_file.bzl", "single_file")
load("//tools/oci/private:providers.bzl", "OciLayerInfo", "OciPlanInfo")
load("//tools/python:defs.bzl", "PYTHON_EXEC_GROUPS", "python_action", "python_tool")

visibility("//tools/oci/...")

def _oci_layer_impl(ctx):
    plan = ctx.attr.plan[OciPlanInfo].plans[ctx.attr.layer]
    blob = ctx.actions.declare_file(ctx.label.name + ".tar.gz")
    metadata = ctx.actions.declare_file(ctx.label.name + ".json")
    python_action(
        ctx,
        manifest = {
            "architecture": ctx.attr.architecture,
            "archives": {name: single_file(target).path for target, name in ctx.attr.archives.items()},
            "blob": blob.path,
            "metadata": metadata.path,
            "packages": [package.path for package in ctx.files.packages],
            "plan": plan.path,
        },
        inputs = ctx.files.packages + ctx.files.archives + [plan],
        outputs = [blob, metadata],
        mnemonic = "ImageLayer",
        progress_message = "Packing image layer %{label}",
    )
    return [
        OciLayerInfo(architecture = ctx.attr.architecture, blob = blob, metadata = metadata),
        DefaultInfo(files = depset([blob, metadata])),
    ]

oci_layer = rule(
    implementation = _oci_layer_impl,
    doc = "A layer of Debian packages: unpacked, merged, compressed and digested in one action that runs nothing of theirs.",
    attrs = python_tool("//tools/oci/layer:make_layer") | {
        "architecture": attr.string(doc = "amd64 or arm64.", mandatory = True),
        "archives": attr.label_keyed_string_dict(doc = "Zip archives, each with the tree of image.json that is in it.", allow_files = True),
        "layer": attr.string(doc = "The layer's name in image.json.", mandatory = True),
        "packages": attr.label(doc = "The packages' .deb files.", allow_files = [".deb"], mandatory = True),
        "plan": attr.label(doc = "The image's plan.", providers = [OciPlanInfo], mandatory = True),
    },
    exec_groups = PYTHON_EXEC_GROUPS,
)
