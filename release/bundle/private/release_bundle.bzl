"""Everything that one release consists of, from built products."""

load("//tools/python:python_action.bzl", "PYTHON_ATTRS", "python_action")
load("//tools/python:runfiles.bzl", "runfiles_path")

def _output(ctx, file):
    return {"file": file.path, "runfile": runfiles_path(ctx, file)}

def _release_bundle_impl(ctx):
    products = []
    files = []

    def add(kind, platform, file):
        products.append({"kind": kind, "platform": platform} | _output(ctx, file))
        files.append(file)

    for target, platform in ctx.attr.clients.items():
        add("client", platform, target[DefaultInfo].files.to_list()[0])
    for target, platform in ctx.attr.servers.items():
        add("server", platform, target[DefaultInfo].files.to_list()[0])
    for kind, file in [("install", ctx.file.install), ("npm", ctx.file.npm), ("wheel", ctx.file.wheel)]:
        if file:
            add(kind, None, file)

    images = []
    for target, name in ctx.attr.images.items():
        (layout,) = target[DefaultInfo].files.to_list()
        images.append({"name": name} | _output(ctx, layout))
        files.append(layout)

    manifest = ctx.actions.declare_file(ctx.label.name + "/channel.json")
    bundle = ctx.actions.declare_file(ctx.label.name + "/bundle.json")
    sums = ctx.actions.declare_directory(ctx.label.name + "/sums")
    python_action(
        ctx,
        tool = ctx.attr._tool,
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
To add an artifact, give it an attribute here, a line in `release/bundle/kinds.py` and a kind in `viberun/manifest.py`.""",
    attrs = PYTHON_ATTRS | {
        "version": attr.label(doc = "version.json of the channel.", allow_single_file = [".json"], mandatory = True),
        "clients": attr.label_keyed_string_dict(doc = "Tarballs of `viberun`, each with its platform (`linux-amd64`)."),
        "servers": attr.label_keyed_string_dict(doc = "Tarballs of `viberun-server`, each with its platform."),
        "npm": attr.label(doc = "The npm package.", allow_single_file = [".tgz"]),
        "wheel": attr.label(doc = "The wheel.", allow_single_file = [".whl"]),
        "images": attr.label_keyed_string_dict(doc = "OCI layouts, a folder each, with the name of the image."),
        "install": attr.label(doc = "The install script, with the repository stamped in.", allow_single_file = [".sh"]),
        "_tool": attr.label(default = "//release/bundle:make_bundle", cfg = "exec"),
    },
)
