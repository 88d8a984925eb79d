"""Lists the Python files that programs are given, for a test that holds them against what the programs import."""

load("//tools/python:defs.bzl", "PYTHON_EXEC_GROUPS", "PythonInfo", "PythonProgramInfo", "collect_python")

_InputsInfo = provider(
    doc = "The programs and wheels that a target is made with.",
    fields = {
        "programs": "depset of structs: the program's target, its module, its PythonInfo.",
        "wheels": "depset of structs: the wheel's import root, its PythonInfo.",
    },
)

def _programs(target, ctx):
    """What the target starts (a python_binary) or packs (a rule with `entry`); its own `data` are no imports."""
    if PythonProgramInfo in target:
        module = target[PythonProgramInfo].module
    elif hasattr(ctx.rule.attr, "entry"):
        module = ctx.rule.attr.entry.split(":")[0]
    else:
        return []
    python = collect_python(getattr(ctx.rule.files, "srcs", []), [], ctx.rule.attr.deps)
    return [struct(target = str(target.label), module = module, python = python)]

def _wheels(target, ctx):
    if ctx.rule.kind != "wheel_library":
        return []
    root = "{}/{}".format(target.label.repo_name, ctx.rule.attr.root)
    return [struct(root = root, python = target[PythonInfo])]

def _below(attributes):
    found = []
    for name in dir(attributes):
        value = getattr(attributes, name)
        targets = value if type(value) == "list" else value.keys() if type(value) == "dict" else [value]
        found += [target[_InputsInfo] for target in targets if type(target) == "Target" and _InputsInfo in target]
    return found

def _inputs_aspect_impl(target, ctx):
    below = _below(ctx.rule.attr)
    return [_InputsInfo(
        programs = depset(_programs(target, ctx), transitive = [info.programs for info in below]),
        wheels = depset(_wheels(target, ctx), transitive = [info.wheels for info in below]),
    )]

_inputs_aspect = aspect(
    implementation = _inputs_aspect_impl,
    doc = "Collects programs and wheels along all attributes, those of build actions' tools included.",
    attr_aspects = ["*"],
    exec_groups = PYTHON_EXEC_GROUPS,  # those of the rules, or it would not come to their tools
)

def _path(file):
    return file.short_path.removeprefix("../")

def _program_inputs_impl(ctx):
    programs = depset(transitive = [target[_InputsInfo].programs for target in ctx.attr.targets]).to_list()
    wheels = depset(transitive = [target[_InputsInfo].wheels for target in ctx.attr.targets]).to_list()
    sources = depset(transitive = [program.python.files for program in programs]).to_list()
    sources = [file for file in sources if not file.short_path.startswith("../")]
    out = ctx.actions.declare_file(ctx.label.name + ".json")
    ctx.actions.write(out, json.encode_indent({
        "programs": [
            {
                "target": program.target,
                "module": program.module,
                "files": [file.short_path for file in program.python.files.to_list() if not file.short_path.startswith("../")],
                "wheels": [root for root in program.python.roots.to_list() if root != ctx.workspace_name],
            }
            for program in programs
        ],
        "wheels": {
            wheel.root: {
                "requires": wheel.python.roots.to_list(),
                "top": {
                    _path(file).removeprefix(wheel.root + "/").split("/")[0]: None
                    for file in wheel.python.files.to_list()
                    if _path(file).startswith(wheel.root + "/")
                }.keys(),
            }
            for wheel in wheels
        },
    }))
    return [DefaultInfo(files = depset([out]), runfiles = ctx.runfiles([out] + sources))]

program_inputs = rule(
    implementation = _program_inputs_impl,
    doc = "Writes which files of this workspace, and which wheels, the programs are given that targets are made with; as JSON, with the files as runfiles.",
    attrs = {
        "targets": attr.label_list(doc = "Programs, and artifacts that programs make.", aspects = [_inputs_aspect], mandatory = True),
    },
)
