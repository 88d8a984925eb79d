"""The executable PEX of one version."""

load("//tools/python:defs.bzl", "PYTHON_EXEC_GROUPS", "python_action", "python_tool")
load("//tools/stamp:defs.bzl", "ProductInfo")

visibility("//tools/pex/...")

def _pex_binary_impl(ctx):
    out = ctx.actions.declare_file(ctx.label.name)
    python_action(
        ctx,
        manifest = {
            "pex": ctx.file.pex.path,
            "files": {ctx.attr.version_path: ctx.file.version.path} | {
                "viberun/trusted_root.json": file.path
                for file in ctx.files.trusted_root
            },
            "out": out.path,
        },
        inputs = [ctx.file.pex, ctx.file.version] + ctx.files.trusted_root,
        outputs = [out],
        mnemonic = "PexVersion",
        progress_message = "Putting the version into %{label}",
    )
    return [
        DefaultInfo(files = depset([out]), executable = out),
        ProductInfo(file = out, platforms = ctx.attr.platforms, version = ctx.file.version),
    ]

pex_binary = rule(
    implementation = _pex_binary_impl,
    doc = "Puts version.json into a PEX. The result is one executable file for any machine with Python 3.9 or newer.",
    executable = True,
    attrs = python_tool("//tools/pex:stamp_pex") | {
        "pex": attr.label(doc = "The program, packed by the rule pex.", allow_single_file = [".pex"], mandatory = True),
        "platforms": attr.string_list(doc = "What a release has it for: where no self-contained binary can be made.", default = ["darwin-amd64", "darwin-arm64"]),
        "trusted_root": attr.label(doc = "Whose signatures the program takes: Sigstore's trusted_root.json; none in one that verifies nothing.", allow_single_file = [".json"]),
        "version": attr.label(doc = "version.json of the channel.", allow_single_file = [".json"], mandatory = True),
        "version_path": attr.string(doc = "Where the program looks for it, below the import root.", default = "viberun/version.json"),
    },
    exec_groups = PYTHON_EXEC_GROUPS,
)
