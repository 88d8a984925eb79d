"""The script that starts a Python program from its runfiles."""

load("//tools/python/private:runfiles.bzl", "runfiles_path")
load("//tools/python/private:toolchain.bzl", "RUNTIME")

visibility("//tools/python/...")

_STUB = """#!/bin/sh
set -eu
case $0 in /*) self=$0 ;; *) self=$PWD/$0 ;; esac
# A program has runfiles of its own, unless it lies among those of another, as a test does.
if [ -d "$self.runfiles" ]; then RUNFILES_DIR=$self.runfiles; else RUNFILES_DIR=${{RUNFILES_DIR:-$TEST_SRCDIR}}; fi
export RUNFILES_DIR
roots='{roots}'
set -- {arguments} "$@"
set -- {module} "$@"
for root in $roots; do set -- --path "$RUNFILES_DIR/$root" "$@"; done
exec "$RUNFILES_DIR/{python}" -I -S -B "$RUNFILES_DIR/{launch}" "$@"
"""

def _quote(argument):
    return "'" + argument.replace("'", "'\\''") + "'"

def write_stub(ctx, python, module, arguments, data):
    """Declares the rule's executable.

    Args:
      ctx: the rule's context; the rule has the toolchain RUNTIME.
      python: PythonInfo of the program.
      module: dotted name of the module to start.
      arguments: strings put in front of the caller's arguments.
      data: targets whose runfiles are merged in.

    Returns:
      DefaultInfo with the executable and its runfiles.
    """
    stub = ctx.actions.declare_file(ctx.label.name)
    interpreter = ctx.toolchains[RUNTIME]

    # The loop puts each root in front of the one before: hand them over backwards.
    roots = reversed(python.roots.to_list())
    ctx.actions.write(stub, _STUB.format(
        roots = " ".join(roots),
        arguments = " ".join([_quote(argument) for argument in arguments]),
        module = module,
        python = runfiles_path(ctx, interpreter.python3),
        launch = runfiles_path(ctx, interpreter.launch),
    ), is_executable = True)
    runfiles = ctx.runfiles(
        files = [interpreter.python3, interpreter.launch],
        transitive_files = depset(transitive = [interpreter.files, python.files, python.bytecode]),
    ).merge_all([target[DefaultInfo].default_runfiles for target in data])
    return DefaultInfo(executable = stub, files = depset([stub]), runfiles = runfiles)
