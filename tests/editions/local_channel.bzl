"""A local channel, as `bazel run //release:dev` makes it, of a bundle with a version of the tests' choice."""

def _local_channel_impl(ctx):
    out = ctx.actions.declare_directory(ctx.label.name)
    arguments = ctx.actions.args()
    arguments.add_all(["--quiet", "--out"])
    arguments.add_all([out], format_each = "%s/channel", expand_directories = False)
    ctx.actions.run(
        executable = ctx.executable.release,
        arguments = [arguments],
        outputs = [out],
        env = {"BUILD_WORKING_DIRECTORY": ".", "LC_ALL": "C.UTF-8", "PATH": "/nonexistent"},
        mnemonic = "LocalChannel",
        progress_message = "Releasing %{label} to a folder",
        toolchain = None,
    )
    return [DefaultInfo(files = depset([out]))]

local_channel = rule(
    implementation = _local_channel_impl,
    doc = "Makes a folder with the local channel in `channel`.",
    attrs = {
        "release": attr.label(
            doc = "The release program, with the bundle as its first argument.",
            cfg = "exec",
            executable = True,
            mandatory = True,
        ),
    },
)
