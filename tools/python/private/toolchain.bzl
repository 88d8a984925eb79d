"""The pinned interpreter as a toolchain, of two types: both are registered for each platform, with other constraints."""

visibility("//tools/python/...")

# The interpreter for the platform that a program or a test is for.
RUNTIME = Label("//tools/python:runtime")

# The interpreter for the platform that build actions run on.
EXEC_TOOLS = Label("//tools/python:exec_tools")

def _python_toolchain_impl(ctx):
    return [platform_common.ToolchainInfo(
        files = depset(ctx.files.files),
        launch = ctx.file._launch,
        python3 = ctx.file.python3,
    )]

python_toolchain = rule(
    implementation = _python_toolchain_impl,
    doc = """An interpreter.

Gives `python3`, the file to start; `files`, a depset of all that it consists of; `launch`, the script that sets the import path
and starts a module.""",
    attrs = {
        "python3": attr.label(doc = "What starts it.", allow_single_file = True, mandatory = True),
        "files": attr.label(doc = "Its loader, libraries and standard library.", mandatory = True),
        "_launch": attr.label(default = "//tools/python:launch.py", allow_single_file = True),
    },
)
