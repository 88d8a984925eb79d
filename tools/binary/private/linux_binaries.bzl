"""A program's self-contained binaries."""

load("//tools/binary/private:compiled_program.bzl", "compiled_program")
load("//tools/binary/private:self_contained_binary.bzl", "self_contained_binary")
load("//tools/platforms:platforms.bzl", "ARCHITECTURES")
load("//tools/stamp:defs.bzl", "each_channel")

visibility("//tools/binary/...")

def linux_binaries(name, program, entry, deps, trusted_root = None):
    """Declares `NAME_amd64.dev`, `NAME_arm64.dev`, and the same of `.prod`.

    Args:
      name: what the targets' names begin with.
      program: name of the executable.
      entry: module:function that returns the exit status.
      deps: libraries that hold the module and what it imports.
      trusted_root: Sigstore's trusted_root.json, where the program verifies signatures.
    """
    compiled_program(
        name = name,
        entry = entry,
        tags = ["manual"],
        deps = deps,
    )
    for architecture in ARCHITECTURES:
        each_channel(
            rule = self_contained_binary,
            name = "{}_{}.{{channel}}".format(name, architecture),
            compiled = name,
            program = program,
            runtime = "//tools/binary:runtime_" + architecture,
            trusted_root = trusted_root,
            version = "//tools/stamp:{channel}",
        )
