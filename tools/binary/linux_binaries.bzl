"""A program's self-contained binaries."""

load("//tools/binary:compiled_program.bzl", "compiled_program")
load("//tools/binary:self_contained_binary.bzl", "self_contained_binary")

def linux_binaries(name, program, entry, deps):
    """Declares `NAME_amd64.dev`, `NAME_arm64.dev`, and the same of `.prod`.

    Args:
      name: what the targets' names begin with.
      program: name of the executable.
      entry: module:function that returns the exit status.
      deps: libraries that hold the module and what it imports.
    """
    compiled_program(
        name = name,
        entry = entry,
        tags = ["manual"],
        deps = deps,
    )
    for channel in ["dev", "prod"]:
        for architecture in ["amd64", "arm64"]:
            self_contained_binary(
                name = "{}_{}.{}".format(name, architecture, channel),
                compiled = name,
                program = program,
                runtime = "//tools/binary:runtime_" + architecture,
                tags = ["manual"] if channel == "prod" else [],
                version = "//tools/stamp:" + channel,
            )
