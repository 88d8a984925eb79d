"""Every source file of this workspace, by kind, for what looks at all of them: `@sources//:python`, or `:all`.

A list that people keep forgets files; this is what git tracks or would track, looked up again whenever a file comes or goes.
"""

_BUILD_FILES = ["BUILD", "MODULE.bazel", "WORKSPACE"]
_SUFFIXES = {".bzl": "starlark", ".py": "python", ".sh": "shell"}
_INTERPRETERS = {"bash": "shell", "python3": "python", "sh": "shell"}

def _kind(rctx, path):
    name = path.split("/")[-1]
    if name in _BUILD_FILES:
        return "starlark"
    if path.startswith(".github/workflows/"):
        return "workflows"
    if "." in name.lstrip("."):
        return _SUFFIXES.get(name[name.rindex("."):])

    # A program says in its first line what it is for.
    first = rctx.read(rctx.workspace_root.get_child(path)).split("\n")[0]
    words = [word.split("/")[-1] for word in first[2:].split(" ")] if first.startswith("#!") else []
    kinds = [_INTERPRETERS[word] for word in words if word in _INTERPRETERS]
    return kinds[0] if kinds else None

def _listed(rctx):
    """The paths that git tracks, or would track but for nobody's having added them yet."""

    # Names as they are: git writes what is not ASCII in another way else.
    command = ["git", "-C", rctx.workspace_root, "-c", "core.quotePath=false", "ls-files", "--cached", "--others", "--exclude-standard", "--deduplicate"]
    result = rctx.execute(command)
    if result.return_code:
        fail("git can't list the files of this workspace: " + result.stderr.strip())
    return [path for path in result.stdout.splitlines() if rctx.workspace_root.get_child(path).exists]

def _sources_impl(rctx):
    files = {kind: [] for kind in ["all", "python", "shell", "starlark", "workflows"]}
    folders = {}
    for path in _listed(rctx):
        top, _, below = path.partition("/")
        if below:
            folders[top] = None
        for kind in ["all", _kind(rctx, path)]:
            if kind:
                # BUILD files would make packages of their folders.
                name = "{}/{}.source".format(kind, path)
                rctx.symlink(rctx.workspace_root.get_child(path), name)
                files[kind].append(name)
    rctx.workspace_root.readdir(watch = "yes")
    for folder in folders:
        rctx.watch_tree(rctx.workspace_root.get_child(folder))
    rctx.file("root", "")
    rctx.file("BUILD.bazel", "\n".join(
        ['package(default_visibility = ["//visibility:public"])', 'exports_files(["root"])'] +
        ["filegroup(name = {}, srcs = {})".format(json.encode(kind), json.encode(names)) for kind, names in files.items()],
    ) + "\n")

sources = repository_rule(
    implementation = _sources_impl,
    doc = "Links to all source files of the workspace, `<kind>/<path>.source`, a filegroup a kind and `all`; `root` lies in their folder.",
    local = True,
)
