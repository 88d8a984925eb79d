"""Tests of what rules promise and refuse, which need no more than their analysis."""

load("//tools/python:defs.bzl", "PYTHON_EXEC_GROUPS")

_ActionsInfo = provider(
    doc = "What a target does.",
    fields = {"actions": "list of its actions."},
)

def _actions_aspect_impl(target, _ctx):
    return [_ActionsInfo(actions = target.actions)]

_actions_aspect = aspect(
    implementation = _actions_aspect_impl,
    doc = "Lets a test see a target's actions.",
    exec_groups = PYTHON_EXEC_GROUPS,  # those of the rules, or it would not come to their tools
)

def _result(problems):
    return [AnalysisTestResultInfo(success = not problems, message = "\n".join(problems))]

def _refusal_test_impl(ctx):
    (target,) = ctx.attr.target  # a list, since it is configured in another way
    if AnalysisFailureInfo not in target:
        return _result(["{} is analyzed without an error".format(target.label)])
    messages = [cause.message for cause in target[AnalysisFailureInfo].causes.to_list()]
    if [message for message in messages if ctx.attr.message in message]:
        return _result([])
    return _result(["no error has {}, but there is:".format(repr(ctx.attr.message))] + messages)

refusal_test = rule(
    implementation = _refusal_test_impl,
    doc = "Passes if the analysis of a target fails with a message.",
    analysis_test = True,
    attrs = {
        "message": attr.string(doc = "A part of the message.", mandatory = True),
        "target": attr.label(
            doc = "The target, `manual`.",
            cfg = analysis_test_transition(settings = {"//command_line_option:allow_analysis_failures": "True"}),
            mandatory = True,
        ),
    },
)

def _architectures(files):
    """Returns the architectures of interpreters and wheels among files."""
    return {
        architecture: None
        for file in files
        for architecture in ["amd64", "arm64"]
        if "python_{}/".format(architecture) in file.path or "wheel_{}_".format(architecture) in file.path
    }.keys()

def _architecture_test_impl(ctx):
    (target,) = ctx.attr.target  # a list, since it is configured in another way
    found = {"program": _architectures(target[DefaultInfo].default_runfiles.files.to_list())}
    for action in target[_ActionsInfo].actions:
        if action.mnemonic == ctx.attr.mnemonic:
            found["action"] = _architectures(action.inputs.to_list())
    return _result([
        "{}: the {} has {}, not {}".format(target.label, what, ", ".join(found.get(what, [])) or "nothing", wanted)
        for what, wanted in {"action": ctx.attr.action, "program": ctx.attr.program}.items()
        if wanted and found.get(what) != [wanted]
    ])

def _architecture_test(settings):
    return rule(
        implementation = _architecture_test_impl,
        doc = "Passes if a target's program and its action each have an interpreter and wheels of one architecture.",
        analysis_test = True,
        attrs = {
            "action": attr.string(doc = "The architecture of what the action with `mnemonic` runs."),
            "mnemonic": attr.string(doc = "The action's mnemonic."),
            "program": attr.string(doc = "The architecture of what the target's runfiles start."),
            "target": attr.label(
                doc = "The target.",
                aspects = [_actions_aspect],
                cfg = analysis_test_transition(settings = settings),
                mandatory = True,
            ),
        },
    )

_AMD64 = str(Label("//tools/platforms:linux_amd64"))
_ARM64 = str(Label("//tools/platforms:linux_arm64"))
_UNKNOWN = str(Label("//tests/analysis:riscv64"))

# On amd64, for arm64.
for_arm64_test = _architecture_test({
    "//command_line_option:extra_execution_platforms": [_AMD64],
    "//command_line_option:platforms": [_ARM64],
})

# On arm64, for amd64, although another platform, which no interpreter is pinned for, comes first.
on_arm64_test = _architecture_test({
    "//command_line_option:extra_execution_platforms": [_UNKNOWN, _ARM64],
    "//command_line_option:platforms": [_AMD64],
})
