"""Everything that one release consists of, from built products."""

load("//tools:single_file.bzl", "single_file")
load("//tools/python:defs.bzl", "PYTHON_EXEC_GROUPS", "python_action", "python_tool", "runfiles_path")
load("//tools/stamp:defs.bzl", "ProductInfo", "check_versions", "products_by_platform")

visibility("//release/bundle/...")

def _output(ctx, file):
    return {"file": file.path, "runfile": runfiles_path(ctx, file)}

def _release_bundle_impl(ctx):
    described = [
        (kind, platform, file)
        for kind, targets in [("client", ctx.attr.clients), ("server", ctx.attr.servers)]
        for platform, file in products_by_platform(ctx, targets).items()
    ] + [(kind, None, single_file(target)) for target, kind in ctx.attr.files.items()]
    check_versions(ctx, ctx.attr.files)
    products = [{"kind": kind, "platform": platform} | _output(ctx, file) for kind, platform, file in described]
    images = [{"name": name} | _output(ctx, single_file(target)) for target, name in ctx.attr.images.items()]
    files = [file for _, _, file in described] + [single_file(target) for target in ctx.attr.images]

    manifest = ctx.actions.declare_file(ctx.label.name + "/channel.json")
    bundle = ctx.actions.declare_file(ctx.label.name + "/bundle.json")
    sums = ctx.actions.declare_directory(ctx.label.name + "/sums")
    python_action(
        ctx,
        manifest = {
            "version": ctx.file.version.path,
            "products": products,
            "images": images,
            "manifest": _output(ctx, manifest),
            "bundle": bundle.path,
            "sums": _output(ctx, sums),
        },
        inputs = files + [ctx.file.version],
        outputs = [manifest, bundle, sums],
        mnemonic = "ReleaseBundle",
        progress_message = "Naming the artifacts of %{label}",
    )
    return [
        # One file, so that `$(rlocationpath)` of this target is the bundle.
        DefaultInfo(
            files = depset([bundle]),
            runfiles = ctx.runfiles(files + [manifest, bundle, sums]),
        ),
        OutputGroupInfo(manifest = depset([manifest])),
    ]

release_bundle = rule(
    implementation = _release_bundle_impl,
    doc = """Names and describes the artifacts of one release.

Makes `<name>/channel.json` (the manifest as it is on GitHub), `<name>/sums/` (checksum files) and
`<name>/bundle.json`, which tells the driver about these and every product; all of them are in the runfiles.
`release/bundle/kinds.py` has the kinds of files. An example is `//release/bundle/example`.""",
    attrs = python_tool("//release/bundle:make_bundle") | {
        "version": attr.label(doc = "version.json of the channel.", allow_single_file = [".json"], mandatory = True),
        "clients": attr.label_list(doc = "Tarballs of `viberun`, one for a platform.", providers = [ProductInfo]),
        "servers": attr.label_list(doc = "Tarballs of `viberun-server`, one for a platform.", providers = [ProductInfo]),
        "files": attr.label_keyed_string_dict(
            doc = "What is for every platform, each with its kind: `npm`, `wheel`, `install`.",
            allow_files = True,
        ),
        "images": attr.label_keyed_string_dict(doc = "OCI layouts, a folder each, with the name of the image."),
    },
    exec_groups = PYTHON_EXEC_GROUPS,
)
