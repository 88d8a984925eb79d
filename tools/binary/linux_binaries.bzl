"""A program's self-contained binaries."""

load("//tools/binary:compiled_program.bzl", "compiled_program")
load("//tools/binary:self_contained_binary.bzl", "self_contained_binary")

def linux_binaries(name, program_name, module, deps):
    """Declares `NAME_amd64.dev`, `NAME_arm64.dev`, and the same of `.prod`.

    Args:
      name: what the targets' names begin with.
      program_name: name of the executable.
      module: dotted name of the module whose `main()` is the program.
      deps: libraries that hold it and what it imports.
    """
    compiled_program(
        name = name,
        module = module,
        tags = ["manual"],
        deps = deps,
    )
    for channel in ["dev", "prod"]:
        for architecture in ["amd64", "arm64"]:
            self_contained_binary(
                name = "{}_{}.{}".format(name, architecture, channel),
                program = name,
                program_name = program_name,
                runtime = "//tools/binary:runtime_" + architecture,
                tags = ["manual"] if channel == "prod" else [],
                version = "//tools/stamp:" + channel,
            )
