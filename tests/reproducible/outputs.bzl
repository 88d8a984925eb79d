"""What was built in this workspace, for a test that compares it with another build's."""

load("//tools/python:defs.bzl", "TestPathsInfo", "runfiles_path")

_OutputsInfo = provider(
    doc = "What a target and all that it is made of give.",
    fields = {"files": "A depset of the files that were built here, for the platform that the target is for."},
)

def _given(attributes):
    """Returns the targets that a rule's attributes name."""
    targets = []
    for name in dir(attributes):
        value = getattr(attributes, name)
        values = value.keys() + value.values() if type(value) == "dict" else value if type(value) == "list" else [value]
        targets += [each for each in values if type(each) == "Target"]
    return targets

def _collect_impl(target, ctx):
    files = [
        file
        for file in target[DefaultInfo].files.to_list()
        if not file.is_source and file.root.path == ctx.bin_dir.path and not target.label.repo_name
    ]
    return [_OutputsInfo(files = depset(
        files,
        transitive = [each[_OutputsInfo].files for each in _given(ctx.rule.attr) if _OutputsInfo in each],
    ))]

_collect = aspect(
    implementation = _collect_impl,
    doc = "Collects what a target gives, and what all that it is made of gives.",
    attr_aspects = ["*"],
)

def _outputs_impl(ctx):
    files = depset(transitive = [target[_OutputsInfo].files for target in ctx.attr.targets])
    names = ctx.actions.declare_file(ctx.label.name + ".names")
    ctx.actions.write(names, "".join(sorted([file.short_path + "\n" for file in files.to_list()])))
    return [
        DefaultInfo(files = depset([names], transitive = [files])),
        TestPathsInfo(paths = {"VIBERUN_OUTPUTS": runfiles_path(ctx, names)}),
    ]

outputs = rule(
    implementation = _outputs_impl,
    doc = """All that is built of some targets: files of theirs and of what they are made of.

A test with this in its `data` finds their names, a path below its workspace's runfiles in each line, by VIBERUN_OUTPUTS.""",
    attrs = {"targets": attr.label_list(doc = "The targets.", aspects = [_collect], mandatory = True)},
)
