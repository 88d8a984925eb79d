"""Reads an image.json, so that each layer depends on its own part of it only."""

load("//tools/oci/private:providers.bzl", "OciPlanInfo")
load("//tools/python:defs.bzl", "PYTHON_EXEC_GROUPS", "python_action", "python_tool")

visibility("//tools/oci/...")

def _oci_plan_impl(ctx):
    plans = {layer: ctx.actions.declare_file("{}/{}.json".format(ctx.label.name, layer)) for layer in ctx.attr.layers}
    python_action(
        ctx,
        manifest = {
            "declaration": ctx.file.declaration.path,
            "plans": [{"layer": layer, "path": plan.path} for layer, plan in plans.items()],
        },
        inputs = [ctx.file.declaration],
        outputs = plans.values(),
        mnemonic = "ImagePlan",
        progress_message = "Reading what %{label} declares",
    )
    return [
        OciPlanInfo(declaration = ctx.file.declaration, plans = plans),
        DefaultInfo(files = depset(plans.values())),
    ]

oci_plan = rule(
    implementation = _oci_plan_impl,
    doc = "The parts of an image.json that layers of packages are made from.",
    attrs = python_tool("//tools/oci/layer:make_plan") | {
        "declaration": attr.label(doc = "The image.json.", allow_single_file = [".json"], mandatory = True),
        "layers": attr.string_list(doc = "Names of its layers, lowest first, as it has them.", mandatory = True),
    },
    exec_groups = PYTHON_EXEC_GROUPS,
)
